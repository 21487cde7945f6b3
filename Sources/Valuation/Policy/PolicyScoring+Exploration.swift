// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import CValuation

/// Thompson sampling: a predictor that explores values each candidate by a draw from the posterior of its weights, so
/// that uncertain ads are sometimes shown and learnt about (Chapelle & Li, "An empirical evaluation of Thompson
/// sampling", 2011).
///
/// The weights' posterior is Gaussian and independent (their Laplace approximation). Each weight is drawn once a
/// request: one of the request's features moves all ads of a campaign together, one of an ad moves the ads that have
/// it.
extension PolicyScoring {
    /// Values candidates that a release has just read, by drawn weights.
    @inline(never)
    mutating func explore(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, _ found: Scoring.Wanted, release: Int,
        scale: Double, into values: UnsafeMutablePointer<valuation_value>
    ) {
        beginDraws()
        let scoring = scratch.pointee.scorings + release
        scoring.pointee.plan(found)
        var wanted = found
        if found.adFeatures == 0 && !notesArms {
            wanted.click = found.click && !fetchDrawn(.click, count, release, scale)
            wanted.conversion = found.conversion && !fetchDrawn(.conversion, count, release, scale)
        }
        scoring.pointee.beginRequest(count, wanted)
        // There is nothing to draw from if no candidate has a model for the target, or if the time is over.
        for target in Target.allCases where wanted.has(target) && !scoring.pointee.deadline.isOver {
            drawShared(target, candidates, count, release)
        }
        if wanted.adFeatures > 0 && !scoring.pointee.deadline.isOver { addOwn(candidates, count, wanted, release) }
        scoring.pointee.takeLogits(count, wanted)
        if notesArms && !scoring.pointee.deadline.isOver { noteArms(candidates, count, wanted, release, scale) }
        for target in Target.allCases where wanted.has(target) && !scoring.pointee.deadline.isOver {
            moveLogits(target, count, release, scale)
        }
        scoring.pointee.write(candidates, count, wanted, into: values)
    }

    /// Moves the candidates' logits by their draws.
    private mutating func moveLogits(_ target: Target, _ count: Int, _ release: Int, _ scale: Double) {
        let scoring = scratch.pointee.scorings + release
        let (models, logits) = (scoring.pointee.of(target).pointee.models, scoring.pointee.of(target).pointee.logits)
        let absent = UInt32(truncatingIfNeeded: scoring.pointee.index.pointee.counts.models[target])
        let flags = scoring.pointee.scratch.pointee.flagBits
        let draws = scratch.pointee.draws.candidates(target)
        for place in 0..<count where models[place] != absent {
            logits[place] += draws.moved[place] * scale
            if draws.moved[place] != 0 { flags[place] |= Flags.explored.rawValue }
        }
    }

    /// Draws one candidate's probabilities from observed rates and prices them. - Parameter place: its position among
    /// the candidates of its predictor.
    mutating func drawRates(
        _ place: Int, _ candidate: valuation_candidate, _ rates: ByTarget<Beta>, _ scale: Double,
        _ value: inout valuation_value
    ) {
        var arm = Arm()
        var (pctr, pcvr) = (value.pctr, value.pcvr)
        if !pctr.isNaN {
            arm.click = Logit(rates.click, scale: scale)
            pctr = arm.click.probability(normal(candidate.campaign, .click))
        }
        if !pcvr.isNaN {
            arm.conversion = Logit(rates.conversion, scale: scale)
            pcvr = arm.conversion.probability(normal(candidate.campaign, .conversion))
        }
        if notesArms { scratch.pointee.arms[scratch.pointee.places[place]] = arm }
        let source = value.source
        value = Pricing.value(
            candidate, pctr: pctr, pcvr: pcvr, flags: Flags(rawValue: value.flags).union(.explored))
        value.source = source
    }

    /// The draw of an observed rate.
    private func normal(_ campaign: UInt64, _ target: Target) -> Double {
        Double(Draw.coldZ(Draw.label(interceptHalf, target, level: 0), UInt32(truncatingIfNeeded: campaign)))
    }
}
