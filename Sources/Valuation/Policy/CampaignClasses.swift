// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Campaigns for which the same rules hold, taken together: a request asks each rule once for a class, not for every candidate.
///
/// The rules of a class are those of three lists: everyone's, the advertiser's, and those that name the campaign. Campaigns share the
/// lists, so there are as many entries as names in scopes, and not one for each rule of each campaign.
struct CampaignClasses: ~Copyable {
    /// Rules in their order: overrides up to `experiments`, experiments behind.
    struct List {
        var start: Int
        var experiments: Int
        var end: Int
    }

    /// Numbers of lists.
    struct Class {
        var advertisers: UInt32
        var own: UInt32
    }

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
        let advertisers = try AdvertiserRules(document)
        let own = try CampaignClasses.ownRules(document, table, index)
        let advertiserLists = try addLists(of: advertisers.sets, document)
        let ownLists = try addLists(of: own, document)
        var known = KeyTable()
        for slot in 0..<table.slotCount where table.key(slot) != 0 {
            let theirs = advertisers.set(of: index.observed(table.key(slot)).advertiser)
            let found = Class(advertisers: advertiserLists[theirs], own: ownLists[own.ofMember(slot)])
            if found.advertisers == CampaignClasses.empty && found.own == CampaignClasses.empty { continue }
            // The halves exchanged behind a multiplication, so that both count in the table's place.
            let mixed = (UInt64(found.advertisers) &<< 32 | UInt64(found.own)) &* 0x9e37_79b9_7f4a_7c15
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

    /// The rules that name campaigns, by the slots of these.
    private static func ownRules(
        _ document: borrowing PolicyDocument, _ table: borrowing CampaignTable, _ index: borrowing Index
    ) throws(Failure) -> RuleSets {
        var sets = try RuleSets(members: table.slotCount)
        for number in 0..<document.rules.count {
            let scope = document.rule(number).pointee.scope
            for position in scope.campaigns.range {
                let key = document.keys[position]
                guard let slot = table.slot(key) else { continue }
                if document.holds(scope, advertiser: index.observed(key).advertiser) { try sets.add(number, to: slot) }
            }
        }
        return sets
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

/// The rules that name advertisers, but no campaigns.
private struct AdvertiserRules: ~Copyable {
    let sets: RuleSets
    /// The advertisers that scopes name, by their keys.
    private let members: KeyTable

    init(_ document: borrowing PolicyDocument) throws(Failure) {
        var members = KeyTable()
        for number in 0..<document.rules.count {
            for position in document.rule(number).pointee.scope.advertisers.range {
                let key = document.keys[position]
                if members.find(key) == KeyTable.none { try members.insert(key, UInt32(members.count)) }
            }
        }
        var sets = try RuleSets(members: members.count)
        for number in 0..<document.rules.count where document.rule(number).pointee.scope.campaigns.isEmpty {
            for position in document.rule(number).pointee.scope.advertisers.range {
                try sets.add(number, to: Int(members.find(document.keys[position])))
            }
        }
        self.sets = sets
        self.members = members
    }

    /// The set of an advertiser, which no scope may name. - Parameter advertiser: 0 for none.
    func set(of advertiser: UInt64) -> Int {
        let member = advertiser == 0 ? KeyTable.none : members.find(advertiser)
        return member == KeyTable.none ? 0 : sets.ofMember(Int(member))
    }
}

extension PolicyDocument {
    /// Whether any rule names campaigns or advertisers.
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
