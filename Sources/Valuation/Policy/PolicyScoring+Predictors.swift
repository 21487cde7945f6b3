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
        let found = read(candidates, count, release: release)
        value(candidates, count, found, release: release, exploration: exploration, into: values)
    }

    /// Finds the models of a release for candidates of one predictor.
    @inline(__always)
    private mutating func read(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, release: Int
    ) -> Scoring.Wanted {
        let scoring = begin(release, expecting: expected(count))
        (scoring.pointee.source, scoring.pointee.flags) = (0, [])
        // Without the table, the predictor is the same for the whole block.
        if !policy.pointee.hasTable { return scoring.pointee.read(candidates, count) }
        let places = scratch.pointee.places.base.unsafelyUnwrapped
        return scoring.pointee.take(
            scratch.pointee.slots, places, count: count, withoutMarks: CampaignTable.mark)
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
    func expected(_ count: Int) -> Int { remaining &* count / min(Scratch.blockSize, remaining) }

    private mutating func value(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, ensemble: PolicyDocument.Predictor,
        into values: UnsafeMutablePointer<valuation_value>
    ) {
        scratch.pointee.means.begin(count: count)
        for member in ensemble.members.range {
            let release = Int(policy.pointee.document.members[member])
            let found = read(candidates, count, release: release)
            let scoring = scratch.pointee.scorings + release
            scoring.pointee.predict(count: count, found)
            scratch.pointee.means.add(scoring, count: count)
        }
        scratch.pointee.means.write(
            candidates, count: count, ofLogits: ensemble.averagesLogits,
            scratch.pointee.scratches[0].pointee.kernels, into: values)
    }

    private mutating func value(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, naive: PolicyDocument.Predictor,
        into values: UnsafeMutablePointer<valuation_value>
    ) {
        if naive.exploration > 0 { beginDraws() }
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
