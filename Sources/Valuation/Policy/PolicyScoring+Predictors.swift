// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation

/// What each kind of predictor makes of some candidates, at most a block of them.
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
            if predictor.exploration > 0 {
                explore(candidates, count, release: release, scale: predictor.exploration, into: values)
            } else {
                value(candidates, count, release: release, into: values)
            }
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
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, release: Int,
        into values: UnsafeMutablePointer<valuation_value>
    ) {
        let (scoring, found) = read(candidates, count, release)
        scoring.pointee.value(candidates, count: count, found, into: values)
    }

    /// Reads candidates that a release values by themselves.
    mutating func read(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, _ release: Int
    ) -> (UnsafeMutablePointer<Scoring>, Scoring.Wanted) {
        // As many of the candidates to come as of this block.
        let expected = remaining &* count / Scratch.blockSize
        let scoring = begin(release, expecting: max(count, expected))
        (scoring.pointee.source, scoring.pointee.flags) = (0, [])
        let found = scoring.pointee.read(candidates, count)
        removeMarks(release, count)
        return (scoring, found)
    }

    private mutating func value(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, ensemble: PolicyDocument.Predictor,
        into values: UnsafeMutablePointer<valuation_value>
    ) {
        guard let found = scratch.pointee.memberValues.base else { return }
        for place in 0..<count { scratch.pointee.sums[place] = EnsembleSum() }
        for member in ensemble.members.range {
            value(candidates, count, release: Int(policy.pointee.document.members[member]), into: found)
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
