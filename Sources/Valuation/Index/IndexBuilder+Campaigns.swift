// SPDX-License-Identifier: Apache-2.0
import CKernels

/// The campaigns of models and documents.
extension IndexBuilder {
    /// The properties of a campaign while building.
    struct Campaign {
        var key: UInt64
        var name: valuation_name
        /// Numbers of its own models in the order of adding, or `Index.none`.
        var models = ByTarget(click: Index.none, conversion: Index.none)
        /// Likewise for the models of its observed rates.
        var naiveModels = ByTarget(click: Index.none, conversion: Index.none)
        /// Numbers among the advertisers, or `Index.none`; the document takes precedence.
        var advertiser = Index.none
        var modelAdvertiser = Index.none
        /// The members below are from its document.
        var hasDocument = false
        var base = valuation_name()
        var impressions = 0.0
        var clicks = 0.0
        var conversions = 0.0
        var origin = Origin(file: 0, line: 0)

        var hasBase: Bool { base.end > base.start }

        /// Whether it has no model of its own.
        var isWithoutModel: Bool { models.click == Index.none && models.conversion == Index.none }
    }

    struct Advertiser {
        var key: UInt64
        var name: valuation_name
        /// Sums over its campaigns.
        var sums = Counts()
    }

    /// The campaign's own added model, or `Index.none`; the overall rate counts as a model of campaign "*".
    func find(_ campaignKey: UInt64, _ target: Target) -> UInt32 {
        let found = campaignTable.find(campaignKey)
        if found == KeyTable.none { return Index.none }
        return campaigns[Int(found)].models[target]
    }

    /// Adds a campaign document. Throws if it contradicts what was added before, with the reason in `note`.
    ///
    /// - Complexity: O(1) expected.
    mutating func add(
        _ document: borrowing CampaignDocument, origin: Origin, note: Note
    ) throws(Failure) {
        let name = document.campaign.text
        let key = secret.campaign(name)
        try checkName(name, key, note)
        let found = campaignTable.find(key)
        if found != KeyTable.none && campaigns[Int(found)].hasDocument {
            throw failure(
                .duplicateModel, "Campaign \"\(name)\" already has a document; keep one.", at: "$.campaign", note)
        }
        try checkLimit()
        let advertiser =
            document.advertiser.count > 0 ? try advertiserNumber(document.advertiser.text, note) : Index.none
        let base = try keep(document.base.text)
        let number = try campaignNumber(name, key)
        campaigns[number].hasDocument = true
        if advertiser != Index.none { campaigns[number].advertiser = advertiser }
        campaigns[number].base = base
        campaigns[number].impressions = document.impressions
        campaigns[number].clicks = document.clicks
        campaigns[number].conversions = document.conversions
        campaigns[number].origin = origin
        campaignDocuments &+= 1
    }

    /// The index of a campaign in `campaigns`; adds it if it is new. - Precondition: `checkName`.
    mutating func campaignNumber(_ name: Text, _ key: UInt64) throws(Failure) -> Int {
        let found = campaignTable.find(key)
        if found != KeyTable.none { return Int(found) }
        let number = campaigns.count
        try campaigns.append(Campaign(key: key, name: try keep(name)))
        try campaignTable.insert(key, UInt32(number))
        return number
    }

    /// The index of an advertiser in `advertisers`; adds it if it is new.
    mutating func advertiserNumber(_ name: Text, _ note: Note) throws(Failure) -> UInt32 {
        let key = secret.campaign(name)
        let found = advertiserTable.find(key)
        if found != KeyTable.none {
            let known = text(advertisers[Int(found)].name)
            if known == name { return found }
            throw failure(
                .keyCollision, "Advertisers \"\(name)\" and \"\(known)\" have the same key; rename one.",
                at: "$.advertiser", note)
        }
        let number = UInt32(advertisers.count)
        try advertisers.append(Advertiser(key: key, name: try keep(name)))
        try advertiserTable.insert(key, number)
        return number
    }

    /// Refuses a campaign whose key is also that of another one.
    func checkName(_ name: Text, _ key: UInt64, _ note: Note) throws(Failure) {
        let found = campaignTable.find(key)
        if found == KeyTable.none { return }
        let known = text(campaigns[Int(found)].name)
        if known == name { return }
        throw failure(
            .keyCollision, "Campaigns \"\(name)\" and \"\(known)\" have the same key; rename one.",
            at: "$.campaign", note)
    }

    /// Refuses a second model of a campaign for a target, and one with another advertiser than the campaign's other
    /// model.
    func checkIsFirst(_ model: borrowing Model, _ key: UInt64, _ note: Note) throws(Failure) {
        let found = campaignTable.find(key)
        if found == KeyTable.none { return }
        let campaign = campaigns[Int(found)]
        if find(key, model.target) != Index.none {
            throw failure(
                .duplicateModel,
                "Campaign \"\(model.campaign.text)\" already has a \(model.target.name) model; keep one.",
                at: "$.campaign", note)
        }
        if campaign.modelAdvertiser == Index.none || model.advertiser.count == 0 { return }
        let known = text(advertisers[Int(campaign.modelAdvertiser)].name)
        if known != model.advertiser.text {
            throw failure(
                .invalidValue, "The campaign's other model says it is of \"\(known)\"; let both say the same.",
                at: "$.advertiser", note)
        }
    }

    /// Whether a campaign extends one that has no model for either target.
    func isBaseMissing(of campaign: Campaign) -> Bool {
        if !campaign.hasBase { return false }
        let base = text(campaign.base)
        let found = campaignTable.find(secret.campaign(base))
        if found == KeyTable.none { return true }
        return campaigns[Int(found)].isWithoutModel || text(campaigns[Int(found)].name) != base
    }
}
