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
        // The features of the only candidate are looked up together with the request's.
        let isOnly = count == 1 && hasMovableFeatures(candidates[0], index)
        var scoring = Scoring(
            request,
            ad: UnsafeBufferPointer(
                start: isOnly ? candidates[0].features : nil, count: isOnly ? Int(candidates[0].feature_count) : 0),
            candidates: count, index: index, scratch: scratch, campaigns: index.pointee.campaignTable)
        if isOnly {
            var plain = candidates[0]
            (plain.features, plain.feature_count) = (nil, 0)
            scoring.score(&plain, count: 1, into: values)
        } else {
            Scratch.forEachBlock(of: count) { start, length in
                scoring.score(candidates + start, count: length, into: values + start)
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
        Scratch.forEachBlock(of: count) { start, length in
            scoring.score(candidates + start, count: length, into: values)
            for place in 0..<length { ranking.add(values[place], index: start &+ place) }
        }
        scoring.finish()
        ranking.finish()
    }
}
