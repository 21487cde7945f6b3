// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import CValuation

/// The random draws of weights in one request: the same for the same seed, wherever and however often they are made.
///
/// A draw combines two numbers, one of the weight's label and one of the campaign, so that each is computed once. A
/// campaign draws the weights of a model that others use, too, separately.
struct Draw {
    /// The label of a model's intercept, and of an observed rate.
    static let intercept: UInt64 = 0

    let seed: UInt64
    /// The number with which the labels' halves are computed.
    private let scrambled: UInt64

    /// For requests without draws.
    init() {
        (seed, scrambled) = (0, 0)
    }

    init(seed: UInt64) {
        (self.seed, scrambled) = (seed, Draw.hash(seed, 0))
    }

    /// - Parameter request: its seed, or else its features' keys and numbers, determine the draws.
    init(_ request: Request) {
        if request.seed != 0 {
            self.init(seed: request.seed)
        } else {
            self.init(seed: Draw.seed(UnsafeBufferPointer(start: request.features, count: request.featureCount)))
        }
    }

    /// The seed that a request's features make; 0 if there are none.
    static func seed(_ features: UnsafeBufferPointer<valuation_feature>) -> UInt64 {
        guard features.count > 0, let start = features.baseAddress else { return 0 }
        let bytes = UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self)
        return fingerprint64(Text(bytes, features.count &* MemoryLayout<valuation_feature>.stride))
    }

    /// The upper half of a product, which depends on each bit of the label (Knuth, "The Art of Computer Programming",
    /// vol. 3, 6.4). `Draw.label` derives the numbers of the targets and levels from it.
    @inline(__always)
    func half(ofLabel key: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: ((key ^ scrambled) &* 0x9e37_79b9_7f4a_7c15) &>> 32)
    }

    /// A uniform number from 0 to 1, without 1.
    func fraction(ofLabel key: UInt64) -> Double { Double(Draw.hash(seed, key) &>> 11) * 0x1p-53 }

    /// A label's number for a target and level; it is odd.
    ///
    /// - Parameters:
    ///   - half: the result of `half(ofLabel:)`.
    ///   - level: 0 for the campaign's own model, 1 for the one that this extends, and so on.
    @inline(__always)
    static func label(_ half: UInt32, _ target: Target, level: Int) -> UInt32 {
        (half ^ UInt32(truncatingIfNeeded: level &* 2 &+ target.position) &* 0x9e37_79b9) | 1
    }

    /// The standard normal number of a weight's draw. `CKernels` `draw` computes the same for many at once.
    ///
    /// Both numbers are mixed into 32 bits (as Wellons' "lowbias32", 2018, but multiplying by the label first). The
    /// weighted sum of their four bytes is nearly normal, and a polynomial of degree 5 brings it nearer: within 0.005 of
    /// the quantile for |z| < 2, within 0.014 for |z| < 3, with variance 1 and kurtosis 2.993, never beyond ±4.4. The
    /// bytes' weights differ, so only one pair of draws in four million is equal. Of 3,000 random pairs of campaigns, the
    /// draws of one label had a correlation above 0.03 in eight, and never above 0.05.
    ///
    /// - Parameters:
    ///   - label: the result of `label`.
    ///   - campaign: the lower half of the campaign's key.
    @inline(__always)
    static func z(_ label: UInt32, _ campaign: UInt32) -> Float {
        var x = label &* (campaign | 1)
        x = (x ^ x &>> 15) &* 0x846c_a68b
        let sum = (x & 255) &* 7936 &+ (x &>> 8 & 255) &* 8064 &+ (x &>> 16 & 255) &* 8128 &+ (x &>> 24) &* 7747
        // The sum as a number, by its bits behind 2^23: a conversion would wait for what its register held before.
        let t = (Float(bitPattern: sum | 0x4b00_0000) - 0x1p23) - 4_064_062.5
        let square = t * t
        return t * ((square * 7.69688015e-34 + 3.06492405e-21) * square + 8.20729833e-7)
    }

    /// How far a draw moves a logit: `deviation × z`, rounded to a multiple of 2^-30. Sums are therefore exact in any
    /// order up to 2^23, far beyond any logit that is not clamped.
    @inline(__always)
    static func move(_ deviation: Float, _ z: Float) -> Double {
        // Adding and subtracting 1.5 · 2^52 parts rounds to whole ones.
        let rounder = 6_755_399_441_055_744.0 / Double(VALUATION_KERNELS_MOVES)
        return (Double(deviation * z) + rounder) - rounder
    }

    /// The same as `z`, for code whose speed does not matter.
    @inline(never)
    static func coldZ(_ label: UInt32, _ campaign: UInt32) -> Float { z(label, campaign) }

    /// `Fingerprint64` of both numbers' 16 bytes, little-endian.
    @inline(never)
    static func hash(_ first: UInt64, _ second: UInt64) -> UInt64 {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2) { pair in
            pair[0] = first.littleEndian
            pair[1] = second.littleEndian
            let bytes = UnsafeRawPointer(pair.baseAddress.unsafelyUnwrapped).assumingMemoryBound(to: UInt8.self)
            return fingerprint64(Text(bytes, 16))
        }
    }
}
