// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

/// Scoring against a straightforward computation in wider arithmetic.
@Suite struct ScoringReferenceTests {
    @Test(arguments: 1...30 as ClosedRange<UInt64>)
    func isWithinOneMillionthOfTheFormula(seed: UInt64) throws {
        var world = RandomModels(seed: seed)
        let reference = ReferenceScoring(world.documents)
        let models = try LoadedModels(world.documents)
        for _ in 0..<8 {
            let request = world.features(0...20)
            let ads = world.ads(12)
            for (ad, value) in zip(ads, models.score(request, ads)) {
                let features = request + ad.features
                let click = reference.probability(ad.campaign, "click", features)
                expect(value.pctr, isNear: click)
                let conversion = reference.probability(ad.campaign, "conversion", features)
                expect(value.pcvr, isNear: ad.pricing == .cpa ? conversion : nil)
                let revenue =
                    switch ad.pricing {
                    case .cpm: ad.bid / 1000
                    case .cpc: value.pctr.isNaN ? 0 : ad.bid * Double(value.pctr)
                    case .cpa:
                        value.pctr.isNaN || value.pcvr.isNaN
                            ? 0 : ad.bid * Double(value.pctr) * Double(value.pcvr)
                    }
                #expect(value.expected_revenue == revenue)
            }
        }
    }

    /// If the random models were all alike, they would prove little.
    @Test func theRandomModelsHaveEveryKindOfWeightAndOrdinaryLogits() {
        var ordinaryLogits = 0
        var chains = 0
        var pairsThatCross = 0
        for seed in 1...30 as ClosedRange<UInt64> {
            var world = RandomModels(seed: seed)
            let reference = ReferenceScoring(world.documents)
            let withoutCrosses = ReferenceScoring(
                world.documents.map { document in
                    var document = document
                    document.crosses = []
                    return document
                })
            chains += world.documents.count { $0.extends != nil }
            let features = world.features(10...20)
            for campaign in world.campaigns {
                guard let logit = reference.logit(campaign, "click", features) else { continue }
                if logit.magnitude < 30 { ordinaryLogits += 1 }
                if logit != withoutCrosses.logit(campaign, "click", features) { pairsThatCross += 1 }
            }
        }
        #expect(ordinaryLogits > 150)
        #expect(chains > 60)
        #expect(pairsThatCross > 60)
    }

    private func expect(_ probability: Float, isNear exact: WideNumber?) {
        guard let exact else {
            #expect(probability.isNaN)
            return
        }
        #expect((WideNumber(probability) - exact).magnitude <= 1e-6 * exact, "\(probability) for \(exact)")
    }
}
