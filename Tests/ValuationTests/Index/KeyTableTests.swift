// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

@Suite struct KeyTableTests {
    @Test func anEmptyTableHoldsNoKey() {
        let table = KeyTable()
        for key in [0, 1, UInt64.max] { #expect(table.find(key) == KeyTable.none) }
    }

    /// The last keys share their low bits, where a table looks first.
    @Test func findsWhatWasInsertedAndNothingElse() throws {
        var generator = SeededGenerator(seed: 6)
        var keys: [UInt64] = [0, .max, 1, 63, 64, 65]
        keys += (0..<3000).map { _ in generator.next() }
        keys += (1...500).map { UInt64($0) << 40 }
        var table = KeyTable()
        for (number, key) in keys.enumerated() {
            #expect(table.find(key) == KeyTable.none)
            try table.insert(key, UInt32(number))
        }
        #expect(table.count == keys.count)
        for (number, key) in keys.enumerated() { #expect(table.find(key) == UInt32(number)) }
        for _ in 0..<3000 { #expect(table.find(generator.next()) == KeyTable.none) }
        #expect(table.find(501 << 40) == KeyTable.none)
    }
}
