// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

/// Members have the rules added to them, and members with the same rules share one set.
@Suite struct RuleSetsTests {
    private func rules(_ sets: borrowing RuleSets, _ member: Int) throws(Failure) -> [UInt32] {
        var rules = Buffer<UInt32>()
        try sets.appendRules(of: sets.ofMember(member), to: &rules)
        return Array(rules.elements)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func membersHaveTheRulesThatWereAdded(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let members = 30
        var sets = try RuleSets(members: members)
        var expected = [[UInt32]](repeating: [], count: members)
        var added = 0
        for rule in 0..<12 {
            // Often the same members, so that some stay together.
            let chosen = (0..<members).filter { generator.once(in: 3) || $0 % 4 == rule % 4 }
            for member in chosen.shuffled(using: &generator) {
                try sets.add(rule, to: member)
                expected[member].append(UInt32(rule))
                added += 1
            }
        }
        for member in 0..<members {
            let found = try rules(sets, member)
            #expect(found == expected[member])
            for other in 0..<members {
                let isSame = sets.ofMember(member) == sets.ofMember(other)
                #expect(isSame == (expected[member] == expected[other]))
            }
        }
        let count = sets.count
        #expect(count <= added + 1)
    }

    /// 1,000 rules of 1,000 members each are 1,000 sets.
    @Test func membersWithEqualRulesTakeNoMemory() throws {
        var sets = try RuleSets(members: 1000)
        for rule in 0..<1000 {
            for member in 0..<1000 { try sets.add(rule, to: member) }
        }
        let (count, last) = (sets.count, try rules(sets, 999))
        #expect(count == 1001 && last == Array(0..<1000))
    }
}
