// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation

/// Whole requests: all candidates in their order, or the best of them.
extension Scoring {
    /// Values every candidate. - Complexity: as `Scoring`.
    static func score(
        _ request: Request, _ candidates: UnsafePointer<valuation_candidate>, count: Int,
        into values: UnsafeMutablePointer<valuation_value>, index: UnsafePointer<Index>,
        scratch: UnsafeMutablePointer<Scratch>
    ) {
        var scoring = Scoring(request, candidates: count, index: index, scratch: scratch)
        var start = 0
        while start < count {
            let length = min(Scratch.blockSize, count &- start)
            scoring.score(candidates + start, count: length, into: values + start)
            start &+= length
        }
        scoring.finish()
    }

    /// Values every candidate and keeps the best. - Complexity: as `Scoring`, and O(count × log capacity).
    static func rank(
        _ request: Request, _ candidates: UnsafePointer<valuation_candidate>, count: Int, into ranking: inout Ranking,
        index: UnsafePointer<Index>, scratch: UnsafeMutablePointer<Scratch>
    ) {
        var scoring = Scoring(request, candidates: count, index: index, scratch: scratch)
        let values = scratch.pointee.values.base.unsafelyUnwrapped
        var start = 0
        while start < count {
            let length = min(Scratch.blockSize, count &- start)
            scoring.score(candidates + start, count: length, into: values)
            for place in 0..<length { ranking.add(values[place], index: start &+ place) }
            start &+= length
        }
        scoring.finish()
        ranking.finish()
    }
}

/// The part of a request that scoring needs.
struct Request {
    let features: UnsafePointer<valuation_feature>?
    let featureCount: Int
    let deadline: Deadline

    /// - Parameter timeBudget: nanoseconds from now, or 0.
    init(features: UnsafePointer<valuation_feature>?, featureCount: Int, timeBudget: UInt64) {
        self.features = features
        self.featureCount = featureCount
        deadline = Deadline(budget: timeBudget)
    }
}
