// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import CValuation

/// Thompson sampling: a predictor that explores values each candidate by a draw from what its weights may be, so that what is
/// uncertain is shown at times and learnt about (Chapelle & Li, "An empirical evaluation of Thompson sampling", 2011).
///
/// The weights' posterior is Gaussian and independent (their Laplace approximation). Each weight is drawn once a request: one of the
/// request's features moves all ads of a campaign together, one of an ad moves the ads that have it.
extension PolicyScoring {
    /// Values candidates by a release whose weights are drawn.
    mutating func explore(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, release: Int, scale: Double,
        into values: UnsafeMutablePointer<valuation_value>
    ) {
        let (scoring, found) = read(candidates, count, release)
        let wanted = scoring.pointee.add(candidates, count, found, fetches: false)
        scoring.pointee.takeLogits(count, wanted)
        for place in 0..<count {
            if scoring.pointee.deadline.isOver { break }
            var arm = Arm()
            arm.firstFactor = scratch.pointee.factors.count
            let click = draw(.click, place, candidates[place], release, scale, &arm)
            let isCPA = candidates[place].pricing == Pricing.cpa.rawValue
            let conversion = isCPA && draw(.conversion, place, candidates[place], release, scale, &arm)
            if click || conversion { scoring.pointee.scratch.pointee.flags[place].insert(.explored) }
            if notesArms { scratch.pointee.arms[scratch.pointee.places[place]] = arm }
        }
        scoring.pointee.write(candidates, count, wanted, into: values)
    }

    /// Moves a candidate's logit of a target by the draws of its weights. - Parameter place: in the block that was read last.
    /// - Returns: whether there is anything to draw.
    @inline(never)
    @_optimize(speed)
    private mutating func draw(
        _ target: Target, _ place: Int, _ candidate: valuation_candidate, _ release: Int, _ scale: Double,
        _ arm: inout Arm
    ) -> Bool {
        let scoring = scratch.pointee.scorings + release
        let own = target == .click ? scoring.pointee.click : scoring.pointee.conversion
        if own.models[place] == own.absentModel { return false }
        guard let ofRequest = requestDraw(target, own.models[place], candidate, release) else { return false }
        var (moved, variance, factors) = (ofRequest.moved, ofRequest.variance, 0)
        let hasOwn = AdArrays(scoring.pointee.scratch).lengths[place] > 0 && scoring.pointee.index.pointee.hasVariances
        var (local, level) = (own.models[place], 0)
        while hasOwn && local != Index.none {
            let model = scoring.pointee.index.pointee.model(target, local)
            let half = Draw.half(ofCampaign: candidate.campaign, target, level: level)
            scoring.pointee.forEachAdDeviation(ofModel: model, candidate) { label, deviation in
                moved += deviation * normals[Draw.part(draw.half(ofLabel: label), half)]
                variance += deviation * deviation
                if !notesArms { return }
                factors &+= 1
                note(Factor(key: label &+ UInt64(half), deviation: deviation * scale))
            }
            local = own.parameters[Int(local)].base
            level &+= 1
        }
        if notesArms {
            let logit = Logit(
                mean: own.logits[place], deviation: sqrt(variance) * scale, shared: sqrt(ofRequest.variance) * scale)
            if target == .click {
                (arm.click, arm.clickFactors) = (logit, Int32(factors))
            } else {
                (arm.conversion, arm.conversionFactors) = (logit, Int32(factors))
            }
        }
        own.logits[place] += moved * scale
        return variance > 0
    }

    @inline(never)
    private mutating func note(_ factor: Factor) {
        do {
            try scratch.pointee.factors.append(factor)
        } catch {
            scratch.pointee.lacksMemory = true
        }
    }

    /// What the intercepts and the request's features draw for a campaign: computed once a model, unless campaigns share it.
    ///
    /// - Returns: nil where the time was over before.
    @_optimize(speed)
    private mutating func requestDraw(
        _ target: Target, _ own: UInt32, _ candidate: valuation_candidate, _ release: Int
    ) -> KnownDraw? {
        let scoring = scratch.pointee.scorings + release
        let index = scoring.pointee.index
        let known = scratch.pointee.drawStarts[release] &+ Int(index.pointee.model(target, own))
        let stamp = scratch.pointee.decisions.stamp
        let found = scratch.pointee.draws[known]
        if found.stamp == stamp && found.campaign == candidate.campaign { return found }
        var drawn = KnownDraw(stamp: stamp, campaign: candidate.campaign)
        let parameters = index.pointee.parameters(target)
        var (local, level) = (own, 0)
        while local != Index.none {
            let model = index.pointee.model(target, local)
            let half = Draw.half(ofCampaign: candidate.campaign, target, level: level)
            let intercept = index.pointee.interceptDeviation(model: model, target, candidate.campaign)
            drawn.add(intercept, normals[Draw.part(interceptHalf, half)])
            if index.pointee.hasVariances {
                guard let halves = termHalves(release) else { return nil }
                for position in 0..<scoring.pointee.terms.list.count {
                    if scoring.pointee.deadline.check(after: 1) { return nil }
                    let term = scoring.pointee.terms.list[position]
                    let deviation = index.pointee.deviation(of: term.slot, number: term.number, model: model)
                    if deviation != 0 { drawn.add(deviation, normals[Draw.part(halves[position], half)]) }
                }
            }
            local = parameters[Int(local)].base
            level &+= 1
        }
        scratch.pointee.draws[known] = drawn
        return drawn
    }

