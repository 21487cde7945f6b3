// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation

/// Whole requests: all candidates in their order, or the best of them.
extension Scoring {
    /// Values every candidate. - Complexity: as `Scoring`.
    @_optimize(speed)
    @inline(never)
    static func score(
        _ request: Request, _ candidates: UnsafePointer<valuation_candidate>, count: Int,
        into values: UnsafeMutablePointer<valuation_value>, index: UnsafePointer<Index>,
        scratch: UnsafeMutablePointer<Scratch>
    ) {
        var scoring = Scoring(
            request, candidates: count, index: index, scratch: scratch, campaigns: index.pointee.campaignTable)
        var start = 0
        while start < count {
            let length = min(Scratch.blockSize, count &- start)
            scoring.score(candidates + start, count: length, into: values + start)
            start &+= length
        }
        scoring.finish()
    }

    /// Values every candidate and keeps the best. - Complexity: as `Scoring`, and O(count × log capacity).
    @_optimize(speed)
    @inline(never)
    static func rank(
        _ request: Request, _ candidates: UnsafePointer<valuation_candidate>, count: Int, into ranking: inout Ranking,
        index: UnsafePointer<Index>, scratch: UnsafeMutablePointer<Scratch>
    ) {
        var scoring = Scoring(
            request, candidates: count, index: index, scratch: scratch, campaigns: index.pointee.campaignTable)
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

/// Whole requests under whatever policy there is.
extension Scorer {
    /// Values every candidate. - Precondition: the scorer is prepared for the snapshot.
    @inline(__always)
    static func score(
        _ scorer: UnsafeMutablePointer<Scorer>, _ request: Request, _ candidates: UnsafePointer<valuation_candidate>,
        count: Int, into values: UnsafeMutablePointer<valuation_value>, _ snapshot: UnsafeMutablePointer<Snapshot>
    ) {
        if let policy = snapshot.pointee.policy, let scratch = scorer.pointee.policyScratch {
            var scoring = PolicyScoring(
                request, candidates: count, snapshot: snapshot, policy: policy, scratch: scratch)
            scoring.score(candidates, count: count, into: values)
        } else {
            Scoring.score(
                request, candidates, count: count, into: values, index: Snapshot.index(snapshot),
                scratch: scorer.pointee.scratch)
        }
    }

    /// Values every candidate and keeps the best. - Precondition: the scorer is prepared for the snapshot.
    @inline(__always)
    static func rank(
        _ scorer: UnsafeMutablePointer<Scorer>, _ request: Request, _ candidates: UnsafePointer<valuation_candidate>,
        count: Int, into ranking: inout Ranking, _ snapshot: UnsafeMutablePointer<Snapshot>
    ) {
        if let policy = snapshot.pointee.policy, let scratch = scorer.pointee.policyScratch {
            var scoring = PolicyScoring(
                request, candidates: count, snapshot: snapshot, policy: policy, scratch: scratch)
            scoring.rank(
                candidates, count: count, into: &ranking, scorer.pointee.scratch.pointee.values.base.unsafelyUnwrapped)
        } else {
            Scoring.rank(
                request, candidates, count: count, into: &ranking, index: Snapshot.index(snapshot),
                scratch: scorer.pointee.scratch)
        }
    }
}

/// The part of a request that scoring needs.
struct Request {
    let features: UnsafePointer<valuation_feature>?
    let featureCount: Int
    let deadline: Deadline
    /// What a policy looks at beside the features.
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
