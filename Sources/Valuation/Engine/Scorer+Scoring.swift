// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation

/// Whole requests under any policy.
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
