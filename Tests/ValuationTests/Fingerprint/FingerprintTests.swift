// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Valuation

@Suite struct FingerprintTests {
    private static let longest = 300
    private static let textsOfEachLength = 34

    /// Text `number` of Fixtures/make_fingerprints.py.
    private static func text(_ number: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: UInt64(number))
        let isPrintable = number / (longest + 1) >= textsOfEachLength / 2
        return (0..<number % (longest + 1)).map { _ in
            let byte = UInt8(generator.next() >> 56)
            return isPrintable ? 32 + byte % 95 : byte
        }
    }

    @Test func equalsFarmHashForTextsOfEveryLengthUpTo300() throws {
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures")
        let expected = try Data(contentsOf: fixtures.appending(path: "fingerprints.bin"))
        let count = expected.count / 8
        try #require(count == (Self.longest + 1) * Self.textsOfEachLength)
        expected.withUnsafeBytes { bytes in
            for number in 0..<count {
                let text = Self.text(number)
                let fingerprint = withText(text) { fingerprint64($0) }
                let farmHash = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: number * 8, as: UInt64.self))
                #expect(fingerprint == farmHash, "text \(number), \(text.count) bytes")
            }
        }
    }

    /// Google's published values of FARM_FINGERPRINT.
    ///
    /// The first three are the rows of the example in BigQuery's reference,
    /// https://cloud.google.com/bigquery/docs/reference/standard-sql/hash_functions#farm_fingerprint. The last one is
    /// Amazon
    /// Redshift's example, https://docs.aws.amazon.com/redshift/latest/dg/r_FARMFINGERPRINT64.html.
    @Test(
        arguments: [
            ("1footrue", -1_541_654_101_129_638_711),
            ("2applefalse", 2_794_438_866_806_483_259),
            ("3true", -4_880_158_226_897_771_312),
            ("Amazon Redshift", 8_085_098_817_162_212_970),
        ] as [(String, Int64)])
    func equalsTheExamplesThatDatabasesPublish(text: String, published: Int64) {
        #expect(withText(text) { Int64(bitPattern: fingerprint64($0)) } == published)
    }

    /// Every length on each side of the boundaries at 3, 7, 16, 32 and 64 bytes, then whole blocks of 64.
    @Test(arguments: [Array(0...70), [127, 128, 129], [192, 193], [257]])
    func isTheSameHoweverATextIsCutInThree(lengths: [Int]) {
        for length in lengths {
            var wrong = 0
            withText(Self.text(length)) { text in
                let whole = fingerprint64(text)
                for second in 0...length {
                    for third in second...length {
                        let parts = fingerprint64(
                            text.slice(0, second), text.slice(second, third), text.slice(third, length))
                        if parts != whole { wrong += 1 }
                    }
                }
            }
            #expect(wrong == 0, "splits of \(length) bytes")
        }
    }

    /// Up to 64 bytes, each part is copied in words.
    @Test func isTheSameHoweverATextIsCutInTwo() {
        for length in [Array(0...70), [127, 128, 129]].joined() {
            withText(Self.text(length)) { text in
                let whole = fingerprint64(text)
                for cut in 0...length {
                    let parts = fingerprint64(text.slice(0, cut), text.slice(cut, length))
                    #expect(parts == whole, "\(cut) of \(length) bytes")
                }
            }
        }
    }

    @Test func isTheSameAtEveryAlignment() {
        let text = Self.text(200)
        let expected = withText(text) { fingerprint64($0) }
        for offset in 0..<16 {
            let shifted = withText([UInt8](repeating: 0xff, count: offset) + text) { memory in
                fingerprint64(memory.slice(offset, memory.count))
            }
            #expect(shifted == expected, "offset \(offset)")
        }
    }
}
