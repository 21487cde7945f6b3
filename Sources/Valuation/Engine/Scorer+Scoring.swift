// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation

/// Whole requests under any policy.
extension Scorer {
    /// What is known of the features of the last request that had candidates.
    static func coverage(_ scorer: UnsafeMutablePointer<Scorer>) -> Coverage { scorer.pointee.scratch.pointee.coverage }

    /// Values every candidate. - Precondition: the scorer is prepared for the snapshot.
    @inline(__always)
    static func score(
        _ scorer: UnsafeMutablePointer<Scorer>, _ request: Request, _ candidates: Candidates,
        into values: UnsafeMutablePointer<valuation_value>, _ snapshot: UnsafeMutablePointer<Snapshot>
    ) {
        if let policy = snapshot.pointee.policy, let scratch = scorer.pointee.policyScratch {
            var scoring = PolicyScoring(
                request, candidates: candidates.count, snapshot: snapshot, policy: policy, scratch: scratch)
            scoring.score(candidates, into: values)
        } else {
            Scoring.score(
                request, candidates, into: values, index: Snapshot.index(snapshot), scratch: scorer.pointee.scratch)
        }
    }

    /// Values every candidate and keeps the best. - Precondition: the scorer is prepared for the snapshot.
    @inline(__always)
    static func rank(
        _ scorer: UnsafeMutablePointer<Scorer>, _ request: Request, _ candidates: Candidates,
        into ranking: inout Ranking, _ snapshot: UnsafeMutablePointer<Snapshot>
    ) {
        if let policy = snapshot.pointee.policy, let scratch = scorer.pointee.policyScratch {
            var scoring = PolicyScoring(
                request, candidates: candidates.count, snapshot: snapshot, policy: policy, scratch: scratch)
            scoring.rank(candidates, into: &ranking, scorer.pointee.scratch.pointee.values.base.unsafelyUnwrapped)
        } else {
            Scoring.rank(
                request, candidates, into: &ranking, index: Snapshot.index(snapshot), scratch: scorer.pointee.scratch)
        }
    }

    // MARK: The same for callers that do more than this, one copy for all of them

    @inline(never)
    static func scoreAll(
        _ scorer: UnsafeMutablePointer<Scorer>, _ request: Request, _ candidates: Candidates,
        into values: UnsafeMutablePointer<valuation_value>, _ snapshot: UnsafeMutablePointer<Snapshot>
    ) {
        score(scorer, request, candidates, into: values, snapshot)
    }

    @inline(never)
    static func rankAll(
        _ scorer: UnsafeMutablePointer<Scorer>, _ request: Request, _ candidates: Candidates,
        into ranking: inout Ranking, _ snapshot: UnsafeMutablePointer<Snapshot>
    ) {
        rank(scorer, request, candidates, into: &ranking, snapshot)
    }
}
