// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

/// Flags report whatever is unusual about a value; it never makes other candidates fail.
@Suite struct ScoringFlagsTests {
    private func model(_ campaign: String, _ target: String, intercept: Double) -> ModelDocument {
        var document = ModelDocument(campaign: campaign, target: target, intercept: intercept)
        document.categorical["slot"] = ["12": 0.5]
        document.numeric["age"] = ModelDocument.Numeric(mean: 0, std: 1, weight: 0.5)
        return document
    }

    private func value(
        _ documents: [ModelDocument], _ ad: Ad, request: [NamedFeature] = []
    ) throws -> (flags: Flags, revenue: Double, pctr: Float, pcvr: Float) {
        let value = try LoadedModels(documents).score(request, [ad])[0]
        return (Flags(rawValue: value.flags), value.expected_revenue, value.pctr, value.pcvr)
    }

    @Test func aCampaignWithBothModelsHasNoFlag() throws {
        let documents = [model("1", "click", intercept: 0), model("1", "conversion", intercept: 0)]
        let value = try value(documents, Ad(bid: 8))
        #expect(value == (flags: [], revenue: 2, pctr: 0.5, pcvr: 0.5))
    }

    @Test func aCampaignWithoutModelsIsValuedByTheDefaultOnes() throws {
        let documents = [model("*", "click", intercept: 0), model("*", "conversion", intercept: 0)]
        let value = try value(documents, Ad(bid: 8))
        let flags: Flags = [.unknownCampaign, .defaultClickModel, .defaultConversionModel]
        #expect(value == (flags: flags, revenue: 2, pctr: 0.5, pcvr: 0.5))
    }

    @Test func onlyTheMissingConversionModelIsReplacedByTheDefaultOne() throws {
        let documents = [model("1", "click", intercept: 0), model("*", "conversion", intercept: 0)]
        let value = try value(documents, Ad(bid: 8))
        #expect(value == (flags: .defaultConversionModel, revenue: 2, pctr: 0.5, pcvr: 0.5))
    }

    @Test func withoutAConversionModelOnlyCPAIsWorthNothing() throws {
        let documents = [model("1", "click", intercept: 0)]
        let action = try value(documents, Ad(pricing: .cpa, bid: 8))
        #expect(action.flags == .noConversionModel && action.revenue == 0 && action.pctr == 0.5 && action.pcvr.isNaN)
        let click = try value(documents, Ad(pricing: .cpc, bid: 8))
        #expect(click.flags == [] && click.revenue == 4 && click.pcvr.isNaN)
    }

    @Test func withoutAClickModelOnlyCPMIsWorthSomething() throws {
        let documents = [model("1", "conversion", intercept: 0)]
        let impression = try value(documents, Ad(pricing: .cpm, bid: 8))
        #expect(impression.flags == .noClickModel && impression.revenue == 0.008 && impression.pctr.isNaN)
        let click = try value(documents, Ad(pricing: .cpc, bid: 8))
        #expect(click.flags == .noClickModel && click.revenue == 0 && click.pctr.isNaN)
        let action = try value(documents, Ad(pricing: .cpa, bid: 8))
        #expect(action.flags == .noClickModel && action.revenue == 0 && action.pcvr == 0.5)
    }

    @Test(arguments: [-1, -.leastNonzeroMagnitude, .nan, .infinity, -.infinity] as [Double])
    func anImpossibleBidIsWorthNothing(bid: Double) throws {
        let documents = [model("1", "click", intercept: 0)]
        let values = try LoadedModels(documents).score(
            [], [Ad(pricing: .cpc, bid: bid), Ad(pricing: .cpm, bid: bid), Ad(pricing: .cpc, bid: 8)])
        for value in values[0...1] {
            #expect(value.flags == Flags.invalidBid.rawValue && value.expected_revenue == 0 && value.pctr == 0.5)
        }
        #expect(values[2].flags == 0 && values[2].expected_revenue == 4)
    }

    @Test func theLargestBidIsStillABid() throws {
        let value = try value([model("1", "click", intercept: 80)], Ad(pricing: .cpc, bid: .greatestFiniteMagnitude))
        #expect(value.flags == [] && value.revenue == .greatestFiniteMagnitude)
    }

