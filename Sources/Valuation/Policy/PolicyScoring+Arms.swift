// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import CValuation

/// How the values of predictors that explore are distributed, for propensities.
extension PolicyScoring {
    /// Notes the distribution of each candidate's logits, before they are moved by what was drawn.
    @inline(never)
    mutating func noteArms(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, _ wanted: Scoring.Wanted, _ release: Int,
        _ scale: Double
    ) {
        let scoring = scratch.pointee.scorings + release
        for place in 0..<count {
            if scoring.pointee.deadline.check(after: 1) { return }
            var arm = Arm()
            arm.firstFactor = scratch.pointee.factors.count
            arm.click = logit(.click, place, release, scale)
            arm.clickFactors = noteFactors(.click, place, candidates[place], wanted, release, scale)
            if wanted.conversion && candidates[place].pricing == Pricing.cpa.rawValue {
                arm.conversion = logit(.conversion, place, release, scale)
                arm.conversionFactors = noteFactors(.conversion, place, candidates[place], wanted, release, scale)
            }
            scratch.pointee.arms[scratch.pointee.places[place]] = arm
        }
    }

    private func logit(_ target: Target, _ place: Int, _ release: Int, _ scale: Double) -> Logit {
        let scoring = scratch.pointee.scorings + release
        let own = target == .click ? scoring.pointee.click : scoring.pointee.conversion
        if own.models[place] == own.absentModel { return Logit() }
        let draws = scratch.pointee.draws.candidates(target)
        return Logit(
            mean: own.logits[place], deviation: sqrt(draws.variances[place]) * scale,
            shared: sqrt(draws.shared[place].variance) * scale)
    }

    /// Notes the uncertain weights of a candidate's own features. - Returns: how many there are.
    private mutating func noteFactors(
        _ target: Target, _ place: Int, _ candidate: valuation_candidate, _ wanted: Scoring.Wanted, _ release: Int,
        _ scale: Double
    ) -> Int32 {
        let scoring = scratch.pointee.scorings + release
        if wanted.adFeatures == 0 || !scoring.pointee.index.pointee.hasVariances { return 0 }
        if AdArrays(scoring.pointee.scratch).lengths[place] == 0 { return 0 }
        let before = scratch.pointee.factors.count
        Scoring.forEachAdFeature(candidate, scoring) { term in
            noteFactors(of: term, target, place, candidate.campaign, release, scale)
        }
        if scoring.pointee.index.pointee.hasCrosses {
            Scoring.forEachAdCross(candidate, scoring) { slot in
                noteFactors(of: Term(slot: slot, number: 1), target, place, candidate.campaign, release, scale)
            }
        }
        return Int32(truncatingIfNeeded: scratch.pointee.factors.count &- before)
    }

    private mutating func noteFactors(
        of term: Term, _ target: Target, _ place: Int, _ campaign: UInt64, _ release: Int, _ scale: Double
    ) {
        forEachDeviation(of: term, target, place, release) { level, deviation in
            let key = term.slot.pointee.key &+ UInt64(Draw.half(ofCampaign: campaign, target, level: level))
            note(Factor(key: key, deviation: Double(deviation) * scale))
        }
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
