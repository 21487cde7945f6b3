// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import CValuation

/// One request being valued against one index: the request's features are looked up once, then candidates are valued block
/// by block.
///
/// - Complexity: for each target that is asked for, the least of what the roads of `TargetScoring` cost for the request's features,
///   then O(1 + ad features) a candidate. Allocates nothing.
struct Scoring: ~Copyable {
    let index: UnsafePointer<Index>
    let scratch: UnsafeMutablePointer<Scratch>
    let terms: RequestTerms
    var deadline: Deadline
    var click: TargetScoring
    var conversion: TargetScoring
    /// How many candidates are still to come.
    private var remaining: Int

    /// Looks the request's features up. - Precondition: `scratch` is prepared for `index`.
    init(
        _ request: Request, candidates: Int, index: UnsafePointer<Index>, scratch: UnsafeMutablePointer<Scratch>
    ) {
        self.index = index
        self.scratch = scratch
        deadline = request.deadline
        remaining = candidates
        click = TargetScoring(.click, scratch.pointee.click, index, scratch.pointee.kernels)
        conversion = TargetScoring(.conversion, scratch.pointee.conversion, index, scratch.pointee.kernels)
        terms = RequestTerms(request, index: index, scratch: scratch, &deadline)
    }

    /// Values `count` ≤ `Scratch.blockSize` candidates.
    mutating func score(
        _ candidates: UnsafePointer<valuation_candidate>, count: Int, into values: UnsafeMutablePointer<valuation_value>
    ) {
        let flags = scratch.pointee.flags.base.unsafelyUnwrapped
        var wanted = findModels(candidates, count, flags)
        if wanted.click && !deadline.check() {
            click.plan(terms, candidates: remaining, scratch, &deadline)
        }
        if wanted.conversion && !deadline.check() {
            conversion.plan(terms, candidates: remaining, scratch, &deadline)
        }
        if !deadline.isOver {
            let hasClicks = wanted.click && !wanted.adFeatures && click.finishModels(candidates: remaining)
            let hasConversions =
                wanted.conversion && !wanted.adFeatures && conversion.finishModels(candidates: remaining)
            if hasClicks { click.takeProbabilities(count: count) }
            if hasConversions { conversion.takeProbabilities(count: count) }
            wanted.click = wanted.click && !hasClicks
            wanted.conversion = wanted.conversion && !hasConversions
            if wanted.click { click.beginBlock(count: count, &deadline) }
            if wanted.conversion { conversion.beginBlock(count: count, &deadline) }
            if wanted.adFeatures && !deadline.isOver { addAds(candidates, count, wanted, flags) }
        }
        if !deadline.check() {
            if wanted.click { click.finishBlock(count: count, flags) }
            if wanted.conversion { conversion.finishBlock(count: count, flags) }
        }
        for place in 0..<count { values[place] = value(of: candidates[place], place, flags[place]) }
        remaining &-= count
    }

    /// To be called behind the last block.
    func finish() {
        click.finish()
        conversion.finish()
    }

    /// What the candidates of a block need.
    struct Wanted {
        var click = false
        var conversion = false
        var adFeatures = false
    }

