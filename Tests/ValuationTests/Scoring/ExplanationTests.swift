// SPDX-License-Identifier: Apache-2.0
import CValuation
import Foundation
import Testing

@testable import Valuation

/// The explained logit is the scored logit.
@Suite struct ExplanationTests {
    private func explain(
        _ models: LoadedModels, _ ad: Ad, _ features: [NamedFeature],
        _ body: (borrowing Explanation, borrowing Index) throws -> Void
    ) throws {
        var given = Buffer<valuation_feature>()
        for feature in features { try given.append(feature.feature) }
        var candidate = valuation_candidate()
        candidate.campaign = valuation_campaign_key(nil, ad.campaign, ad.campaign.utf8.count)
        (candidate.pricing, candidate.bid) = (ad.pricing.rawValue, ad.bid)
        var explanation = Explanation()
        try explanation.explain(candidate, features: given, index: models.snapshot.pointee.index)
        try body(explanation, models.snapshot.pointee.index)
    }

    private func probability(_ logit: Double) -> Float {
        Kernels.all[0].sigmoid([logit])[0]
    }

    @Test(arguments: 601...610 as ClosedRange<UInt64>)
    func itsProbabilitiesEqualThoseOfScoringToTheBit(seed: UInt64) throws {
        var world = RandomModels(seed: seed)
        let models = try LoadedModels(world.documents)
        for ad in world.ads(20) {
            let request = world.features(0...15)
            let value = models.score(request, [ad])[0]
            try explain(models, ad, request + ad.features) { explanation, _ in
                if explanation.model(.click) != nil {
                    #expect(probability(explanation.logit(.click)).bitPattern == value.pctr.bitPattern)
                } else {
                    #expect(value.pctr.isNaN)
                }
                if explanation.model(.conversion) != nil {
                    #expect(probability(explanation.logit(.conversion)).bitPattern == value.pcvr.bitPattern)
                } else {
                    #expect(value.pcvr.isNaN)
                }
            }
        }
    }

    /// Each term once for the model and once for each of its bases, and the constant.
    @Test(arguments: 701...710 as ClosedRange<UInt64>)
    func itsTermsSumToTheLogit(seed: UInt64) throws {
        var world = RandomModels(seed: seed)
        let models = try LoadedModels(world.documents)
        let reference = ReferenceScoring(world.documents)
        for campaign in world.campaigns {
            let features = world.features(0...15)
            try explain(models, Ad(campaign: campaign), features) { explanation, index in
                guard let model = explanation.model(.click) else { return }
                var current = UInt32(index.local(model).number)
                var sum = index.scales.click[Int(current)].constant
                while current != Index.none {
                    for position in 0..<explanation.terms.count {
                        let term = explanation.terms[position]
                        let units = index.contribution(
                            of: term.slot, number: term.number, to: Int(current), .click)
                        sum += Double(units) * index.scales.click[Int(current)].unit
                    }
                    current = index.parameters.click[Int(current)].base
                }
                sum = max(-80, min(80, sum))
                #expect((sum - explanation.logit(.click)).magnitude < 1e-12)
                let exact = try #require(reference.logit(campaign, "click", features))
                #expect((WideNumber(sum) - exact).magnitude < 1e-6)
            }
        }
    }

    @Test(arguments: [Pricing.cpm, .cpc, .cpa])
    func aTermIsWorthWhatTheAdLosesWithoutIt(pricing: Pricing) throws {
        let documents = [
            ModelDocument(campaign: "1", target: "click", intercept: -1),
            ModelDocument(campaign: "1", target: "conversion", intercept: 0.5),
        ]
        let ad = Ad(pricing: pricing, bid: 7)
        func revenue(_ click: Double, _ conversion: Double) -> Double {
            let clicks = 7 / (1 + exp(-click))
            return pricing == .cpm ? 0.007 : pricing == .cpc ? clicks : clicks / (1 + exp(-conversion))
        }
        try explain(try LoadedModels(documents), ad, []) { explanation, _ in
            for logit in [-3, 0, 0.25, 2] {
                let byClick = revenue(-1, 0.5) - revenue(-1 - logit, 0.5)
                let byConversion = revenue(-1, 0.5) - revenue(-1, 0.5 - logit)
                #expect((explanation.expectedRevenue(of: logit, .click) - byClick).magnitude < 1e-12)
                if pricing == .cpa {
                    #expect((explanation.expectedRevenue(of: logit, .conversion) - byConversion).magnitude < 1e-12)
                }
            }
        }
    }

    @Test(arguments: [-1, .nan, .infinity] as [Double])
    func anImpossibleBidMakesEveryTermWorthNothing(bid: Double) throws {
        try explain(try LoadedModels([ModelDocument()]), Ad(pricing: .cpc, bid: bid), []) { explanation, _ in
            #expect(explanation.expectedRevenue(of: 1, .click) == 0)
        }
    }
}
