// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import Valuation

/// Numbers are read to the same double as by the C library's strtod.
@Suite struct JSONNumberTests {
    private func number(_ text: String) throws -> Double {
        try withText(text) { text throws(Failure) in
            var cursor = JSONCursor(text)
            let number = try cursor.number().value
            try cursor.expectEnd()
            return number
        }
    }

    private func expect(_ text: String) throws {
        // The process runs in the "C" locale: nothing here calls setlocale.
        let expected = strtod(text, nil)
        #expect(try number(text).bitPattern == expected.bitPattern, "\(text)")
    }

    @Test func randomTextsAreReadToTheBit() throws {
        var random = RandomJSON(seed: 8)
        for _ in 0..<20_000 { try expect(String(decoding: random.number(), as: UTF8.self)) }
    }

    @Test func theShortestTextOfAnyDoubleIsReadBack() throws {
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<10_000 {
            let number = Double(bitPattern: generator.next())
            if number.isFinite { #expect(try self.number("\(number)").bitPattern == number.bitPattern) }
        }
    }

    /// As programs write their results: more digits than a double has, mostly behind the point.
    @Test func numbersOf16To19DigitsAreReadToTheBit() throws {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<20_000 {
            let digits = UInt64.random(in: 1_000_000_000_000_000...9_999_999_999_999_999_999, using: &generator)
            try expect("-\(digits)e-\(Int.random(in: 0...29, using: &generator))")
            let zeros = String(repeating: "0", count: Int.random(in: 0...10, using: &generator))
            try expect("0.\(zeros)\(digits)")
            // Half-way between two doubles: an odd number of 54 bits, over a power of two.
            let odd = UInt64.random(in: 1 << 52..<1 << 53, using: &generator) * 2 + 1
            let power = Int.random(in: 0...1, using: &generator)
            try expect("\(odd * (power == 0 ? 1 : 5) * 10)e-\(power + 1)")
        }
    }

    /// Half-way between two doubles, and slightly off it, with more digits than a double holds.
    @Test func textsBetweenTwoDoublesAreRoundedToTheNearerOne() throws {
        for text in [
            "9007199254740993", "9007199254740992.999999999999999999", "9007199254740993.00000000000000000001",
            "9007199254740991", "9007199254740992", "9007199254740995", "-9007199254740993", "18014398509481985",
            "2.2250738585072011e-308", "2.2250738585072014e-308", "2.4703282292062327e-324", "2.4703282292062328e-324",
            "4.9406564584124654e-324", "1.7976931348623157e308", "1.7976931348623158e308", "1.7976931348623159e308",
            "8.5e22", "9.5e22", "1e22", "1e23", "123456789012345678e-5", "0.000000000000000000000000000001e30",
            "1000000000000000000000000000000e-30", "9999999999999999999", "99999999999999999999",
            "18446744073709551615",
            "18446744073709551616", "0.1e1", "-0.0", "-0", "0e999", "0e-999", "0.0e+99999", "5e-324", "1e-400",
            "-1e-400",
            "0.1", "0.3", "1e0005", "1e-0005", "179769313486231580793e289",
        ] {
            try expect(text)
        }
    }

    /// Around the limits of the fast path: 2^53, ten to the ±22, and 19 digits.
    @Test func theLimitsOfTheFastPathAreReadToTheBit() throws {
        var generator = SeededGenerator(seed: 10)
        for _ in 0..<5000 {
            let mantissa = (UInt64(1) << 53) &+ UInt64(bitPattern: Int64.random(in: -3...3, using: &generator))
            let exponent = [-24, -23, -22, -21, 0, 21, 22, 23, 24].randomElement(using: &generator)!
            try expect("\(mantissa)e\(exponent)")
            let digits = String(generator.next())
            let point = Int.random(in: 1...digits.count, using: &generator)
            try expect("\(digits.prefix(point)).\(digits.dropFirst(point))0e\(exponent)")
        }
    }

    @Test(arguments: [
        ("12", "12"), ("12.5", "12.5"), ("1.0", "1"), ("1e2", "100"), ("-0", "-0"), ("0.1e1", "1"),
        ("18446744073709551615", "18446744073709551615"), ("9007199254740993", "9007199254740993"),
        ("123456789012345678901234567890", "123456789012345678901234567890"), ("1e-7", "1e-07"), ("-2.50", "-2.5"),
    ])
    func theTextOfACategoryIsTheDigitsOfAnIntegerOrTheShortestDecimal(text: String, category: String) throws {
        let written = try withText(text) { text throws(Failure) in
            var cursor = JSONCursor(text)
            var buffer = Buffer<UInt8>()
            let isWritten = try cursor.number().writeCategory(to: &buffer)
            return isWritten ? buffer.text.string : "too large"
        }
        #expect(written == category)
    }

    @Test func aNumberBeyondDoubleIsNotACategory() throws {
        let isWritten = try withText("1e999") { text throws(Failure) in
            var cursor = JSONCursor(text)
            var buffer = Buffer<UInt8>()
            return try cursor.number().writeCategory(to: &buffer)
        }
        #expect(!isWritten)
    }
}
