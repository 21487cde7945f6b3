// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import CValuation

/// The distributions of the values of predictors that explore, for propensities.
extension PolicyScoring {
    /// Stores the distribution of each candidate's logits, before draws move them.
    @inline(never)
    mutating func noteArms(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, _ wanted: Scoring.Wanted, _ release: Int,
        _ scale: Double
    ) {
        let scoring = scratch.pointee.scorings + release
        if !sortTerms(release) { return }
        for place in 0..<count {
            if scoring.pointee.deadline.check(after: 1) { return }
            var arm = Arm()
            arm.firstFactor = scratch.pointee.factors.count
            if wanted.click {
                (arm.click, arm.clickFactors) = logit(.click, place, candidates[place], wanted, release, scale)
            }
            if wanted.conversion && candidates[place].needs(.conversion) {
                (arm.conversion, arm.conversionFactors) = logit(
                    .conversion, place, candidates[place], wanted, release, scale)
            }
            scratch.pointee.arms[scratch.pointee.places[place]] = arm
        }
    }

    /// The distribution of one logit, and its number of factors: one for each weight of the ad's own features, however
    /// often the ad has them, with the part of the request for the same weight.
    private mutating func logit(
        _ target: Target, _ place: Int, _ candidate: valuation_candidate, _ wanted: Scoring.Wanted, _ release: Int,
        _ scale: Double
    ) -> (Logit, Int32) {
        let scoring = scratch.pointee.scorings + release
        let own = scoring.pointee.of(target).pointee
        if own.models[place] == own.absentModel { return (Logit(), 0) }
        let before = scratch.pointee.factors.count
        noteFactors(target, place, candidate, wanted, release)
        let count = mergeFactors(from: before, scale)
        var shared = scratch.pointee.draws.candidates(target).sharedVariances[place]
        shared += varianceOfRepeated(target, place, release)
        for position in before..<(before &+ count) {
            let moved = scratch.pointee.factors[position].shared
            shared -= moved * moved
        }
        let deviation = sqrt(max(0, shared)) * scale
        var variance = deviation * deviation
        for position in before..<(before &+ count) {
            let factor = scratch.pointee.factors[position].deviation
            variance += factor * factor
        }
        let logit = Logit(mean: own.logits[place], deviation: sqrt(variance), shared: deviation)
        return (logit, Int32(truncatingIfNeeded: count))
    }

    /// Stores the uncertain weights of a candidate's own features, as often as it has these.
    private mutating func noteFactors(
        _ target: Target, _ place: Int, _ candidate: valuation_candidate, _ wanted: Scoring.Wanted, _ release: Int
    ) {
        let scoring = scratch.pointee.scorings + release
        if wanted.adFeatures == 0 || !scoring.pointee.index.pointee.hasVariances { return }
        if AdArrays(scoring.pointee.scratch).lengths[place] == 0 { return }
        Scoring.forEachAdFeature(candidate, scoring) { term in
            noteFactors(of: term, target, place, candidate.campaign, release)
        }
        if !scoring.pointee.index.pointee.hasCrosses { return }
        Scoring.forEachAdCross(candidate, scoring) { slot in
            noteFactors(of: Term(slot: slot, number: 1), target, place, candidate.campaign, release)
        }
    }

    private mutating func noteFactors(
        of term: Term, _ target: Target, _ place: Int, _ campaign: UInt64, _ release: Int
    ) {
        forEachDeviation(of: term, target, place, release) { level, deviation in
            let key = term.slot.pointee.key &+ UInt64(Draw.label(0, target, level: level))
            let shared = requestDeviation(term.slot, target, place, level, release)
            note(Factor(key: key, deviation: Double(deviation), shared: shared))
        }
    }

    /// Merges the last factors that are of the same weight, and scales them. - Returns: how many are left.
    private mutating func mergeFactors(from start: Int, _ scale: Double) -> Int {
        let all = scratch.pointee.factors.elements
        let last = UnsafeMutableBufferPointer(rebasing: all[start...])
        if !Heap.sort(last, &deadline, { $0.key > $1.key }) { return 0 }
        var count = 0
        for position in 0..<last.count {
            if count > 0 && last[count &- 1].key == last[position].key {
                last[count &- 1].deviation += last[position].deviation
            } else {
                last[count] = last[position]
                count &+= 1
            }
        }
        for position in 0..<count {
            last[position].deviation = (last[position].deviation + last[position].shared) * scale
        }
        scratch.pointee.factors.truncate(start &+ count)
        return count
    }

    // MARK: The request's terms by their labels

    /// Sorts the request's terms by their labels. - Returns: false if the time was over before the end.
    private mutating func sortTerms(_ release: Int) -> Bool {
        let scoring = scratch.pointee.scorings + release
        if releaseOfSorted == release { return true }
        scratch.pointee.draws.sort(scoring.pointee.terms.list)
        if !Heap.sort(scratch.pointee.draws.sorted.elements, &deadline, { $0.slot > $1.slot }) { return false }
        releaseOfSorted = release
        return true
    }

    /// How far the request's features of a label move the logit of a candidate's model, or of one that this extends.
    private func requestDeviation(
        _ slot: UnsafePointer<Index.LabelSlot>, _ target: Target, _ place: Int, _ level: Int, _ release: Int
    ) -> Double {
        let sorted = scratch.pointee.draws.sorted.elements
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low &+ high) / 2
            if sorted[middle].slot < slot { low = middle &+ 1 } else { high = middle }
        }
        var moved = 0.0
        while low < sorted.count && sorted[low].slot == slot {
            moved += Double(deviation(of: sorted[low], target, place, level, release))
            low &+= 1
        }
        return moved
    }

    /// How much greater the variance of the request's part is than the sum over its terms, because some terms have the
    /// same weight.
    private func varianceOfRepeated(_ target: Target, _ place: Int, _ release: Int) -> Double {
        let (sorted, scoring) = (scratch.pointee.draws.sorted.elements, scratch.pointee.scorings + release)
        var (start, more) = (0, 0.0)
        while start < sorted.count {
            var end = start &+ 1
            while end < sorted.count && sorted[end].slot == sorted[start].slot { end &+= 1 }
            if end &- start > 1 {
                for level in 0..<scoring.pointee.index.pointee.levels {
                    var (sum, squares) = (0.0, 0.0)
                    for position in start..<end {
                        let deviation = Double(deviation(of: sorted[position], target, place, level, release))
                        sum += deviation
                        squares += deviation * deviation
                    }
                    more += sum * sum - squares
                }
            }
            start = end
        }
        return more
    }

    @inline(never)
    private func note(_ factor: Factor) {
        do {
            try scratch.pointee.factors.append(factor)
        } catch {
            scratch.pointee.lacksMemory = true
        }
    }
}
