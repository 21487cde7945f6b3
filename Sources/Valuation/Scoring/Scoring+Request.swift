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
