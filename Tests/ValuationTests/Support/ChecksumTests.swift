// SPDX-License-Identifier: Apache-2.0
import CChecksum
import Testing

@testable import Valuation

@Suite struct ChecksumTests {
    /// The texts' checksums by xxh128sum (xxHash 0.8.1).
    @Test(arguments: [("", "99aa06d3014798d86001c324468d497f"), ("valuation", "5a268e691390e39983bcff8a78b6cda4")])
    func itEqualsXXH128(_ text: String, _ expected: String) throws {
        var bytes = Array(text.utf8)
        var digits = Buffer<UInt8>()
        try digits.append(hexadecimal: valuation_checksum_of(&bytes, bytes.count))
        #expect(String(decoding: digits.elements, as: UTF8.self) == expected)
    }

    @Test(arguments: [0, 1, 239, 240, 241, 1024, 5000]) func piecesGiveTheChecksumOfTheWhole(_ count: Int) throws {
        var bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        let whole = valuation_checksum_of(&bytes, count)
        var state = try ChecksumState()
        for start in stride(from: 0, to: count, by: 97) {
            bytes.withUnsafeBytes { state.add($0.baseAddress! + start, count: min(97, count - start)) }
        }
        #expect(state.checksum == whole)
    }

    @Test func textsOtherThan32LowerCaseDigitsAreRefused() {
        for text in [
            "", "99aa", "99AA06d3014798d86001c324468d497f", "99aa06d3014798d86001c324468d497f0",
            "g9aa06d3014798d86001c324468d497f",
        ] {
            withText(text) { #expect(Checksum(hexadecimal: $0) == nil) }
        }
        withText("99aa06d3014798d86001c324468d497f") {
            #expect(
                Checksum(hexadecimal: $0).map {
                    $0 == Checksum(high: 0x99aa_06d3_0147_98d8, low: 0x6001_c324_468d_497f)
                } == true)
        }
    }
}
