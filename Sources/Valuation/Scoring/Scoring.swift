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
            let hasClicks = wanted.click && wanted.adFeatures == 0 && click.finishModels(candidates: remaining)
            let hasConversions =
                wanted.conversion && wanted.adFeatures == 0 && conversion.finishModels(candidates: remaining)
            if hasClicks { click.takeProbabilities(count: count) }
            if hasConversions { conversion.takeProbabilities(count: count) }
            wanted.click = wanted.click && !hasClicks
            wanted.conversion = wanted.conversion && !hasConversions
            if wanted.click { click.beginBlock(count: count, &deadline) }
            if wanted.conversion { conversion.beginBlock(count: count, &deadline) }
            if wanted.adFeatures > 0 && !deadline.isOver { addAds(candidates, count, wanted, flags) }
        }
        if !deadline.check() {
            if wanted.click { click.finishBlock(count: count, flags) }
            if wanted.conversion { conversion.finishBlock(count: count, flags) }
        }
        write(values, of: candidates, count: count, flags)
        remaining &-= count
    }

    /// To be called behind the last block.
    mutating func finish() {
        click.finish()
        conversion.finish()
    }

    /// What the candidates of a block need.
    struct Wanted {
        var click = false
        var conversion = false
        /// How many features the ad has that has most.
        var adFeatures: UInt32 = 0
    }

    /// Finds the models of each candidate, and what is wrong with it.
    private mutating func findModels(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, _ flags: UnsafeMutablePointer<Flags>
    ) -> Wanted {
        // Whether a model is wanted at all: bits in which any differs from that which stands for none.
        var (otherClicks, otherConversions, longest) = (UInt32(0), UInt32(0), UInt32(0))
        let (clickModels, conversionModels) = (click.models, conversion.models)
        let (absentClick, absentConversion) = (click.absentModel, conversion.absentModel)
        let requestFlags = terms.flags
        let ads = AdArrays(scratch)
        let places = findCampaigns(candidates, count)
        let campaigns = UnsafePointer(index.pointee.campaignSlots)
        let unknownCampaign = campaigns + index.pointee.hashes.campaigns.slotCount
        for place in 0..<count {
            let candidate = candidates + place
            let found = campaigns + Int(places[place])
            let campaign = found.pointee.key == candidate.pointee.campaign ? found : unknownCampaign
            let needsConversion = candidate.pointee.pricing == Pricing.cpa.rawValue
            let conversionModel = needsConversion ? campaign.pointee.conversionModel : absentConversion
            var all = requestFlags.union(campaign.pointee.flags)
            all.formUnion(needsConversion ? campaign.pointee.conversionFlags : Flags())
            clickModels[place] = campaign.pointee.clickModel
            conversionModels[place] = conversionModel
            otherClicks |= campaign.pointee.clickModel ^ absentClick
            otherConversions |= conversionModel ^ absentConversion
            let featureCount = candidate.pointee.feature_count
            let isSound =
                Pricing(rawValue: candidate.pointee.pricing) != nil
                && (featureCount == 0 || (featureCount <= Scratch.maximumFeatures && candidate.pointee.features != nil))
            all.formUnion(isSound ? Flags() : .invalidCandidate)
            let length = isSound ? featureCount : 0
            ads.set(place, candidate.pointee.features, length: length)
            longest = max(longest, length)
            let bid = candidate.pointee.bid
            all.formUnion(bid >= 0 && bid <= .greatestFiniteMagnitude ? Flags() : .invalidBid)
            flags[place] = all
        }
        for place in count..<RowPlaces.roundedUp(count) { ads.set(place, nil, length: 0) }
        return Wanted(click: otherClicks != 0, conversion: otherConversions != 0, adFeatures: longest)
    }

    /// Where the campaigns of candidates stand in the table of campaigns, if they are there.
    private mutating func findCampaigns(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int
    ) -> UnsafePointer<UInt32> {
        let keys = scratch.pointee.campaignKeys.base.unsafelyUnwrapped
        let places = scratch.pointee.campaignPlaces.base.unsafelyUnwrapped
        for place in 0..<count {
            keys[place] = candidates[place].campaign
            // Those of the next block; there is no harm where there is none.
            valuation_kernels_prefetch(candidates + place + Scratch.blockSize)
        }
        scratch.pointee.kernels.pointee.find(
            index.pointee.hashes.campaigns.function, index.pointee.campaignPilots, keys, RowPlaces.roundedUp(count),
            places)
        return UnsafePointer(places)
    }

    /// Writes what the candidates of a block are worth.
    private mutating func write(
        _ values: UnsafeMutablePointer<valuation_value>, of candidates: UnsafePointer<valuation_candidate>, count: Int,
        _ flags: UnsafeMutablePointer<Flags>
    ) {
        if deadline.isOver { usePriors(count, flags) }
        let (clickModels, conversionModels) = (click.models, conversion.models)
        let (clicks, conversions) = (click.probabilities, conversion.probabilities)
        let (absentClick, absentConversion) = (click.absentModel, conversion.absentModel)
        for place in 0..<count {
            let clickProbability = clickModels[place] == absentClick ? .nan : clicks[place]
            let conversionProbability = conversionModels[place] == absentConversion ? .nan : conversions[place]
            var revenue = 0.0
            if flags[place].isDisjoint(with: [.invalidBid, .invalidCandidate]),
                let pricing = Pricing(rawValue: candidates[place].pricing)
            {
                revenue = pricing.expectedRevenue(
                    bid: candidates[place].bid, clickProbability: clickProbability,
                    conversionProbability: conversionProbability)
            }
            // NaN where the model that the pricing needs is missing; −0 where the bid is −0.
            values[place] = valuation_value(
                expected_revenue: revenue > 0 ? revenue : 0, pctr: clickProbability, pcvr: conversionProbability,
                flags: flags[place].rawValue, reserved: 0)
        }
    }

    /// Takes the probabilities that models have without any features, for want of time.
    private mutating func usePriors(_ count: Int, _ flags: UnsafeMutablePointer<Flags>) {
        for place in 0..<count {
            flags[place].insert(.budgetExceeded)
            click.probabilities[place] = click.prior(place)
            conversion.probabilities[place] = conversion.prior(place)
        }
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
        let wanted = Wanted(
            click: target == .click, conversion: target == .conversion, adFeatures: UInt32(features.count))
        let flags = scratch.pointee.flags.base.unsafelyUnwrapped
        flags[0] = Flags()
        let candidate = valuation_candidate(
            campaign: 0, features: features.baseAddress.map { UnsafePointer($0) },
            feature_count: UInt32(features.count), pricing: Pricing.cpm.rawValue, bid: 0)
        let place = UInt32(truncatingIfNeeded: own)
        if wanted.click { Scoring.begin(&click, place) } else { Scoring.begin(&conversion, place) }
        let ads = AdArrays(scratch)
        ads.set(0, candidate.features, length: wanted.adFeatures)
        for place in 1..<RowPlaces.roundedUp(1) { ads.set(place, nil, length: 0) }
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
