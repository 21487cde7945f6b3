// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation

/// The values of some candidates, at most a block, by each type of predictor.
extension PolicyScoring {
    /// Values candidates by one predictor.
    mutating func value(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, by number: UInt32,
        into values: UnsafeMutablePointer<valuation_value>
    ) {
        let predictor = policy.pointee.document.predictors[Int(number)]
        switch predictor.kind {
        case .release:
            let release = Int(policy.pointee.document.members[predictor.members.start])
            value(candidates, count, release: release, exploration: predictor.exploration, into: values)
        case .ensemble: value(candidates, count, ensemble: predictor, into: values)
        case .naive: value(candidates, count, naive: predictor, into: values)
        case .constant, .retired:
            for place in 0..<count {
                let flags = Pricing.problems(candidates[place])
                values[place] = Pricing.value(
                    candidates[place], pctr: predictor.pctr, pcvr: predictor.pcvr, flags: flags)
            }
        }
    }

    private mutating func value(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, release: Int, exploration: Double,
        into values: UnsafeMutablePointer<valuation_value>
    ) {
        let scoring = begin(release, expecting: expected(count))
        (scoring.pointee.source, scoring.pointee.flags) = (0, [])
        let found = scoring.pointee.read(candidates, count)
        removeMarks(release, count)
        value(candidates, count, found, release: release, exploration: exploration, into: values)
    }

    /// Values candidates that a release has just read.
    @inline(__always)
    mutating func value(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, _ found: Scoring.Wanted, release: Int,
        exploration: Double, into values: UnsafeMutablePointer<valuation_value>
    ) {
        if exploration > 0 {
            explore(candidates, count, found, release: release, scale: exploration, into: values)
        } else {
            (scratch.pointee.scorings + release).pointee.value(candidates, count: count, found, into: values)
        }
    }

    /// The expected number of remaining candidates of a predictor that values `count` of this block.
    func expected(_ count: Int) -> Int { max(count, remaining &* count / Scratch.blockSize) }

    private mutating func value(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, ensemble: PolicyDocument.Predictor,
        into values: UnsafeMutablePointer<valuation_value>
    ) {
        guard let found = scratch.pointee.memberValues.base else { return }
        for place in 0..<count { scratch.pointee.sums[place] = EnsembleSum() }
        for member in ensemble.members.range {
            let release = Int(policy.pointee.document.members[member])
            value(candidates, count, release: release, exploration: 0, into: found)
            for place in 0..<count {
                scratch.pointee.sums[place].add(found[place], ofLogits: ensemble.averagesLogits)
            }
        }
        for place in 0..<count {
            values[place] = scratch.pointee.sums[place].value(candidates[place], ofLogits: ensemble.averagesLogits)
        }
    }

    private mutating func value(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, naive: PolicyDocument.Predictor,
        into values: UnsafeMutablePointer<valuation_value>
    ) {
        let index = Snapshot.index(snapshot)
        let overall = index.pointee.overall
        for place in 0..<count {
            let observed = index.pointee.observed(candidates[place].campaign)
            let rates = naive.naive.rates(observed: observed, overall: overall)
            var flags = Pricing.problems(candidates[place])
            if observed.impressions == 0 { flags.insert(.unknownCampaign) }
            values[place] = Pricing.value(
                candidates[place], pctr: Float(rates.click.mean), pcvr: Float(rates.conversion.mean), flags: flags)
            if naive.exploration == 0 { continue }
            if deadline.check(after: 4) {
                values[place].flags |= Flags.budgetExceeded.rawValue
            } else {
                drawRates(place, candidates[place], rates, naive.exploration, &values[place])
            }
        }
    }
}
