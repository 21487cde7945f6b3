// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// The normal distribution of a logit over the draws.
struct Logit {
    var mean = 0.0
    var deviation = 0.0
    /// The part of the deviation by which all ads of a campaign move together: its square is part of the square of
    /// `deviation`.
    var shared = 0.0

    init() {}

    /// All of the deviation is shared.
    init(mean: Double, deviation: Double) {
        (self.mean, self.deviation, shared) = (mean, deviation, deviation)
    }

    init(mean: Double, deviation: Double, shared: Double) {
        (self.mean, self.deviation, self.shared) = (mean, deviation, shared)
    }

    /// Of an observed rate.
    init(_ rate: Beta, scale: Double) {
        self.init(mean: rate.logit, deviation: sqrt(rate.logitVariance) * scale)
    }

    /// The probability `z` standard deviations from the mean, as values have it.
    func probability(_ z: Double) -> Float {
        Float(1 / (1 + exp(-max(-Sigmoid.bound, min(Sigmoid.bound, mean + deviation * z)))))
    }
}

/// How far one weight of an ad's own features may move its logit.
struct Factor {
    /// The same for all ads of the campaign that have the weight.
    var key: UInt64
    var deviation: Double
    /// How far the same weight moves the logit because the request has its feature, too: part of `Logit.shared`.
    var shared = 0.0
}
