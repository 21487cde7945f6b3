// SPDX-License-Identifier: Apache-2.0
import CValuation

extension Scorer {
    /// Values every candidate, and tells how likely each was to be worth most. - Precondition: the scorer is prepared for the snapshot.
    static func explore(
        _ scorer: UnsafeMutablePointer<Scorer>, _ request: Request, _ candidates: UnsafePointer<valuation_candidate>,
        count: Int, into values: UnsafeMutablePointer<valuation_value>, _ propensities: UnsafeMutablePointer<Double>,
        _ snapshot: UnsafeMutablePointer<Snapshot>
    ) throws(Failure) {
        Scorer.score(scorer, request, candidates, count: count, into: values, snapshot)
        var (best, isExplored) = (-1, false)
        for place in 0..<count {
            propensities[place] = 0
            isExplored = isExplored || values[place].flags & Flags.explored.rawValue != 0
            if values[place].expected_revenue > (best < 0 ? 0 : values[best].expected_revenue) { best = place }
        }
        if isExplored {
            try findPropensities(scorer, request, candidates, count: count, into: values, propensities, snapshot)
        } else if best >= 0 {
            propensities[best] = 1
        }
    }

    /// The same once more, with how each value is distributed: few requests need it.
    private static func findPropensities(
        _ scorer: UnsafeMutablePointer<Scorer>, _ request: Request, _ candidates: UnsafePointer<valuation_candidate>,
        count: Int, into values: UnsafeMutablePointer<valuation_value>, _ propensities: UnsafeMutablePointer<Double>,
        _ snapshot: UnsafeMutablePointer<Snapshot>
    ) throws(Failure) {
        guard let policy = snapshot.pointee.policy, let scratch = scorer.pointee.policyScratch else { return }
        try scratch.pointee.allArms.resize(max(count, scratch.pointee.allArms.count), filling: Arm())
        guard let arms = scratch.pointee.allArms.base else { return }
        var scoring = PolicyScoring(
            request, candidates: count, snapshot: snapshot, policy: policy, scratch: scratch, arms: arms)
        scoring.score(candidates, count: count, into: values)
        var deadline = request.deadline
        if deadline.check() { return }
        let all = UnsafeMutableBufferPointer(start: arms, count: count)
        try scratch.pointee.propensities.find(all, into: propensities)
    }
}
