// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation

/// One request being valued against one index: the request's features are looked up once, then candidates are valued block
/// by block.
///
/// - Complexity: O(postings of the request's features) for each target that is asked for, then O(1 + ad features × log
///   postings) a candidate. Allocates nothing.
struct Scoring: ~Copyable {
    private let index: UnsafePointer<Index>
    private let scratch: UnsafeMutablePointer<Scratch>
    /// When the time is up, on the clock of `valuation_platform_now`; 0 = never.
    private let deadline: UInt64
    private let requestFlags: Flags
    /// Without features of the request every sum is 0, and the accumulators stay untouched.
    private let usesAccumulators: Bool
    private var clicksAccumulated = false
    private var conversionsAccumulated = false
    private var isLate = false

    /// Looks the request's features up. - Precondition: `scratch` is prepared for `index`.
    init(
        index: UnsafePointer<Index>, scratch: UnsafeMutablePointer<Scratch>,
        features: UnsafePointer<valuation_feature>?,
        featureCount: Int, deadline: UInt64
    ) {
        self.index = index
        self.scratch = scratch
        self.deadline = deadline
        requestFlags = Scoring.resolve(
            features, featureCount, index, &scratch.pointee.features, &scratch.pointee.crossing)
        usesAccumulators = scratch.pointee.features.count > 0
    }

    /// Values `count` ≤ `Scratch.blockSize` candidates.
    mutating func score(
        _ candidates: UnsafePointer<valuation_candidate>, count: Int, into values: UnsafeMutablePointer<valuation_value>
    ) {
        checkTime()
        var anyConversion = false
        for place in 0..<count {
            anyConversion = prepare(candidates[place], place) || anyConversion
        }
        let clicks = scratch.pointee.clickProbabilities.base.unsafelyUnwrapped
        let conversions = scratch.pointee.conversionProbabilities.base.unsafelyUnwrapped
        if !isLate {
            Sigmoid.apply(scratch.pointee.clickLogits.base.unsafelyUnwrapped, clicks, count: count)
            if anyConversion {
                Sigmoid.apply(scratch.pointee.conversionLogits.base.unsafelyUnwrapped, conversions, count: count)
            }
        }
        for place in 0..<count {
            values[place] = value(of: candidates[place], place, clicks[place], conversions[place])
        }
    }

    /// What one model makes of features alone, whatever its campaign: for self-tests.
    ///
    /// - Precondition: at most `Scratch.maximumFeatures` features.
    static func probability(
        model: UInt32, features: UnsafeMutableBufferPointer<valuation_feature>, index: UnsafePointer<Index>,
        scratch: UnsafeMutablePointer<Scratch>
    ) -> Float {
        var scoring = Scoring(index: index, scratch: scratch, features: nil, featureCount: 0, deadline: 0)
        var flags = Scoring.resolve(
            features.baseAddress, features.count, index, &scratch.pointee.adFeatures, &scratch.pointee.adCrossing)
        scratch.pointee.clickLogits[0] = scoring.logit(model, true, &flags)
        let probabilities = scratch.pointee.clickProbabilities.base.unsafelyUnwrapped
        Sigmoid.apply(scratch.pointee.clickLogits.base.unsafelyUnwrapped, probabilities, count: 1)
        return probabilities[0]
    }

    /// Looks features up: known ones go to `known`, those of them that crosses are made of also to `crossing`.
    @inline(__always)
    private static func resolve(
        _ features: UnsafePointer<valuation_feature>?, _ count: Int, _ index: UnsafePointer<Index>,
        _ known: inout Buffer<Scratch.Resolved>, _ crossing: inout Buffer<UnsafePointer<Index.LabelSlot>>
    ) -> Flags {
        known.removeAll()
        crossing.removeAll()
        guard let features else { return [] }
        var flags = Flags()
        let resolved = known.spare
        let crosses = crossing.spare
        var resolvedCount = 0
        var crossCount = 0
        for position in 0..<count {
            let feature = features[position]
            guard let slot = index.pointee.label(feature.key), slot.pointee.kind != Index.LabelKind.cross.rawValue
            else {
                flags.insert(.unknownFeature)
                continue
            }
            if slot.pointee.kind == Index.LabelKind.number.rawValue, !feature.number.isFinite {
                flags.insert(.invalidNumber)
                continue
            }
            resolved[resolvedCount] = Scratch.Resolved(slot: slot, number: feature.number)
            resolvedCount &+= 1
            if slot.pointee.crossesFirst | slot.pointee.crossesSecond != 0 {
                crosses[crossCount] = slot
                crossCount &+= 1
            }
        }
        known.appendWritten(resolvedCount)
        crossing.appendWritten(crossCount)
        return flags
    }

