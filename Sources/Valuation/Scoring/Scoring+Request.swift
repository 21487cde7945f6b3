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
        Scratch.forEachBlock(of: count) { start, length in
            scoring.score(candidates + start, count: length, into: values + start)
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
        Scratch.forEachBlock(of: count) { start, length in
            scoring.score(candidates + start, count: length, into: values)
            for place in 0..<length { ranking.add(values[place], index: start &+ place) }
        }
        scoring.finish()
        ranking.finish()
    }
}
