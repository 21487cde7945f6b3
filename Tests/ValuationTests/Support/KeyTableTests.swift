// SPDX-License-Identifier: Apache-2.0
import CPlatform
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

    /// Keys that are alike in every way that may matter to a table, among them the multiples of a constant's inverse.
    @Test(arguments: [
        "equal low bits", "equal high bits", "consecutive", "multiples of the golden ratio", "multiples of its inverse",
    ])
    func noSetOfKeysTakesLong(likeness: String) throws {
        let keys = (1...50_000 as ClosedRange<UInt64>).map { number -> UInt64 in
            switch likeness {
            case "equal low bits": number << 40 | 0x123_4567
            case "equal high bits": 0x3ade_68b1 << 32 | number
            case "consecutive": number
            case "multiples of the golden ratio": number &* 0x9e37_79b9_7f4a_7c15
            default: number &* 0xf1de_83e1_9937_733d
            }
        }
        var generator = SeededGenerator(seed: 6)
        for _ in 0..<20 {
            var table = KeyTable(
                salt: valuation_salt(offset: generator.next(), multiplier: generator.next() | 1))
            for key in keys { try table.insert(key, 1) }
            var (steps, longest) = (0, 0)
            for key in keys {
                steps += table.steps(toFind: key)
                longest = max(longest, table.steps(toFind: key))
            }
            // 1.31 is the mean of a table that is 38 % full, 1.5 of one that is half full (Knuth, vol. 3, 6.4).
            #expect(Double(steps) <= 1.4 * Double(keys.count) && longest <= 200)
        }
    }
}