    private mutating func checkTime() {
        if deadline != 0 && !isLate && valuation_platform_now() >= deadline { isLate = true }
    }

    /// Finds a candidate's models and logits. Returns whether it needs a conversion probability.
    @inline(__always)
    private mutating func prepare(_ candidate: valuation_candidate, _ place: Int) -> Bool {
        var flags = requestFlags
        var clickModel = Index.none
        var conversionModel = Index.none
        if let campaign = index.pointee.campaign(candidate.campaign) {
            clickModel = campaign.pointee.clickModel
            conversionModel = campaign.pointee.conversionModel
        } else {
            flags.insert(.unknownCampaign)
        }
        if clickModel == Index.none {
            clickModel = index.pointee.defaultClickModel
            flags.insert(clickModel == Index.none ? .noClickModel : .defaultClickModel)
        }
        let needsConversion = candidate.pricing == Pricing.cpa.rawValue
        if !needsConversion {
            conversionModel = Index.none
        } else if conversionModel == Index.none {
            conversionModel = index.pointee.defaultConversionModel
            flags.insert(conversionModel == Index.none ? .noConversionModel : .defaultConversionModel)
        }
        let featureCount = Int(candidate.feature_count)
        if featureCount > Scratch.maximumFeatures || (featureCount > 0 && candidate.features == nil)
            || Pricing(rawValue: candidate.pricing) == nil
        {
            flags.insert(.invalidCandidate)
        } else if featureCount > 0 {
            flags.formUnion(
                Scoring.resolve(
                    candidate.features, featureCount, index, &scratch.pointee.adFeatures,
                    &scratch.pointee.adCrossing))
        }
        if !(candidate.bid >= 0 && candidate.bid.isFinite) { flags.insert(.invalidBid) }
        let hasFeatures = featureCount > 0 && !flags.contains(.invalidCandidate)
        if clickModel != Index.none {
            if usesAccumulators && !clicksAccumulated { accumulate(.click) }
            if !isLate { scratch.pointee.clickLogits[place] = logit(clickModel, hasFeatures, &flags) }
        }
        if conversionModel != Index.none {
            if usesAccumulators && !conversionsAccumulated { accumulate(.conversion) }
            if !isLate { scratch.pointee.conversionLogits[place] = logit(conversionModel, hasFeatures, &flags) }
        }
        scratch.pointee.clickModels[place] = clickModel
        scratch.pointee.conversionModels[place] = conversionModel
        scratch.pointee.flags[place] = flags
        return conversionModel != Index.none
    }

    /// A model's logit for the candidate at hand: its own sum and those of its bases, cut at ±`Sigmoid.bound`.
    @inline(__always)
    private mutating func logit(_ model: UInt32, _ hasFeatures: Bool, _ flags: inout Flags) -> Double {
        let accumulators = scratch.pointee.accumulators.base
        var z = index.pointee.models[Int(model)].constant
        var current = model
        repeat {
            let parameters = index.pointee.models[Int(current)]
            var sum = usesAccumulators ? accumulators.unsafelyUnwrapped[Int(current)] : 0
            if hasFeatures { sum &+= adSum(current) }
            z += parameters.unit * Double(sum)
            current = parameters.base
        } while current != Index.none
        if z.magnitude <= Sigmoid.bound { return z }
        flags.insert(.clamped)
        return z > 0 ? Sigmoid.bound : -Sigmoid.bound
    }

