// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

/// The promise of valuation.h, "within 1e-6 (relative) of its formula in exact arithmetic", for ill-behaved models.
@Suite struct ScoringExtremesTests {
    private func probability(_ document: ModelDocument, _ features: [NamedFeature]) throws -> (WideNumber, WideNumber) {
        let value = try LoadedModels([document]).score(features, [Ad(pricing: .cpc)])[0]
        return (WideNumber(value.pctr), try #require(ReferenceScoring([document]).probability("1", "click", features)))
    }

    /// Weights outside the request share the model's fixed-point unit with those inside.
    @Test(arguments: [4, 30, 100])
    func oneLargeWeightDoesNotCoarsenTheOthers(large: Double) throws {
        var document = ModelDocument(intercept: -2)
        document.categorical["slot"] = ["rare": large, "12": 0.333333333, "77": -0.271828182]
        document.categorical["os"] = ["ios": 0.141421356]
        document.numeric["age"] = ModelDocument.Numeric(mean: 40, std: 13, weight: 0.0777)
        document.numeric["price"] = ModelDocument.Numeric(mean: 10, std: 7, weight: 0.0333)
        let features: [NamedFeature] = [
            .category("slot", "12"), .category("slot", "77"), .category("os", "ios"), .number("age", 23),
            .number("price", 5),
        ]
        let (probability, exact) = try probability(document, features)
        #expect((probability - exact).magnitude <= 1e-6 * exact, "\(probability) for \(exact)")
    }

    private func upAndDown() -> ModelDocument {
        var document = ModelDocument(intercept: -1)
        document.numeric["up"] = ModelDocument.Numeric(mean: 0, std: 1, weight: 1)
        document.numeric["down"] = ModelDocument.Numeric(mean: 0, std: 1, weight: -1)
        document.numeric["other"] = ModelDocument.Numeric(mean: 0, std: 1, weight: -1)
        return document
    }

    @Test(arguments: [5000, 200_000, 262_144])
    func largeNumbersOfOppositeSignCancel(number: Double) throws {
        let (probability, exact) = try probability(
            upAndDown(), [.number("up", number), .number("down", number - 1)])
        #expect((probability - exact).magnitude <= 1e-6 * exact, "\(probability) for \(exact)")
    }

    /// valuation.h: one number may move a logit by 262,144. A larger one is flagged, whatever cancels it.
    @Test(arguments: [262_145, 1e6, 1e9, 1e300])
    func largerNumbersAreFlaggedEvenIfTheyCancel(number: Double) throws {
        let models = try LoadedModels([upAndDown()])
        for features in [
            [.number("up", number), .number("down", number)], [.number("up", -number), .number("down", -number)],
            [.number("up", 2 * number), .number("down", number), .number("other", number)],
            [.number("up", number)], [.number("down", number)],
        ] as [[NamedFeature]] {
            for ad in [Ad(pricing: .cpc), Ad(features: [.category("slot", "12")], pricing: .cpc)] {
                #expect(models.score(features, [ad])[0].has(.clamped), "\(features)")
            }
        }
    }

    @Test(arguments: [
        (Double.greatestFiniteMagnitude, 1.0), (-Double.greatestFiniteMagnitude, -1.0), (1e300, 1), (-1e300, -1),
        (5000, 1), (-5000, -1),
    ])
    func aLogitBeyond80IsCutThereAndFlagged(number: Double, sign: Double) throws {
        var document = ModelDocument()
        document.numeric["age"] = ModelDocument.Numeric(mean: -1e18, std: 1e-3, weight: 100)
        document.numeric["price"] = ModelDocument.Numeric(mean: 0, std: 1, weight: 1)
        let models = try LoadedModels([document])
        for name in ["age", "price"] where name == "price" || number.magnitude > 1e18 {
            let value = models.score([.number(name, number)], [Ad(pricing: .cpc)])[0]
            #expect(value.has(.clamped))
            #expect(sign > 0 ? value.pctr == 1 : value.pctr > 0 && value.pctr < 1e-34)
        }
    }

    @Test(arguments: [-80, 80])
    func aLogitOf80IsNotClamped(intercept: Double) throws {
        let value = try LoadedModels([ModelDocument(intercept: intercept)]).score([], [Ad(pricing: .cpc)])[0]
        #expect(value.flags == 0)
    }

    @Test func tenThousandFeaturesOfTheRequestAndOfTheAdAllCount() throws {
        var document = ModelDocument(intercept: -1)
        document.categorical["slot"] = ["12": 0.0001]
        let many = [NamedFeature](repeating: .category("slot", "12"), count: 10_000)
        let models = try LoadedModels([document])
        let value = models.score(many, [Ad(features: many, pricing: .cpc)])[0]
        let exact = try #require(ReferenceScoring([document]).probability("1", "click", many + many))
        #expect((WideNumber(value.pctr) - exact).magnitude <= 1e-6 * exact)
    }

    @Test func anAdWithMoreThanTenThousandFeaturesIsInvalidAndTheNextOneIsNot() throws {
        let many = [NamedFeature](repeating: .category("slot", "12"), count: 10_001)
        let models = try LoadedModels([ModelDocument()])
        let values = models.score([], [Ad(features: many, pricing: .cpc), Ad(pricing: .cpc, bid: 2)])
        #expect(values[0].has(.invalidCandidate) && values[0].expected_revenue == 0)
        #expect(values[1].flags == 0 && values[1].expected_revenue == 1)
    }
}
