// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import CValuation

/// The random draws of weights in one request: the same for the same seed, wherever and however often they are made.
///
/// A draw combines two halves, one of the weight's label and one of its model, so that each is computed once. A
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
        } else if let features = request.features {
            let bytes = UnsafeRawPointer(features).assumingMemoryBound(to: UInt8.self)
            self.init(
                seed: fingerprint64(Text(bytes, request.featureCount &* MemoryLayout<valuation_feature>.stride)))
        } else {
            self.init(seed: 0)
        }
    }

    /// The upper half of a product, which depends on each bit of the label (Knuth, "The Art of Computer Programming",
    /// vol. 3, 6.4).
    @inline(__always)
    func half(ofLabel key: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: ((key ^ scrambled) &* 0x9e37_79b9_7f4a_7c15) &>> 32)
    }

    /// A uniform number from 0 to 1, without 1.
    func fraction(ofLabel key: UInt64) -> Double { Double(Draw.hash(seed, key) &>> 11) * 0x1p-53 }

    /// - Parameter level: 0 for the campaign's own model, 1 for the one that this extends, and so on.
    @inline(__always)
    static func half(ofCampaign campaign: UInt64, _ target: Target, level: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: campaign) ^ half(of: target, level: level)
    }

    /// What distinguishes a target's halves from the campaign's key.
    @inline(__always)
    static func half(of target: Target, level: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: level &* 2 &+ (target == .click ? 0 : 1)) &* 0x9e37_79b9
    }

    /// The drawn one of the `NormalTable.count` parts of the distribution (the mixing is Wellons', "lowbias32", 2018).
    @inline(__always)
    static func part(_ label: UInt32, _ model: UInt32) -> Int {
        var x = label ^ model
        x = (x ^ x &>> 16) &* 0x7feb_352d
        x = (x ^ x &>> 15) &* 0x846c_a68b
        return Int(truncatingIfNeeded: (x ^ x &>> 16) &>> 19)
    }

    /// How far a draw moves a logit: `deviation × z`, rounded to a multiple of 2^-30. Sums are therefore exact in any
    /// order up to 2^23, far beyond any logit that is not clamped.
    @inline(__always)
    static func move(_ deviation: Float, _ z: Float) -> Double {
        // Adding and subtracting 1.5 · 2^52 parts rounds to whole ones.
        let rounder = 6_755_399_441_055_744.0 / Double(VALUATION_KERNELS_MOVES)
        return (Double(deviation * z) + rounder) - rounder
    }

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
