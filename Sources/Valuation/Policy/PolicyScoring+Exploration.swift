// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import CValuation

/// Thompson sampling: a predictor that explores values each candidate by a draw from what its probabilities may be, so that what is
/// uncertain is shown at times and learnt about (Chapelle & Li, "An empirical evaluation of Thompson sampling", 2011).
///
/// The weights' posterior is Gaussian and independent (their Laplace approximation), so a logit's variance is the sum of its terms';
/// one draw a campaign and target moves the logits of all its ads, which share its weights.
extension PolicyScoring {
    /// Draws anew what a release has valued; behind the deadline, what is most likely stays. - Precondition: the candidates are those
    /// that it valued last.
    mutating func explore(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, release: Int, scale: Double,
        into values: UnsafeMutablePointer<valuation_value>
    ) {
        for place in 0..<count {
            if values[place].flags & Flags.budgetExceeded.rawValue != 0 { continue }
            guard let clickVariance = variance(.click, place, candidates[place], release),
                let conversionVariance = variance(.conversion, place, candidates[place], release)
            else {
                values[place].flags |= Flags.budgetExceeded.rawValue
                continue
            }
            if clickVariance == 0 && conversionVariance == 0 { continue }
            let click = Logit(values[place].pctr, deviation: sqrt(clickVariance))
            let conversion = Logit(values[place].pcvr, deviation: sqrt(conversionVariance))
            draw(place, candidates[place], click, conversion, scale, &values[place])
        }
    }

    /// The variance of a candidate's logit: of its model and of those that it extends. What the request's features have in it is
    /// computed once a model.
    ///
    /// - Parameter place: in the block that was valued last.
    /// - Returns: nil where the time was over before.
    private mutating func variance(
        _ target: Target, _ place: Int, _ candidate: valuation_candidate, _ release: Int
    ) -> Double? {
        if deadline.check(after: 2) { return nil }
        let scoring = scratch.pointee.scorings + release
        let own = target == .click ? scoring.pointee.click : scoring.pointee.conversion
        var local = own.models[place]
        if local == own.absentModel { return 0 }
        var sum = 0.0
        while true {
            let model = scoring.pointee.index.pointee.model(target, local)
            if scoring.pointee.index.pointee.description(of: model).is_prior != 0 {
                return sum + scoring.pointee.priorVariance(target, candidate)
            }
            if scoring.pointee.index.pointee.hasVariances {
                guard let requests = requestVariance(model, release),
                    let ads = scoring.pointee.adVariance(ofModel: model, candidate, &deadline)
                else { return nil }
                sum += requests + ads
            }
            local = own.parameters[Int(local)].base
            if local == Index.none { return sum }
        }
    }

    private mutating func requestVariance(_ model: UInt32, _ release: Int) -> Double? {
        let place = scratch.pointee.varianceStarts[release] &+ Int(model)
        let stamp = scratch.pointee.decisions.stamp
        if scratch.pointee.variances[place].stamp != stamp {
            let scoring = scratch.pointee.scorings + release
            guard let variance = scoring.pointee.requestVariance(ofModel: model, &deadline) else { return nil }
            scratch.pointee.variances[place] = KnownVariance(stamp: stamp, variance: variance)
        }
        return scratch.pointee.variances[place].variance
    }

    /// Draws one candidate's probabilities and prices them. - Parameter place: among the candidates of its predictor.
    mutating func draw(
        _ place: Int, _ candidate: valuation_candidate, _ click: Logit, _ conversion: Logit, _ scale: Double,
        _ value: inout valuation_value
    ) {
        var arm = Arm()
        if !value.pctr.isNaN { arm.click = Logit(mean: click.mean, deviation: click.deviation * scale) }
        if !value.pcvr.isNaN { arm.conversion = Logit(mean: conversion.mean, deviation: conversion.deviation * scale) }
        scratch.pointee.arms[scratch.pointee.places[place]] = arm
        var (pctr, pcvr) = (value.pctr, value.pcvr)
        if arm.click.deviation > 0 {
            pctr = Float(arm.click.probability(draw.normal(candidate.campaign, .click)))
        }
        if arm.conversion.deviation > 0 {
            pcvr = Float(arm.conversion.probability(draw.normal(candidate.campaign, .conversion)))
        }
        let source = value.source
        value = Pricing.value(
            candidate, pctr: pctr, pcvr: pcvr, flags: Flags(rawValue: value.flags).union(.explored))
        value.source = source
    }
}

extension Scoring {
    /// A prior's is that of the rate that was observed.
    fileprivate func priorVariance(_ target: Target, _ candidate: valuation_candidate) -> Double {
        let observed = index.pointee.observed(candidate.campaign)
        let (click, conversion) = Naive().rates(observed: observed, overall: index.pointee.overall)
        let variance = target == .click ? click.logitVariance : conversion.logitVariance
        return variance.isFinite ? variance : 0
    }

    /// Of a model's intercept and the request's terms; nil where the time was over before.
    /// - Complexity: O(terms): two cache misses each.
    fileprivate func requestVariance(ofModel model: UInt32, _ deadline: inout Deadline) -> Double? {
        var sum = Double(index.pointee.interceptVariance(model: model))
        for term in terms.list {
            if deadline.check(after: 1) { return nil }
            sum += index.pointee.variance(of: term.slot, number: term.number, model: model)
        }
        return sum
    }

    /// Of an ad's own features, and of their crosses with each other and with the request's; nil where the time was over before.
    fileprivate func adVariance(
        ofModel model: UInt32, _ candidate: valuation_candidate, _ deadline: inout Deadline
    ) -> Double? {
        var sum = 0.0
        guard candidate.feature_count <= UInt32(Scratch.maximumFeatures), let features = candidate.features else {
            return sum
        }
        for position in 0..<Int(candidate.feature_count) {
            if deadline.check(after: 1) { return nil }
            guard let slot = index.pointee.label(features[position].key), !slot.pointee.isCross else { continue }
            if slot.pointee.isNumber && !features[position].number.isFinite { continue }
            sum += index.pointee.variance(of: slot, number: features[position].number, model: model)
            if !slot.pointee.isCrossing { continue }
            for second in terms.crossing {
                if deadline.check(after: 1) { return nil }
                sum += variance(ofCross: slot, second, model)
            }
            for other in (position &+ 1)..<max(position &+ 1, Int(candidate.feature_count)) {
                if deadline.check(after: 1) { return nil }
                guard let second = index.pointee.label(features[other].key) else { continue }
                if second.pointee.isCrossing { sum += variance(ofCross: slot, second, model) }
            }
        }
        return sum
    }

    private func variance(
        ofCross first: UnsafePointer<Index.LabelSlot>, _ second: UnsafePointer<Index.LabelSlot>, _ model: UInt32
    ) -> Double {
        guard let slot = index.pointee.cross(first, second) else { return 0 }
        return Double(index.pointee.variance(ofLabel: slot.pointee.key, model: model))
    }
}
