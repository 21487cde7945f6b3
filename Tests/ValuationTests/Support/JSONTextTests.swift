// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import Valuation

/// Numbers and strings as answers print them.
@Suite struct JSONTextTests {
    private func text(_ write: (inout Buffer<UInt8>) throws(Failure) -> Void) throws(Failure) -> String {
        var buffer = Buffer<UInt8>()
        try write(&buffer)
        return buffer.text.string
    }

    private func text(_ number: Double) throws(Failure) -> String {
        try text { buffer throws(Failure) in try buffer.append(number: number) }
    }

    private func text(_ number: Float) throws(Failure) -> String {
        try text { buffer throws(Failure) in try buffer.append(float: number) }
    }

    @Test func aNumberReadsBackToTheSameBits() throws {
        var generator = SeededGenerator(seed: 12)
        for _ in 0..<5000 {
            let double = Double(bitPattern: generator.next())
            if double.isFinite { #expect(strtod(try text(double), nil).bitPattern == double.bitPattern) }
            let float = Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
            if float.isFinite { #expect(strtof(try text(float), nil).bitPattern == float.bitPattern) }
        }
    }

    @Test func aNumberIsJSON() throws {
        var generator = SeededGenerator(seed: 13)
        for _ in 0..<3000 {
            let number = Double(bitPattern: generator.next())
            guard number.isFinite else { continue }
            let tree = try withText(try text(number)) { text throws(Failure) in try JSONTree.read(withCursor: text) }
            #expect(tree == .number(number.bitPattern))
        }
    }

    /// As Python's repr writes it, without a final ".0": a category that is a number has one key for trainer and
    /// engine.
    @Test(arguments: [
        (0, "0"), (1, "1"), (-1, "-1"), (0.1, "0.1"), (100, "100"), (1e15, "1000000000000000"), (1e16, "1e+16"),
        (1e-5, "1e-05"), (12.5, "12.5"), (1e300, "1e+300"),
        (.leastNonzeroMagnitude, "5e-324"), (0.00112, "0.00112"),
    ])
    func aNumberHasItsShortestText(number: Double, expected: String) throws {
        #expect(try text(number) == expected)
    }

    @Test func valuesThatAreNotNumbersAreNull() throws {
        for number in [Double.nan, .infinity, -.infinity] {
            #expect(try text(number) == "null" && text(Float(number)) == "null")
        }
    }

    /// For any bits: a number, or null.
    @Test(arguments: 21...23 as ClosedRange<UInt64>)
    func anyBitsAreJSON(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<5000 {
            // Half of them with the largest or smallest exponents.
            let bits = generator.next()
            let extreme = [0x7ff, 0x7fe, 0, 1][Int(bits & 3)] &<< 52 | bits &>> 12 | (bits & 4) &<< 61
            for number in [Double(bitPattern: bits), Double(bitPattern: extreme)] {
                let tree = withText(try text(number)) { JSONTree.read(withJansson: $0).tree }
                #expect(tree == (number.isFinite ? .number(number.bitPattern) : .literal("null")))
            }
            let small = UInt32(truncatingIfNeeded: bits)
            let smallExtreme = [0xff, 0xfe, 0, 1][Int(bits & 3)] &<< 23 | small &>> 9 | (small & 4) &<< 29
            for number in [Float(bitPattern: small), Float(bitPattern: smallExtreme)] {
                let tree = withText(try text(number)) { JSONTree.read(withJansson: $0).tree }
                guard case .number(let read) = tree else {
                    #expect(tree == .literal("null") && !number.isFinite)
                    continue
                }
                #expect(Float(Double(bitPattern: read)) == number)
            }
        }
    }

    /// Paths may contain such bytes; each becomes U+FFFD.
    @Test(arguments: [
        ([0xff], "\u{fffd}"), ([0x61, 0xc3], "a\u{fffd}"), ([0xc3, 0x22, 0xa4], "\u{fffd}\"\u{fffd}"),
        ([0xed, 0xa0, 0x80, 0x09], "\u{fffd}\u{fffd}\u{fffd}\t"), ([0xc3, 0xa4, 0xf0, 0x9f, 0x98, 0x80], "ä😀"),
    ])
    func bytesThatAreNoTextAreReplaced(bytes: [UInt8], expected: String) throws {
        let json = try withText(bytes) { content throws(Failure) in
            try text { buffer throws(Failure) in try buffer.append(quoted: content) }
        }
        #expect(withText(json) { JSONTree.read(withJansson: $0).tree } == .string(Array(expected.utf8)))
    }

    @Test func aStringIsReadBackByJansson() throws {
        let all = String(String.UnicodeScalarView((0...0x7ff).compactMap { Unicode.Scalar($0 as UInt32) }))
        for string in ["", "a", "\"\\/", all, "\u{1F600}\u{ffff}\u{10ffff}"] {
            let json = try withText(string) { content throws(Failure) in
                try text { buffer throws(Failure) in try buffer.append(quoted: content) }
            }
            let tree = withText(json) { JSONTree.read(withJansson: $0).tree }
            #expect(tree == .string(Array(string.utf8)))
        }
    }
}
