// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation

/// What chance gives each weight in one request: the same for the same seed, wherever and however often it is asked.
///
/// A draw is found from two halves, one of the weight's label and one of its model, so that neither is hashed again for each
/// other. Each campaign draws the weights that it has from a model that others use, too, for itself.
struct Draw {
    /// The label of a model's intercept, and of a rate that was observed.
    static let intercept: UInt64 = 0

    let seed: UInt64

    init(seed: UInt64) { self.seed = seed }

    /// - Parameter request: its seed counts, or else its features' keys and numbers.
    init(_ request: Request) {
        if request.seed != 0 {
            seed = request.seed
        } else if let features = request.features {
            let bytes = UnsafeRawPointer(features).assumingMemoryBound(to: UInt8.self)
            seed = fingerprint64(Text(bytes, request.featureCount &* MemoryLayout<valuation_feature>.stride))
        } else {
            seed = 0
        }
    }

    func half(ofLabel key: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: Draw.hash(seed, key)) }

    /// An even number from 0 to 1, without 1.
    func fraction(ofLabel key: UInt64) -> Double { Double(Draw.hash(seed, key) &>> 11) * 0x1p-53 }

    /// - Parameter level: 0 for the campaign's own model, 1 for the one that this extends, and so on.
    static func half(ofCampaign campaign: UInt64, _ target: Target, level: Int) -> UInt32 {
        let model = UInt64(truncatingIfNeeded: level &* 2 &+ (target == .click ? 0 : 1))
        return UInt32(truncatingIfNeeded: hash(campaign, model))
    }

    /// Which of the `NormalTable.count` parts of the distribution is drawn (the mixing is Wellons', "lowbias32", 2018).
    @inline(__always)
    static func part(_ label: UInt32, _ model: UInt32) -> Int {
        var x = label ^ model
        x = (x ^ x &>> 16) &* 0x7feb_352d
        x = (x ^ x &>> 15) &* 0x846c_a68b
        return Int(truncatingIfNeeded: (x ^ x &>> 16) &>> 19)
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
