// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Classes of campaigns with the same rules: a request evaluates each rule once for a class, not for every candidate.
///
/// The rules of a class are those of three lists: everyone's (including those for newcomers), the advertiser's, and
/// those that name the campaign. Campaigns share the lists. So the number of entries is that of the names in scopes
/// (and as many again for each set of newcomer conditions that some campaign meets), and not one for each rule of each
/// campaign.
struct CampaignClasses: ~Copyable {
    /// Rules in their order: overrides up to `experiments`, then experiments.
    struct List {
        var start: Int
        var experiments: Int
        var end: Int
    }

    /// The numbers of its lists.
    struct Class {
        var everyones = CampaignClasses.everyones
        var advertisers: UInt32
        var own: UInt32

        /// Whether it has only the rules for everyone.
        fileprivate var isEveryones: Bool {
            everyones == CampaignClasses.everyones && advertisers == CampaignClasses.empty
                && own == CampaignClasses.empty
        }
    }

    /// The list of the rules for everyone.
    static let everyones: UInt32 = 0
    private static let empty: UInt32 = 1

    private var rules = Buffer<UInt32>()
    private var lists = Buffer<List>()
    private var classes = Buffer<Class>()

    var count: Int { classes.count }
    var listCount: Int { lists.count }

    /// - Complexity: O(campaigns + names in scopes).
    init(_ document: borrowing PolicyDocument, _ table: inout CampaignTable, _ index: borrowing Index) throws(Failure) {
        for number in 0..<document.rules.count where !document.rule(number).pointee.scope.hasCampaigns {
            try rules.append(UInt32(number))
        }
        try endList(from: 0, document)
        try endList(from: rules.count, document)
        try classes.append(Class(advertisers: CampaignClasses.empty, own: CampaignClasses.empty))
        if !document.hasCampaignScopes { return }
        var newcomersLists = Buffer<UInt32>()
        try newcomersLists.resize(256, filling: CampaignClasses.empty)
        newcomersLists[0] = CampaignClasses.everyones
        if document.newcomers.count > 0 {
            let all = Int(document.allNewcomers)
            newcomersLists[all] = try addList(ofNewcomers: UInt8(all), document)
            table.setUnknown(UInt32(classes.count))
            try classes.append(
                Class(everyones: newcomersLists[all], advertisers: CampaignClasses.empty, own: CampaignClasses.empty))
        }
        let advertisers = try AdvertiserRules(document, table, index)
        let own = try CampaignClasses.ownRules(document, table, index)
        let advertiserLists = try addLists(of: advertisers.sets, document)
        let ownLists = try addLists(of: own, document)
        var known = KeyTable()
        for slot in 0..<table.slotCount where table.key(slot) != 0 {
            let bits = document.newcomers(table.key(slot), index)
            if newcomersLists[Int(bits)] == CampaignClasses.empty {
                newcomersLists[Int(bits)] = try addList(ofNewcomers: bits, document)
            }
            let theirs = advertisers.set(of: index.observed(table.key(slot)).advertiser, bits)
            let found = Class(
                everyones: newcomersLists[Int(bits)], advertisers: advertiserLists[theirs],
                own: ownLists[own.ofMember(slot)])
            if found.isEveryones { continue }
            // There are fewer than 2^28 lists. The halves are exchanged after a multiplication, so that both affect the
            // slot.
            let lists = UInt64(bits) &<< 56 | UInt64(found.advertisers) &<< 28 | UInt64(found.own)
            let mixed = lists &* 0x9e37_79b9_7f4a_7c15
            let key = mixed &<< 32 | mixed &>> 32
            var number = known.find(key)
            if number == KeyTable.none {
                number = UInt32(classes.count)
                try known.insert(key, number)
                try classes.append(found)
            }
            table.setClass(slot, number)
        }
    }

    @inline(__always)
    func lists(of number: UInt32) -> Class { classes[Int(number)] }

    @inline(__always)
    func list(_ number: UInt32) -> List { lists[Int(number)] }

    @inline(__always)
    func rule(_ position: Int) -> UInt32 { rules[position] }

    /// The rules that name campaigns, by the slots of the campaigns.
    private static func ownRules(
        _ document: borrowing PolicyDocument, _ table: borrowing CampaignTable, _ index: borrowing Index
    ) throws(Failure) -> RuleSets {
        var sets = try RuleSets(members: table.slotCount)
        for number in 0..<document.rules.count {
            let scope = document.rule(number).pointee.scope
            for position in scope.campaigns.range {
                let key = document.keys[position]
                guard let slot = table.slot(key) else { continue }
                let isNew = scope.newcomers == 0 || document.newcomers(key, index) & scope.newcomers != 0
                if isNew && document.holds(scope, advertiser: index.observed(key).advertiser) {
                    try sets.add(number, to: slot)
                }
            }
        }
        return sets
    }

