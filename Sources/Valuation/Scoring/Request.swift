// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation

/// The part of a request that scoring needs.
struct Request {
    var features: UnsafePointer<valuation_feature>?
    var featureCount: Int
    let deadline: Deadline
    /// Features that all requests of a batch have besides their own, and the number of the batch, by which a scratch
    /// knows whether it has looked them up.
    var shared = UnsafeBufferPointer<valuation_feature>(start: nil, count: 0)
    var batch: UInt64 = 0
    /// What a policy reads besides the features.
    var units: UnsafePointer<valuation_unit>?
    var unitCount = 0
    var seed: UInt64 = 0
    /// Seconds since 1970, nil for now.
    var time: Int64?

    /// - Parameter timeBudget: nanoseconds from now, or 0.
    init(features: UnsafePointer<valuation_feature>?, featureCount: Int, timeBudget: UInt64) {
        self.features = features
        self.featureCount = featureCount
        deadline = Deadline(budget: timeBudget)
    }
}
