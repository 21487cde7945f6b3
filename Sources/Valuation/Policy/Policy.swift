// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform

/// A policy that decides: its file, resolved against the releases in memory. Immutable.
struct Policy: ~Copyable {
    let document: PolicyDocument
    let classes: CampaignClasses
    let campaigns: CampaignTable
    let alike: AlikePredictors
    /// Whether it has rules about single campaigns.
    let hasCampaigns: Bool
    /// Whether `campaigns` replaces the releases' own tables: if there are such rules, or an ensemble, which needs the
    /// models of several releases for each candidate.
    let hasTable: Bool
    /// Whether most blocks of candidates have a campaign that rules are about.
    let marksMany: Bool
    /// Whether its decisions depend on the time.
    let isTimed: Bool
    /// The placements that scopes name, and the key of their field.
    let placements: KeyTable
    let placementField: UInt64
    /// Whether any predictor explores, and the table that it draws from; empty if none does.
    let explores: Bool
    let table: NormalTable

    /// - Parameters:
    ///   - index: that of LATEST, the only one that determines a campaign's advertiser.
    ///   - others: those of the other releases, in the document's order.
    /// - Complexity: O(campaigns + names in scopes).
    init(
        _ document: consuming PolicyDocument, index: borrowing Index, others: borrowing IndexList
    ) throws(Failure) {
        var hasCampaigns = document.adjustments.count > 0
        var isTimed = false
        var placements = KeyTable()
        for number in 0..<document.rules.count {
            let rule = document.rules[number]
            hasCampaigns = hasCampaigns || rule.scope.hasCampaigns
            isTimed = isTimed || rule.start != .min || rule.end != .max
            for position in rule.scope.placements.range {
                let key = document.keys[position]
                if placements.find(key) == KeyTable.none { try placements.insert(key, UInt32(position)) }
            }
        }
        var (explores, hasTable) = (false, hasCampaigns)
        for number in 0..<document.predictors.count {
            explores = explores || document.predictors[number].exploration > 0
            hasTable = hasTable || document.predictors[number].kind == .ensemble
        }
        var keys = Buffer<UInt64>()
        if hasTable { try Policy.collect(&keys, document, index, others) }
        var campaigns = try CampaignTable(keys)
        let classes = try CampaignClasses(document, &campaigns, index)
        for number in 0..<document.adjustments.count {
            if let slot = campaigns.slot(document.adjustments[number].campaign) {
                campaigns.setAdjustment(slot, number)
            }
        }
        if hasTable {
            try campaigns.add(index)
            for number in 0..<others.count { try campaigns.add(others[number].pointee) }
        }
        let alike = try AlikePredictors(document, index, others)
        let table = try NormalTable(isNeeded: explores)
        let field = document.text(document.placement)
        placementField = field.count > 0 ? index.secret.number(field: field) : 0
        marksMany = hasCampaigns && campaigns.marksMany
        self.document = document
        self.classes = classes
        self.campaigns = campaigns
        self.alike = alike
        self.placements = placements
        self.table = table
        (self.hasCampaigns, self.hasTable, self.isTimed, self.explores) = (hasCampaigns, hasTable, isTimed, explores)
    }

    /// The campaigns that the releases know, and those that the policy names.
    private static func collect(
        _ keys: inout Buffer<UInt64>, _ document: borrowing PolicyDocument, _ index: borrowing Index,
        _ others: borrowing IndexList
    ) throws(Failure) {
        try index.collectCampaigns(&keys)
        for number in 0..<others.count { try others[number].pointee.collectCampaigns(&keys) }
        for number in 0..<document.rules.count {
            for position in document.rules[number].scope.campaigns.range { try keys.append(document.keys[position]) }
        }
        for number in 0..<document.adjustments.count { try keys.append(document.adjustments[number].campaign) }
    }

    /// Whether answers say how likely each candidate is to be chosen.
    var hasPropensities: Bool { explores || document.minimumPropensity > 0 }
}

extension Index {
    /// Appends the keys of the campaigns with models.
    fileprivate func collectCampaigns(_ keys: inout Buffer<UInt64>) throws(Failure) {
        for place in 0..<hashes.campaigns.slotCount where campaignSlots[place].key != 0 {
            try keys.append(campaignSlots[place].key)
        }
    }
}