    /// Adds the list of the rules for everyone and of those for newcomers that name neither campaigns nor advertisers.
    private mutating func addList(
        ofNewcomers bits: UInt8, _ document: borrowing PolicyDocument
    ) throws(Failure) -> UInt32 {
        let start = rules.count
        for number in 0..<document.rules.count {
            let scope = document.rule(number).pointee.scope
            let isNamed = !scope.campaigns.isEmpty || !scope.advertisers.isEmpty
            if !isNamed && (scope.newcomers == 0 || bits & scope.newcomers != 0) { try rules.append(UInt32(number)) }
        }
        try endList(from: start, document)
        return UInt32(lists.count - 1)
    }

    /// Adds a list for each set that some member has. - Returns: the list of each set.
    private mutating func addLists(
        of sets: borrowing RuleSets, _ document: borrowing PolicyDocument
    ) throws(Failure) -> Buffer<UInt32> {
        var numbers = Buffer<UInt32>()
        try numbers.resize(sets.count, filling: CampaignClasses.empty)
        for member in 0..<sets.memberCount {
            let set = sets.ofMember(member)
            if set == 0 || numbers[set] != CampaignClasses.empty { continue }
            numbers[set] = UInt32(lists.count)
            let start = rules.count
            try sets.appendRules(of: set, to: &rules)
            try endList(from: start, document)
        }
        return numbers
    }

    private mutating func endList(from start: Int, _ document: borrowing PolicyDocument) throws(Failure) {
        var experiments = start
        while experiments < rules.count && document.rule(Int(rules[experiments])).pointee.isOverride {
            experiments += 1
        }
        try lists.append(List(start: start, experiments: experiments, end: rules.count))
    }
}

/// The rules that name advertisers, but no campaigns. The campaigns of an advertiser have one set of rules for each set
/// of newcomer conditions that some campaign meets.
private struct AdvertiserRules: ~Copyable {
    let sets: RuleSets
    /// The advertisers that scopes name, each with the bits of its campaigns.
    private let members: KeyTable

    /// - Complexity: O(campaigns + names in scopes × sets of conditions that hold for some campaign).
    init(
        _ document: borrowing PolicyDocument, _ table: borrowing CampaignTable, _ index: borrowing Index
    ) throws(Failure) {
        var named = KeyTable()
        for number in 0..<document.rules.count {
            for position in document.rule(number).pointee.scope.advertisers.range {
                let key = document.keys[position]
                if named.find(key) == KeyTable.none { try named.insert(key, 0) }
            }
        }
        var members = KeyTable()
        var areMet = Buffer<Bool>()
        try areMet.resize(256, filling: false)
        for slot in 0..<table.slotCount where table.key(slot) != 0 {
            let advertiser = index.observed(table.key(slot)).advertiser
            if advertiser == 0 || named.find(advertiser) == KeyTable.none { continue }
            let bits = document.newcomers(table.key(slot), index)
            areMet[Int(bits)] = true
            let member = AdvertiserRules.member(advertiser, bits)
            if members.find(member) == KeyTable.none { try members.insert(member, UInt32(members.count)) }
        }
        var sets = try RuleSets(members: members.count)
        for number in 0..<document.rules.count where document.rule(number).pointee.scope.campaigns.isEmpty {
            let scope = document.rule(number).pointee.scope
            for bits in 0..<areMet.count
            where areMet[bits] && (scope.newcomers == 0 || UInt8(bits) & scope.newcomers != 0) {
                for position in scope.advertisers.range {
                    let member = members.find(AdvertiserRules.member(document.keys[position], UInt8(bits)))
                    if member != KeyTable.none { try sets.add(number, to: Int(member)) }
                }
            }
        }
        self.sets = sets
        self.members = members
    }

    private static func member(_ advertiser: UInt64, _ bits: UInt8) -> UInt64 {
        advertiser ^ UInt64(bits) &* 0x9e37_79b9_7f4a_7c15
    }

    /// The set of a campaign that no scope names. - Parameter advertiser: its own; 0 for none.
    func set(of advertiser: UInt64, _ bits: UInt8) -> Int {
        let member = advertiser == 0 ? KeyTable.none : members.find(AdvertiserRules.member(advertiser, bits))
        return member == KeyTable.none ? 0 : sets.ofMember(Int(member))
    }
}

extension PolicyDocument {
    /// Whether any rule distinguishes campaigns.
    var hasCampaignScopes: Bool {
        for number in 0..<rules.count where rule(number).pointee.scope.hasCampaigns { return true }
        return false
    }

    /// Whether a scope holds for a campaign, whatever the placement. - Complexity: O(1).
    func holds(_ scope: Scope, campaign: UInt64, advertiser: UInt64) -> Bool {
        if !scope.campaigns.isEmpty && !keys.contains(scope.campaigns, campaign) { return false }
        return holds(scope, advertiser: advertiser)
    }

    func holds(_ scope: Scope, advertiser: UInt64) -> Bool {
        scope.advertisers.isEmpty || advertiser != 0 && keys.contains(scope.advertisers, advertiser)
    }
}
