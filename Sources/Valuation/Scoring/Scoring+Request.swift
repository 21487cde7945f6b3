// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation

/// Whole requests: all candidates in their order, or the best of them.
extension Scoring {
    /// Values every candidate. - Complexity: as `Scoring`.
    @_optimize(speed)
    @inline(never)
    static func score(
        _ request: Request, _ candidates: Candidates, into values: UnsafeMutablePointer<valuation_value>,
        index: UnsafePointer<Index>, scratch: UnsafeMutablePointer<Scratch>
    ) {
        let count = candidates.count
        // The features of the only candidate are looked up together with the request's.
        let room = scratch.pointee.candidateRoom
        let first = candidates.block(at: 0, min(count, 1), in: room)
        let isOnly = count == 1 && hasMovableFeatures(first[0], index)
        var scoring = Scoring(
            request,
            ad: UnsafeBufferPointer(
                start: isOnly ? first[0].features : nil, count: isOnly ? Int(first[0].feature_count) : 0),
            candidates: count, index: index, scratch: scratch, campaigns: index.pointee.campaignTable)
        if isOnly {
            room[0] = first[0]
            (room[0].features, room[0].feature_count) = (nil, 0)
            scoring.score(Candidates(room, count: 1), at: 0, count: 1, into: values)
        } else {
            Scratch.forEachBlock(of: count) { start, length in
                scoring.score(candidates, at: start, count: length, into: values + start)
            }
        }
        scoring.finish()
    }

    /// Whether a candidate's features may be looked up with the request's. Only crosses tell the two apart. The features
    /// of an invalid candidate are not read.
    @inline(__always)
    private static func hasMovableFeatures(_ candidate: valuation_candidate, _ index: UnsafePointer<Index>) -> Bool {
        candidate.feature_count > 0 && !index.pointee.hasCrosses
            && !Pricing.problems(candidate).contains(.invalidCandidate)
    }

    /// Values every candidate and keeps the best. - Complexity: as `Scoring`, and O(candidates × log capacity).
    @_optimize(speed)
    @inline(never)
    static func rank(
        _ request: Request, _ candidates: Candidates, into ranking: inout Ranking, index: UnsafePointer<Index>,
        scratch: UnsafeMutablePointer<Scratch>
    ) {
        var scoring = Scoring(
            request, candidates: candidates.count, index: index, scratch: scratch,
            campaigns: index.pointee.campaignTable)
        let values = scratch.pointee.values.base.unsafelyUnwrapped
        Scratch.forEachBlock(of: candidates.count) { start, length in
            scoring.score(candidates, at: start, count: length, into: values)
            for place in 0..<length { ranking.add(values[place], index: start &+ place) }
        }
        scoring.finish()
        ranking.finish()
    }
}
