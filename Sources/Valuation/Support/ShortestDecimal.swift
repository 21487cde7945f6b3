// SPDX-License-Identifier: Apache-2.0

/// The shortest decimal number that reads back to a floating-point number, and of several equally short ones the
/// nearest: Schubfach (Giulietti, "The Schubfach way to render doubles", 2020), which needs neither a loop nor big
/// integers.
///
/// It handles the numbers for which the power of ten is at most 10^54, where powers of five fit in 128 bits and every
/// product is exact: doubles from 2^-126 to 2^53, and all floats below 2^24. That is every probability and nearly every
/// price; the standard library prints the others (`withDecimal`).
struct ShortestDecimal {
    /// The number is `digits` × 10^`exponent`; at most 17 digits, which may end in zeros.
    var digits: UInt64
    var exponent: Int

    /// Nil where the number is out of range. - Precondition: not negative, not 0.
    @inline(always)
    init?(_ number: Double) {
        let bits = number.bitPattern
        let exponent = Int(bits &>> 52) &- 1075
        // Subnormals have the smallest exponent of all, infinity and NaN the largest.
        if exponent < -178 || exponent > 0 { return nil }
        let fraction = bits & 0xf_ffff_ffff_ffff
        self.init(significand: fraction | 1 &<< 52, exponent: exponent, isPowerOfTwo: fraction == 0, isFloat: false)
    }

    /// Nil where the number is out of range. - Precondition: not negative, not 0.
    @inline(always)
    init?(_ number: Float) {
        let bits = number.bitPattern
        let biased = Int(bits &>> 23)
        if biased > 150 { return nil }
        let fraction = UInt64(bits & 0x7f_ffff)
        // Subnormals have the smallest exponent too, and no leading one.
        let significand = fraction | (biased == 0 ? 0 : 1 &<< 23)
        let isPowerOfTwo = fraction == 0 && biased > 1
        self.init(
            significand: significand, exponent: max(biased, 1) &- 150, isPowerOfTwo: isPowerOfTwo, isFloat: true)
    }

    /// The digits of `significand` × 2^`exponent`, in the form of a floating-point number, with an exponent of -178 to
    /// 0.
    ///
    /// - Parameter isPowerOfTwo: whether the next lower number is only half as far away as the next higher one.
    @inline(always)
    private init(significand: UInt64, exponent power: Int, isPowerOfTwo: Bool, isFloat: Bool) {
        if significand.trailingZeroBitCount >= 0 &- power {
            digits = significand &>> UInt64(truncatingIfNeeded: 0 &- power)
            exponent = 0
            return
        }
        // The largest power of ten that is no longer than the interval of numbers that read back to this one; the factors
        // are log10(2) and log10(4/3) times 2^22.
        let scale = (power &* 1_262_611 &- (isPowerOfTwo ? 524_031 : 0)) &>> 22
        let shift = UInt64(truncatingIfNeeded: power &+ PowerOfTen.binaryExponent(0 &- scale) &+ 1)
        // Both ends of the interval and the number itself, times four over that power of ten. An odd significand's ends
        // are rounded away from it.
        let ten = PowerOfTen(0 &- scale)
        let middle = ten.scale((4 &* significand) &<< shift, isShort: isFloat)
        let isOdd = significand & 1
        let below: UInt64 = isPowerOfTwo ? 1 : 2
        let low = ten.scale((4 &* significand &- below) &<< shift, isShort: isFloat) &+ isOdd
        let high = ten.scale((4 &* significand &+ 2) &<< shift, isShort: isFloat) &- isOdd
        let whole = middle / 4
        // The nearest number with one digit less, if it reads back. Without branches, because they would be
        // mispredicted.
        let tenth = whole / 10
        let isTenthInside = low <= 40 &* tenth
        let isNextTenthInside = 40 &* tenth &+ 40 <= high
        let isShorter = (isTenthInside != isNextTenthInside) && (whole >= 10)
        let shorter = (tenth &+ (isNextTenthInside ? 1 : 0)) &* 10
        // Otherwise the nearest one, and of two equally near ones the even one.
        var longer = whole &+ ((middle & 3) &+ (whole & 1) &+ 1) &>> 2
        if isPowerOfTwo {
            // The interval is shorter below, and the nearest number may be outside.
            let isInside = low <= 4 &* whole
            let isNextInside = 4 &* whole &+ 4 <= high
            if isInside != isNextInside { longer = whole &+ (isNextInside ? 1 : 0) }
        }
        digits = isShorter ? shorter : longer
        exponent = scale
    }
}