    /// Finds the models of each candidate, and what is wrong with it.
    private mutating func findModels(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, _ flags: UnsafeMutablePointer<Flags>
    ) -> Wanted {
        var wanted = Wanted()
        let (clickModels, conversionModels) = (click.models, conversion.models)
        let (absentClick, absentConversion) = (click.absentModel, conversion.absentModel)
        let requestFlags = terms.flags
        for place in 0..<count {
            let candidate = candidates + place
            let campaign = index.pointee.campaign(candidate.pointee.campaign)
            let needsConversion = candidate.pointee.pricing == Pricing.cpa.rawValue
            let conversionModel = needsConversion ? campaign.pointee.conversionModel : absentConversion
            var found = requestFlags.union(campaign.pointee.flags)
            found.formUnion(needsConversion ? campaign.pointee.conversionFlags : Flags())
            clickModels[place] = campaign.pointee.clickModel
            conversionModels[place] = conversionModel
            wanted.click = wanted.click || campaign.pointee.clickModel != absentClick
            wanted.conversion = wanted.conversion || conversionModel != absentConversion
            let featureCount = candidate.pointee.feature_count
            wanted.adFeatures = wanted.adFeatures || featureCount > 0
            let isSound =
                Pricing(rawValue: candidate.pointee.pricing) != nil
                && (featureCount == 0 || (featureCount <= Scratch.maximumFeatures && candidate.pointee.features != nil))
            if !isSound { found.insert(.invalidCandidate) }
            let bid = candidate.pointee.bid
            if !(bid >= 0 && bid <= .greatestFiniteMagnitude) { found.insert(.invalidBid) }
            flags[place] = found
        }
        return wanted
    }

    @inline(__always)
    private func value(of candidate: valuation_candidate, _ place: Int, _ found: Flags) -> valuation_value {
        var flags = found
        var (click, conversion) = (self.click.probabilities[place], self.conversion.probabilities[place])
        if deadline.isOver {
            flags.insert(.budgetExceeded)
            (click, conversion) = (self.click.prior(place), self.conversion.prior(place))
        }
        if self.click.models[place] == self.click.absentModel { click = .nan }
        if self.conversion.models[place] == self.conversion.absentModel { conversion = .nan }
        var value = valuation_value(
            expected_revenue: 0, pctr: click, pcvr: conversion, flags: flags.rawValue, reserved: 0)
        if flags.isDisjoint(with: [.invalidBid, .invalidCandidate]), let pricing = Pricing(rawValue: candidate.pricing)
        {
            let revenue = pricing.expectedRevenue(
                bid: candidate.bid, clickProbability: click, conversionProbability: conversion)
            // NaN where the model that the pricing needs is missing; −0 where the bid is −0.
            value.expected_revenue = revenue > 0 ? revenue : 0
        }
        return value
    }

    /// What one model makes of features alone, whatever its campaign: for self-tests. The features are taken as an ad's, so that
    /// the cost is that of one model's weights.
    ///
    /// - Precondition: at most `Scratch.maximumFeatures` features.
    static func probability(
        model: UInt32, features: UnsafeMutableBufferPointer<valuation_feature>, index: UnsafePointer<Index>,
        scratch: UnsafeMutablePointer<Scratch>
    ) -> Float {
        let request = Request(features: nil, featureCount: 0, timeBudget: 0)
        var scoring = Scoring(request, candidates: 1, index: index, scratch: scratch)
        return scoring.probability(model, features)
    }

    private mutating func probability(
        _ model: UInt32, _ features: UnsafeMutableBufferPointer<valuation_feature>
    ) -> Float {
        let (target, own) = index.pointee.local(model)
        let wanted = Wanted(click: target == .click, conversion: target == .conversion, adFeatures: true)
        let flags = scratch.pointee.flags.base.unsafelyUnwrapped
        flags[0] = Flags()
        let candidate = valuation_candidate(
            campaign: 0, features: features.baseAddress.map { UnsafePointer($0) },
            feature_count: UInt32(features.count), pricing: Pricing.cpm.rawValue, bid: 0)
        let place = UInt32(truncatingIfNeeded: own)
        if wanted.click { Scoring.begin(&click, place) } else { Scoring.begin(&conversion, place) }
        withUnsafePointer(to: candidate) { addAds($0, 1, wanted, flags) }
        if wanted.click { click.finishBlock(count: 1, flags) } else { conversion.finishBlock(count: 1, flags) }
        return wanted.click ? click.probabilities[0] : conversion.probabilities[0]
    }

    private static func begin(_ target: inout TargetScoring, _ model: UInt32) {
        var deadline = Deadline(budget: 0)
        target.models[0] = model
        target.beginBlock(count: 1, &deadline)
    }
}
