// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import CValuation

/// What chance gives each weight in one request: the same for the same seed, wherever and however often it is asked.
///
/// A draw is found from two halves, one of the weight's label and one of its model, so that neither is formed again for each
/// other. Each campaign draws the weights that it has from a model that others use, too, for itself.
struct Draw {
    /// The label of a model's intercept, and of a rate that was observed.
    static let intercept: UInt64 = 0

    let seed: UInt64
    /// What the labels' halves are formed with.
    private let scrambled: UInt64

    /// Where nothing is drawn.
    init() {
        (seed, scrambled) = (0, 0)
    }

    init(seed: UInt64) {
        (self.seed, scrambled) = (seed, Draw.hash(seed, 0))
    }

    /// - Parameter request: its seed counts, or else its features' keys and numbers.
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

    /// The upper half of a product, which each bit of the label has a part in (Knuth, "The Art of Computer Programming", vol. 3, 6.4).
    @inline(__always)
    func half(ofLabel key: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: ((key ^ scrambled) &* 0x9e37_79b9_7f4a_7c15) &>> 32)
    }

    /// An even number from 0 to 1, without 1.
    func fraction(ofLabel key: UInt64) -> Double { Double(Draw.hash(seed, key) &>> 11) * 0x1p-53 }

    /// - Parameter level: 0 for the campaign's own model, 1 for the one that this extends, and so on.
    @inline(__always)
    static func half(ofCampaign campaign: UInt64, _ target: Target, level: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: campaign) ^ half(of: target, level: level)
    }

    /// By what a target's halves differ from the campaign's key.
    @inline(__always)
    static func half(of target: Target, level: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: level &* 2 &+ (target == .click ? 0 : 1)) &* 0x9e37_79b9
    }

    /// Which of the `NormalTable.count` parts of the distribution is drawn (the mixing is Wellons', "lowbias32", 2018).
    @inline(__always)
    static func part(_ label: UInt32, _ model: UInt32) -> Int {
        var x = label ^ model
        x = (x ^ x &>> 16) &* 0x7feb_352d
        x = (x ^ x &>> 15) &* 0x846c_a68b
        return Int(truncatingIfNeeded: (x ^ x &>> 16) &>> 19)
    }

    /// By how much a draw moves a logit: `deviation × z`, rounded to a multiple of 2^-30, so that sums of some are exact, in whatever order,
    /// up to 2^23, far beyond any logit that is not cut.
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
