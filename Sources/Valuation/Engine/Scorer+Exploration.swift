// SPDX-License-Identifier: Apache-2.0
import CValuation

extension Scorer {
    /// Values every candidate, computes how likely each was to be chosen, and chooses one. - Precondition: the scorer
    /// is prepared for the snapshot.
    ///
    /// - Returns: the position of the chosen one, nil if none is worth anything.
    static func explore(
        _ scorer: UnsafeMutablePointer<Scorer>, _ request: Request, _ candidates: Candidates,
        into values: UnsafeMutablePointer<valuation_value>, _ propensities: UnsafeMutablePointer<Double>,
        _ snapshot: UnsafeMutablePointer<Snapshot>
    ) throws(Failure) -> Int? {
        try findPropensities(scorer, request, candidates, into: values, propensities, snapshot)
        let least = snapshot.pointee.policy?.pointee.document.minimumPropensity ?? 0
        return Choice.choose(values, candidates.count, propensities, least: least, Draw(request))
    }

    /// Computes how likely each candidate was to be worth most.
    private static func findPropensities(
        _ scorer: UnsafeMutablePointer<Scorer>, _ request: Request, _ candidates: Candidates,
        into values: UnsafeMutablePointer<valuation_value>, _ propensities: UnsafeMutablePointer<Double>,
        _ snapshot: UnsafeMutablePointer<Snapshot>
    ) throws(Failure) {
        let count = candidates.count
        guard let policy = snapshot.pointee.policy, policy.pointee.explores, let scratch = scorer.pointee.policyScratch
        else {
            Scorer.scoreAll(scorer, request, candidates, into: values, snapshot)
            return markBest(values, count, propensities)
        }
        try scratch.pointee.allArms.resize(max(count, scratch.pointee.allArms.count), filling: Arm())
        guard let arms = scratch.pointee.allArms.base else { return }
        scratch.pointee.factors.removeAll()
        scratch.pointee.lacksMemory = false
        var scoring = PolicyScoring(
            request, candidates: count, snapshot: snapshot, policy: policy, scratch: scratch, arms: arms)
        scoring.score(candidates, into: values)
        if scratch.pointee.lacksMemory { throw .outOfMemory }
        var isExplored = false
        for place in 0..<count { isExplored = isExplored || values[place].flags & Flags.explored.rawValue != 0 }
        var deadline = request.deadline
        if !isExplored && !deadline.check() { return markBest(values, count, propensities) }
        let all = UnsafeMutableBufferPointer(start: arms, count: count)
        try scratch.pointee.propensities.find(
            all, scratch.pointee.factors.elements, policy.pointee.table.normals, scorer.pointee.scratch.pointee.kernels,
            into: propensities, &deadline)
        if deadline.isOver { scorer.pointee.scratch.pointee.coverage.isLate = true }
    }

    /// Without draws, the first of those that are worth most has probability 1.
    private static func markBest(
        _ values: UnsafeMutablePointer<valuation_value>, _ count: Int, _ propensities: UnsafeMutablePointer<Double>
    ) {
        var best = -1
        for place in 0..<count {
            propensities[place] = 0
            if values[place].expected_revenue > (best < 0 ? 0 : values[best].expected_revenue) { best = place }
        }
        if best >= 0 { propensities[best] = 1 }
    }
}
