// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// Numbers as JSON has them, written straight into reserved memory. All numbers of answers pass through here. NaN and
/// infinity become `null`, because JSON has no name for them.
enum DecimalText {
    /// How many bytes must be reserved; more bytes are overwritten than the text has.
    static let room = 40

    /// Writes the shortest text that reads back to the same double, without a trailing ".0", or `null`. - Returns: its length.
    @inline(never)
    static func write(_ number: Double, to place: UnsafeMutablePointer<UInt8>) -> Int {
        guard number > 0, let decimal = ShortestDecimal(number) else { return writeUncommon(number, to: place) }
        // For a double that is no integer, sixteen or seventeen digits.
        let aligned = aligned(decimal, least: 10_000_000_000_000_000)
        return write(SignificantDigits(seventeen: aligned.digits), point: 17 &+ aligned.exponent, to: place)
    }

    /// Writes the shortest text that reads back to the same float, without a trailing ".0", or `null`. - Returns: its length.
    @inline(never)
    static func write(_ number: Float, to place: UnsafeMutablePointer<UInt8>) -> Int {
        guard number > 0, let decimal = ShortestDecimal(number) else { return writeUncommon(number, to: place) }
        // For a float that is no integer, seven to nine digits.
        let aligned = aligned(decimal, least: 100_000_000)
        return write(SignificantDigits(nine: aligned.digits), point: 9 &+ aligned.exponent, to: place)
    }

    /// The same number with digits that are at least `least`.
    @inline(always)
    private static func aligned(_ decimal: ShortestDecimal, least: UInt64) -> ShortestDecimal {
        var aligned = decimal
        for _ in 0..<2 {
            let isShort = aligned.digits < least
            aligned.digits = isShort ? aligned.digits &* 10 : aligned.digits
            aligned.exponent = isShort ? aligned.exponent &- 1 : aligned.exponent
        }
        while aligned.digits < least {
            aligned.digits = aligned.digits &* 10
            aligned.exponent &-= 1
        }
        return aligned
    }

    @inline(never)
    private static func writeUncommon<Number: BinaryFloatingPoint & TextOutputStreamable>(
        _ number: Number, to place: UnsafeMutablePointer<UInt8>
    ) -> Int {
        if number == 0 && number.sign == .plus {
            place[0] = UInt8(ascii: "0")
            return 1
        }
        if !number.isFinite {
            memcpy(place, "null", 4)
            return 4
        }
        return withDecimal(number) { text in
            memcpy(place, text.start, text.count)
            return text.count
        }
    }

    /// Lays a number out as the standard library and Python's repr do: with an exponent below 0.0001.
    ///
    /// - Parameter point: the position of the decimal point, counted from the first digit.
    @inline(always)
    private static func write(_ digits: SignificantDigits, point: Int, to place: UnsafeMutablePointer<UInt8>) -> Int {
        if point > 0 {
            digits.write(to: place)
            if digits.count <= point { return point }
            let fraction = UnsafeMutableRawPointer(place + point)
            let moved = fraction.loadUnaligned(as: (UInt64, UInt64).self)
            (fraction + 1).storeBytes(of: moved, as: (UInt64, UInt64).self)
            place[point] = UInt8(ascii: ".")
            return digits.count &+ 1
        }
        if point > -4 {
            // "0.000000"
            UnsafeMutableRawPointer(place).storeBytes(of: UInt64(0x3030_3030_3030_2e30).littleEndian, as: UInt64.self)
            digits.write(to: place + (2 &- point))
            return digits.count &+ 2 &- point
        }
        digits.write(to: place + 1)
        place[0] = place[1]
        place[1] = UInt8(ascii: ".")
        let end = digits.count == 1 ? 1 : digits.count &+ 1
        let exponent = UInt8(truncatingIfNeeded: 1 &- point)
        place[end] = UInt8(ascii: "e")
        place[end &+ 1] = UInt8(ascii: "-")
        place[end &+ 2] = UInt8(ascii: "0") &+ exponent / 10
        place[end &+ 3] = UInt8(ascii: "0") &+ exponent % 10
        return end &+ 4
    }
}

/// The digits of a number in ASCII, padded with zeros to seventeen.
private struct SignificantDigits {
    private var first: UInt8
    private var next: UInt64
    private var last: UInt64
    /// The number of digits without trailing zeros; at least one.
    let count: Int

    /// - Precondition: below 10^17.
    @inline(always)
    init(seventeen number: UInt64) {
        let rest = number / 100_000_000
        let lead = rest / 100_000_000
        let next = SignificantDigits.eight(rest &- lead &* 100_000_000)
        let last = SignificantDigits.eight(number &- rest &* 100_000_000)
        let zeros = last != 0 ? last.leadingZeroBitCount &>> 3 : 8 &+ next.leadingZeroBitCount &>> 3
        self.init(first: lead, next: next, last: last, count: 17 &- zeros)
    }

    /// - Precondition: below 10^9.
    @inline(always)
    init(nine number: UInt64) {
        let lead = number / 100_000_000
        let next = SignificantDigits.eight(number &- lead &* 100_000_000)
        self.init(first: lead, next: next, last: 0, count: 9 &- next.leadingZeroBitCount &>> 3)
    }

    @inline(always)
    private init(first: UInt64, next: UInt64, last: UInt64, count: Int) {
        let zeros: UInt64 = 0x3030_3030_3030_3030
        self.first = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: first)
        self.next = next | zeros
        self.last = last | zeros
        self.count = count
    }

    @inline(always)
    func write(to place: UnsafeMutablePointer<UInt8>) {
        let bytes = UnsafeMutableRawPointer(place)
        bytes.storeBytes(of: first, as: UInt8.self)
        bytes.storeBytes(of: next.littleEndian, toByteOffset: 1, as: UInt64.self)
        bytes.storeBytes(of: last.littleEndian, toByteOffset: 9, as: UInt64.self)
    }

    /// The eight digits of a number below 10^8, the first in the lowest byte. The number is halved into fours, twos and
    /// ones of digits, all halves of one size at the same time (Khuong, "How to print integers really fast", 2017).
    @inline(always)
    private static func eight(_ number: UInt64) -> UInt64 {
        // The divisions by 10^4, 100 and 10 are multiplications by 2^40 / 10^4, 2^19 / 100 and 2^10 / 10. The remainder
        // of a half goes above it: x << 32 - q × (10^4 << 32 - 1) is q | (x - q × 10^4) << 32.
        let upper = (number &* 109_951_163) &>> 40
        let fours = number &<< 32 &- upper &* (10_000 &<< 32 &- 1)
        let hundreds = ((fours &* 5243) &>> 19) & 0x7f_0000_007f
        let twos = fours &<< 16 &- hundreds &* (100 &<< 16 &- 1)
        let tens = ((twos &* 103) &>> 10) & 0x000f_000f_000f_000f
        return twos &<< 8 &- tens &* (10 &<< 8 &- 1)
    }
}
