// SPDX-License-Identifier: Apache-2.0

/// The logistic function 1 / (1 + e^(−z)) for many logits at once.
///
/// e^x = 2^n · e^r with n = round(x / ln 2), |r| ≤ ln(2) / 2, and e^r by its Taylor polynomial of degree 11, whose remainder is
/// below 7e-15 (Cody & Waite, "Software Manual for the Elementary Functions", 1980). In double before the one rounding to
/// Float, so the result is within 0.51 ulp of a Float; a test holds it against an 80-bit computation.
enum Sigmoid {
    /// Beyond this a logit is cut off: 1.8e-35 is as good as nothing, and still an ordinary Float.
    static let bound = 80.0
    static let width = 8

    /// - Parameters:
    ///   - logits: within ±`bound`; `count` rounded up to a multiple of `width` may be read.
    ///   - probabilities: as many may be written.
    static func apply(
        _ logits: UnsafePointer<Double>, _ probabilities: UnsafeMutablePointer<Float>, count: Int
    ) {
        let source = UnsafeRawPointer(logits)
        let destination = UnsafeMutableRawPointer(probabilities)
        var index = 0
        while index < count {
            let z = source.loadUnaligned(fromByteOffset: index &* 8, as: SIMD8<Double>.self)
            destination.storeBytes(of: SIMD8<Float>(probability(z)), toByteOffset: index &* 4, as: SIMD8<Float>.self)
            index &+= width
        }
    }

    @inline(__always)
    private static func probability(_ z: SIMD8<Double>) -> SIMD8<Double> {
        let x = -z
        // Adding 1.5 · 2^52 rounds to an integer, which then stands in the low bits.
        let shifter = 6_755_399_441_055_744.0
        let shifted = x * 1.4426950408889634 + shifter
        let n = shifted - shifter
        let r = (x - n * 0.6931471805598903) - n * 5.497923018708371e-14
        var e = SIMD8<Double>(repeating: 1.0 / 39_916_800)
        e = e * r + 1.0 / 3_628_800
        e = e * r + 1.0 / 362_880
        e = e * r + 1.0 / 40_320
        e = e * r + 1.0 / 5_040
        e = e * r + 1.0 / 720
        e = e * r + 1.0 / 120
        e = e * r + 1.0 / 24
        e = e * r + 1.0 / 6
        e = e * r + 0.5
        e = e * r + 1.0
        e = e * r + 1.0
        let exponent = unsafeBitCast(shifted, to: SIMD8<Int64>.self) &<< 52
        e = unsafeBitCast(unsafeBitCast(e, to: SIMD8<Int64>.self) &+ exponent, to: SIMD8<Double>.self)
        return 1.0 / (1.0 + e)
    }
}
