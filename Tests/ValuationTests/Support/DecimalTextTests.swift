// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

/// The core's shortest decimal text against the standard library's, byte for byte.
@Suite struct DecimalTextTests {
    private func text(_ write: (UnsafeMutablePointer<UInt8>) -> Int) -> String {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: DecimalText.room) { room in
            let count = write(room.baseAddress!)
            return String(decoding: room.prefix(count), as: UTF8.self)
        }
    }

    private func expected(_ description: String) -> String {
        description.hasSuffix(".0") ? String(description.dropLast(2)) : description
    }

    private func expectSame(_ number: Double) {
        if !number.isFinite { return }
        let printed = text { DecimalText.write(number, to: $0) }
        #expect(printed == expected(number.description), "bits \(number.bitPattern)")
    }

    private func expectSame(_ number: Float) {
        if !number.isFinite { return }
        let printed = text { DecimalText.write(number, to: $0) }
        #expect(printed == expected(number.description), "bits \(number.bitPattern)")
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func anyBitsArePrintedAsTheStandardLibraryDoes(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<5_000 {
            expectSame(Double(bitPattern: generator.next()))
            expectSame(Float(bitPattern: UInt32(truncatingIfNeeded: generator.next())))
        }
    }

    /// The range that the core prints itself: doubles from 2^-126 to 2^53, floats below 2^24.
    @Test(arguments: 11...14 as ClosedRange<UInt64>)
    func numbersOfUsualSizeArePrintedAsTheStandardLibraryDoes(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<5_000 {
            let exponent = UInt64.random(in: 895...1077, using: &generator)
            expectSame(Double(bitPattern: exponent &<< 52 | generator.next() &>> 12))
            expectSame(Float(bitPattern: UInt32.random(in: 0...0x4b80_0010, using: &generator)))
            // A revenue is a product of a bid and two probabilities.
            let probability = Float.random(in: 0...1, using: &generator)
            expectSame(probability)
            expectSame(20.5 * Double(probability) * Double(Float.random(in: 0...0.01, using: &generator)))
        }
    }

    @Test func valuesThatAreNotNumbersAreNull() {
        for number in [Double.nan, .signalingNaN, -.nan, .infinity, -.infinity] {
            #expect(text { DecimalText.write(number, to: $0) } == "null")
            #expect(text { DecimalText.write(Float(number), to: $0) } == "null")
        }
    }

    /// A power of two is nearer to its neighbour below than to the one above; others are at the edges of their
    /// exponents.
    @Test func theEdgesOfEveryExponentArePrintedAsTheStandardLibraryDoes() {
        for exponent in 0..<2047 as Range<UInt64> {
            for fraction in [0, 1, 2, 1 &<< 51, (1 &<< 52) - 2, (1 &<< 52) - 1] as [UInt64] {
                expectSame(Double(bitPattern: exponent &<< 52 | fraction))
            }
        }
        for exponent in 0..<255 as Range<UInt32> {
            for fraction in [0, 1, 2, 1 &<< 22, (1 &<< 23) - 2, (1 &<< 23) - 1] as [UInt32] {
                expectSame(Float(bitPattern: exponent &<< 23 | fraction))
                expectSame(-Float(bitPattern: exponent &<< 23 | fraction))
            }
        }
    }

    @Test func shortDecimalsAndTheirNeighboursArePrintedAsTheStandardLibraryDoes() throws {
        for exponent in -40...17 {
            for digits in Array(1...40) + [99, 100, 101, 12345, 99999, 100_000, 8_388_608, 16_777_216, 16_777_217] {
                let double = try #require(Double("\(digits)e\(exponent)"))
                for number in [double, double.nextUp, double.nextDown, -double] { expectSame(number) }
                let float = try #require(Float("\(digits)e\(exponent)"))
                for number in [float, float.nextUp, float.nextDown, -float] { expectSame(number) }
            }
        }
        for number in [0, -0.0, 0x1p53, 0x1p53 - 1, 0x1p-126, 0x1p-127, 0x1.fffffffffffffp-127] { expectSame(number) }
    }

    /// 10^n = 5^n × 2^n: the table holds the bits of 5^n from the highest one on. Times 2^64 - 1, over 2^128, they come
    /// to the same.
    @Test func theTableHoldsThePowersOfTen() {
        var power = UInt128(1)
        for exponent in 0...PowerOfTen.maximumExponent {
            let zeros = power.leadingZeroBitCount
            #expect(PowerOfTen.binaryExponent(exponent) == 127 - zeros + exponent)
            let product = (power << UInt128(zeros)).multipliedFullWidth(by: UInt128(UInt64.max))
            let scaled = UInt64(product.high) | (product.low == 0 ? 0 : 1)
            #expect(PowerOfTen(exponent).scale(.max, isShort: false) == scaled, "10^\(exponent)")
            for factor in [1, 3, 1 &<< 63, 0x0123_4567_89ab_cdef] as [UInt64] {
                let product = (power << UInt128(zeros)).multipliedFullWidth(by: UInt128(factor))
                let scaled = UInt64(product.high) | (product.low == 0 ? 0 : 1)
                #expect(PowerOfTen(exponent).scale(factor, isShort: false) == scaled, "10^\(exponent) × \(factor)")
            }
            if exponent < PowerOfTen.maximumExponent { power *= 5 }
        }
    }
}