    /// What the candidate's own features, and their crosses with each other and with the request's, add to one model.
    private mutating func adSum(_ model: UInt32) -> Int64 {
        var sum: Int64 = 0
        let features = scratch.pointee.adFeatures.elements
        checkTime()
        for feature in features {
            sum &+= index.pointee.contribution(of: feature.slot, number: feature.number, to: model)
        }
        let crossing = scratch.pointee.adCrossing.elements
        if crossing.isEmpty { return sum }
        let requestCrossing = scratch.pointee.crossing.elements
        for position in 0..<crossing.count {
            checkTime()
            if isLate { return 0 }
            for other in requestCrossing {
                guard let cross = index.pointee.cross(crossing[position], other) else { continue }
                sum &+= index.pointee.contribution(of: cross, number: 1, to: model)
            }
            for other in (position &+ 1)..<crossing.count {
                guard let cross = index.pointee.cross(crossing[position], crossing[other]) else { continue }
                sum &+= index.pointee.contribution(of: cross, number: 1, to: model)
            }
        }
        return sum
    }

    @inline(__always)
    private func value(
        of candidate: valuation_candidate, _ place: Int, _ click: Float, _ conversion: Float
    ) -> valuation_value {
        var flags = scratch.pointee.flags[place]
        let clickModel = scratch.pointee.clickModels[place]
        let conversionModel = scratch.pointee.conversionModels[place]
        var value = valuation_value(expected_revenue: 0, pctr: click, pcvr: conversion, flags: 0, reserved: 0)
        if isLate {
            flags.insert(.budgetExceeded)
            // A logit that was cut before the time was up is not what the prior comes from.
            flags.remove(.clamped)
            if clickModel != Index.none { value.pctr = index.pointee.models[Int(clickModel)].prior }
            if conversionModel != Index.none { value.pcvr = index.pointee.models[Int(conversionModel)].prior }
        }
        if clickModel == Index.none { value.pctr = .nan }
        if conversionModel == Index.none { value.pcvr = .nan }
        if flags.isDisjoint(with: [.invalidBid, .invalidCandidate]), let pricing = Pricing(rawValue: candidate.pricing)
        {
            let revenue = pricing.expectedRevenue(
                bid: candidate.bid, clickProbability: value.pctr, conversionProbability: value.pcvr)
            // NaN where the model that the pricing needs is missing; −0 where the bid is −0.
            value.expected_revenue = revenue > 0 ? revenue : 0
        }
        value.flags = flags.rawValue
        return value
    }

    /// Sums the weights of the request's features for every model of a target.
    private mutating func accumulate(_ target: Target) {
        if isLate { return }
        let counts = index.pointee.counts
        let accumulators = scratch.pointee.accumulators.base.unsafelyUnwrapped
        switch target {
        case .click:
            clicksAccumulated = true
            accumulators.update(repeating: 0, count: counts.clickModels)
        case .conversion:
            conversionsAccumulated = true
            (accumulators + counts.clickModels).update(repeating: 0, count: counts.conversionModels)
        }
        for feature in scratch.pointee.features.elements {
            checkTime()
            if isLate { return }
            add(feature.slot, number: feature.number, target, accumulators)
        }
        let crossing = scratch.pointee.crossing.elements
        for position in 0..<crossing.count {
            checkTime()
            if isLate { return }
            for other in (position &+ 1)..<crossing.count {
                guard let cross = index.pointee.cross(crossing[position], crossing[other]) else { continue }
                add(cross, number: 1, target, accumulators)
            }
        }
    }

    /// Adds one posting list to the accumulators. The hot loop.
    @inline(__always)
    private func add(
        _ slot: UnsafePointer<Index.LabelSlot>, number: Double, _ target: Target,
        _ accumulators: UnsafeMutablePointer<Int64>
    ) {
        var start = Int(slot.pointee.start)
        var end = start &+ Int(slot.pointee.clickCount)
        if target == .conversion {
            start = end
            end &+= Int(slot.pointee.conversionCount)
        }
        if slot.pointee.kind == Index.LabelKind.number.rawValue {
            let models = index.pointee.numberModels
            while start < end {
                let model = Int(models[start])
                let unit = index.pointee.models[model].unit
                accumulators[model] &+= index.pointee.numberContribution(start, number: number, unit: unit)
                start &+= 1
            }
            return
        }
        let models = index.pointee.postingModels
        let weights = index.pointee.postingWeights
        while start < end {
            accumulators[Int(models[start])] &+= Int64(weights[start])
            start &+= 1
        }
    }
}
