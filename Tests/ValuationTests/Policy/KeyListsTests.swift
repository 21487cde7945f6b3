// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

@Suite struct KeyListsTests {
    @Test func aListHasOnlyItsOwnKeys() throws {
        var generator = SeededGenerator(seed: 3)
        // Few keys, so that lists share some; they include those with a special meaning for tables.
        let keys = [0, 1, UInt64.max] + (0..<60).map { _ in generator.next() }
        var lists = KeyLists()
        var expected: [(part: PolicyDocument.Part, keys: Set<UInt64>)] = []
        for _ in 0..<200 {
            let chosen = Set(keys.filter { _ in generator.once(in: 4) })
            let start = lists.count
            for key in chosen { try lists.append(key) }
            expected.append((try lists.finishList(from: start), chosen))
        }
        for list in expected {
            #expect(list.part.count == list.keys.count)
            for key in keys {
                let isFound = lists.contains(list.part, key)
                #expect(isFound == list.keys.contains(key))
            }
        }
    }

    @Test func noListHasNoKeys() throws {
        let lists = KeyLists()
        let isFound = lists.contains(PolicyDocument.Part(), 0)
        #expect(!isFound)
    }
}
