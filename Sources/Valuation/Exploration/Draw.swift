// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation

/// What chance gives each campaign in one request: the same for the same seed, wherever and however often it is asked.
struct Draw {
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

    /// A draw of the standard normal distribution. - Complexity: O(1).
    func normal(_ campaign: UInt64, _ target: Target) -> Double {
        let first = Draw.hash(seed, campaign)
        let hash = target == .click ? first : Draw.hash(first, campaign)
        return Draw.normal(ofHash: hash)
    }

    /// `Fingerprint64` of both numbers' 16 bytes, little-endian, the smaller first. Whoever replays logged draws computes the same.
    static func hash(_ first: UInt64, _ second: UInt64) -> UInt64 {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2) { pair in
            pair[0] = min(first, second).littleEndian
            pair[1] = max(first, second).littleEndian
            let bytes = UnsafeRawPointer(pair.baseAddress.unsafelyUnwrapped).assumingMemoryBound(to: UInt8.self)
            return fingerprint64(Text(bytes, 16))
        }
    }

    /// The quantile of the middle of one of 2^53 parts. That of the last part would be 1 as a double, and beyond all bounds.
    static func normal(ofHash hash: UInt64) -> Double {
        NormalDistribution.quantile(min((Double(hash &>> 11) + 0.5) * 0x1p-53, 1 - 0x1p-53))
    }
}

/// How a logit is distributed.
struct Logit {
    var mean = 0.0
    var deviation = 0.0

    init() {}

    init(mean: Double, deviation: Double) {
        (self.mean, self.deviation) = (mean, deviation)
    }

    /// Of a known probability.
    init(_ probability: Float, deviation: Double) {
        let probability = min(max(Double(probability), 0x1p-126), 1 - 0x1p-40)
        self.init(mean: log(probability / (1 - probability)), deviation: deviation)
    }

    init(_ rate: Beta) {
        self.init(mean: rate.logit, deviation: sqrt(rate.logitVariance))
    }

    /// The probability that is `z` standard deviations from the mean.
    func probability(_ z: Double) -> Double {
        1 / (1 + exp(-max(-Sigmoid.bound, min(Sigmoid.bound, mean + deviation * z))))
    }
}