    /// The halves of the draws that the request's terms give; nil where the time was over before.
    private mutating func termHalves(_ release: Int) -> UnsafeMutablePointer<UInt32>? {
        let halves = scratch.pointee.termHalves.base.unsafelyUnwrapped
        if releaseOfHalves == release { return halves }
        let scoring = scratch.pointee.scorings + release
        for position in 0..<scoring.pointee.terms.list.count {
            if scoring.pointee.deadline.check(after: 1) { return nil }
            halves[position] = draw.half(ofLabel: scoring.pointee.terms.list[position].slot.pointee.key)
        }
        releaseOfHalves = release
        return halves
    }

    /// Draws one candidate's probabilities from observed rates and prices them. - Parameter place: among the candidates of its predictor.
    mutating func draw(
        _ place: Int, _ candidate: valuation_candidate, _ rates: (click: Beta, conversion: Beta), _ scale: Double,
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
        normals[Draw.part(interceptHalf, Draw.half(ofCampaign: campaign, target, level: 0))]
    }
}

/// What the weights of a campaign's models that all its ads share draw in the request that has a stamp.
struct KnownDraw {
    var stamp: UInt32 = 0
    var campaign: UInt64 = 0
    /// By how much they move the logit, and the variance of that.
    var moved = 0.0
    var variance = 0.0

    mutating func add(_ deviation: Double, _ z: Double) {
        moved += deviation * z
        variance += deviation * deviation
    }
}

extension Index {
    /// By how much a standard deviation moves a model's intercept as a campaign has it: a prior's is that of the rate that was observed.
    func interceptDeviation(model: UInt32, _ target: Target, _ campaign: UInt64) -> Double {
        if description(of: model).is_prior == 0 { return interceptDeviation(model: model) }
        let (click, conversion) = Naive().rates(observed: observed(campaign), overall: overall)
        let variance = target == .click ? click.logitVariance : conversion.logitVariance
        return variance.isFinite ? sqrt(variance) : 0
    }
}

extension Scoring {
    /// Hands out the labels of an ad's own features, and of their crosses with each other and with the request's, of which the model
    /// has an uncertain weight, and by how much a standard deviation of this moves its logit; stops where the time is over.
    @_optimize(speed)
    fileprivate mutating func forEachAdDeviation(
        ofModel model: UInt32, _ candidate: valuation_candidate, _ body: (UInt64, Double) -> Void
    ) {
        guard let features = candidate.features else { return }
        for position in 0..<Int(candidate.feature_count) {
            if deadline.check(after: 1) { return }
            let feature = features[position]
            guard let slot = index.pointee.label(feature.key), !slot.pointee.isCross else { continue }
            if slot.pointee.isNumber && !feature.number.isFinite { continue }
            let deviation = index.pointee.deviation(of: slot, number: feature.number, model: model)
            if deviation != 0 { body(slot.pointee.key, deviation) }
            if !slot.pointee.isCrossing { continue }
            for second in terms.crossing {
                if deadline.check(after: 1) { return }
                handOutCross(slot, second, model, body)
            }
            for other in (position &+ 1)..<max(position &+ 1, Int(candidate.feature_count)) {
                if deadline.check(after: 1) { return }
                guard let second = index.pointee.label(features[other].key), second.pointee.isCrossing else { continue }
                handOutCross(slot, second, model, body)
            }
        }
    }

    private func handOutCross(
        _ first: UnsafePointer<Index.LabelSlot>, _ second: UnsafePointer<Index.LabelSlot>, _ model: UInt32,
        _ body: (UInt64, Double) -> Void
    ) {
        guard let slot = index.pointee.cross(first, second) else { return }
        let deviation = index.pointee.deviation(of: slot, number: 1, model: model)
        if deviation != 0 { body(slot.pointee.key, deviation) }
    }
}
