// SPDX-License-Identifier: Apache-2.0

/// The rules that hold for each member, a campaign or an advertiser. Members with the same rules share one set of them.
///
/// Sets are distinguished as rules are added one by one (partition refinement: Paige & Tarjan, "Three partition
/// refinement algorithms", 1987): the members of a set to which a rule is added move to a set that consists of the old
/// one and that rule. So a set is the path from it to the empty set, number 0.
struct RuleSets: ~Copyable {
    private struct Entry {
        var rest: UInt32
        var rule: UInt32
        /// The set to which the members have moved that got the rule `movedBy`.
        var moved: UInt32 = 0
        var movedBy = UInt32.max
    }

    private var entries = Buffer<Entry>()
    private var ofMembers = Buffer<UInt32>()

    init(members: Int) throws(Failure) {
        try entries.append(Entry(rest: 0, rule: 0))
        try ofMembers.resize(members, filling: 0)
    }

    var count: Int { entries.count }
    var memberCount: Int { ofMembers.count }

    /// The set of a member.
    func ofMember(_ member: Int) -> Int { Int(ofMembers[member]) }

    /// Adds a rule to a member's set. Rules are added in their order, each to all its members, once. - Complexity: O(1)
    /// amortised.
    mutating func add(_ rule: Int, to member: Int) throws(Failure) {
        let old = Int(ofMembers[member])
        if entries[old].movedBy != UInt32(rule) {
            (entries[old].moved, entries[old].movedBy) = (UInt32(entries.count), UInt32(rule))
            try entries.append(Entry(rest: UInt32(old), rule: UInt32(rule)))
        }
        ofMembers[member] = entries[old].moved
    }

    /// Appends a set's rules in their order. - Complexity: O(rules of it).
    func appendRules(of set: Int, to rules: inout Buffer<UInt32>) throws(Failure) {
        let start = rules.count
        var entry = set
        while entry != 0 {
            try rules.append(entries[entry].rule)
            entry = Int(entries[entry].rest)
        }
        // The last rule comes first.
        var (low, high) = (start, rules.count - 1)
        while low < high {
            (rules[low], rules[high]) = (rules[high], rules[low])
            (low, high) = (low + 1, high - 1)
        }
    }
}