    @Test func aKeyThatNoModelKnowsIsNotFlagged() throws {
        let models = try LoadedModels([model("1", "click", intercept: 0)])
        let ads = [Ad(pricing: .cpc), Ad(features: [.category("slot", "13")], pricing: .cpc)]
        for value in models.score([.category("slot", "13")], ads) { #expect(value.flags == 0 && value.pctr == 0.5) }
    }

    @Test(arguments: [.nan, .infinity, -.infinity] as [Double])
    func aNumberThatIsNotFiniteAddsNothingAndIsFlagged(number: Double) throws {
        let models = try LoadedModels([model("1", "click", intercept: 0)])
        let byRequest = models.score([.number("age", number)], [Ad(pricing: .cpc)])[0]
        #expect(byRequest.flags == Flags.invalidNumber.rawValue && byRequest.pctr == 0.5)
        let byAd = models.score([], [Ad(features: [.number("age", number)], pricing: .cpc)])[0]
        #expect(byAd.flags == Flags.invalidNumber.rawValue && byAd.pctr == 0.5)
    }

    @Test func theNumberOfACategoryIsIgnored() throws {
        let models = try LoadedModels([model("1", "click", intercept: 0)])
        let expected = models.score([.category("slot", "12")], [Ad(pricing: .cpc)])[0].bits
        for number in [0, -3, Double.nan, .infinity] {
            var feature = NamedFeature.category("slot", "12").feature
            feature.number = number
            let values = withUnsafePointer(to: feature) { features in
                let request = Request(features: features, featureCount: 1, timeBudget: 0)
                var candidate = valuation_candidate()
                candidate.campaign = Secret.standard.campaign(Text("1"))
                (candidate.pricing, candidate.bid) = (Pricing.cpc.rawValue, 1)
                var value = valuation_value()
                withUnsafePointer(to: candidate) { candidate in
                    models.withIndex { index in
                        Scoring.score(
                            request, Candidates(candidate, count: 1), into: &value, index: index,
                            scratch: models.scratch)
                    }
                }
                return value
            }
            #expect(values.bits == expected)
        }
    }

    @Test func aCrossKeyIsNotAFeature() throws {
        var document = ModelDocument()
        document.crosses = [
            ModelDocument.Cross(fields: ("slot", "os"), weights: [(first: "12", second: "ios", weight: 1)])
        ]
        let models = try LoadedModels([document])
        let cross = Secret.standard.cross(
            NamedFeature.category("slot", "12").feature.key, NamedFeature.category("os", "ios").feature.key)
        let feature = valuation_feature(key: cross, number: 1)
        var candidate = valuation_candidate()
        candidate.campaign = Secret.standard.campaign(Text("1"))
        (candidate.pricing, candidate.bid) = (Pricing.cpc.rawValue, 1)
        var value = valuation_value()
        withUnsafePointer(to: feature) { feature in
            withUnsafePointer(to: candidate) { candidate in
                models.withIndex { index in
                    let request = Request(features: feature, featureCount: 1, timeBudget: 0)
                    Scoring.score(
                        request, Candidates(candidate, count: 1), into: &value, index: index, scratch: models.scratch)
                }
            }
        }
        #expect(value.flags == 0 && value.pctr == 0.5)
    }

    /// A nanosecond is over before the first candidate is reached.
    @Test func whenTheTimeIsUpValuesAreThePriorsAndSaySo() throws {
        var trained = model("1", "click", intercept: 0)
        trained.training = "{\"base_rate\": 0.25}"
        let documents = [trained, model("2", "click", intercept: 0), model("2", "conversion", intercept: 0)]
        let models = try LoadedModels(documents)
        let ads = [Ad(campaign: "1", pricing: .cpc, bid: 8), Ad(campaign: "2", pricing: .cpa, bid: 8)]
        let late = models.score([.category("slot", "12")], ads, timeBudget: 1)
        #expect(late.allSatisfy { $0.has(.budgetExceeded) })
        #expect(late[0].pctr == 0.25 && late[0].expected_revenue == 2)
        // Without a training base rate: the intercept's rate.
        #expect(late[1].pctr == 0.5 && late[1].pcvr == 0.5 && late[1].expected_revenue == 2)
        let inTime = models.score([.category("slot", "12")], ads, timeBudget: 3_600_000_000_000)
        #expect(inTime.map(\.bits) == models.score([.category("slot", "12")], ads).map(\.bits))
        #expect(inTime.allSatisfy { $0.flags == 0 })
    }

    @Test func aTimeBudgetBeyondTheClockIsUnlimited() throws {
        let models = try LoadedModels([model("1", "click", intercept: 0)])
        #expect(models.score([], [Ad(pricing: .cpc)], timeBudget: .max)[0].flags == 0)
    }
}
