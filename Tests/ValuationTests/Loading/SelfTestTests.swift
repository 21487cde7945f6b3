// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

/// A model file carries examples with their probabilities by the trainer; the loader replays them.
@Suite struct SelfTestTests {
    private func document(_ features: String, _ probability: Double) -> ModelDocument {
        var document = ModelDocument(intercept: 1, negativeSamplingRate: 0.5)
        document.categorical = [
            "slot": ["12": 0.5, "77": -2], "segment": ["sports": 1, "travel": 2], "on": ["true": 3],
        ]
        document.numeric["age"] = ModelDocument.Numeric(mean: 30, std: 10, weight: 0.25)
        document.crosses = [
            ModelDocument.Cross(fields: ("slot", "segment"), weights: [(first: "12", second: "sports", weight: 4)])
        ]
        document.selfTests = [
            ModelDocument.SelfTest(features: "{}", probability: 0.5761168847658291),
            ModelDocument.SelfTest(features: features, probability: probability),
        ]
        return document
    }

    private static let examples: [(String, [NamedFeature])] = [
        (#"{"slot": "12"}"#, [.category("slot", "12")]),
        (#"{"slot": 12}"#, [.category("slot", "12")]),
        (#"{"slot": 1.2e1}"#, [.category("slot", "12")]),
        (#"{"age": 50}"#, [.number("age", 50)]),
        (#"{"age": 0.1}"#, [.number("age", 0.1)]),
        (#"{"on": true, "age": null}"#, [.category("on", "true")]),
        (#"{"segment": ["sports", "travel"]}"#, [.category("segment", "sports"), .category("segment", "travel")]),
        (#"{"segment": ["sports"], "slot": "12"}"#, [.category("segment", "sports"), .category("slot", "12")]),
        (#"{"slot": "of no weight", "a field of other models": "x"}"#, []),
    ]

    @Test(arguments: examples)
    func theProbabilityOfTheTrainerIsReproduced(features: String, named: [NamedFeature]) throws {
        var document = document(features, 0.5)
        let exact = try #require(ReferenceScoring([document]).probability("1", "click", named))
        document.selfTests[1].probability = Double(exact)
        #expect(loadComplaint([document])?.message == nil)
        // A difference of two millionths is an error.
        for factor in [1 + 2e-6, 1 - 2e-6] {
            document.selfTests[1].probability = Double(exact) * factor
            let failure = try #require(loadComplaint([ModelDocument(campaign: "0"), document]))
            #expect(failure.status == .selfTest)
            #expect(failure.jsonPath == "$.self_test[1]")
            #expect(failure.line == 2)
            #expect(failure.message.contains("\(document.selfTests[1].probability)"))
            // The model's result is rounded twice.
            let given = [Float(exact).nextDown, Float(exact), Float(exact).nextUp]
            #expect(given.contains { failure.message.contains("gives \($0) (logit ") })
        }
    }

    /// The error lists every term beside both probabilities, so that each of these mistakes can be recognised.
    @Test(arguments: [
        (
            #"{"slot": "12", "age": 50, "segment": "sports"}"#,
            "log of the sampling rate -0.6931472, intercept 1, slot=12 0.5, age: 0.025 x (50 - 30) = 0.5, "
                + "segment=sports 1, slot=12 x segment=sports 4.", ""
        ),
        (#"{"slot": "12.0"}"#, "log of the sampling rate -0.6931472, intercept 1.", "; not used: slot=12.0"),
        (
            #"{"slot": "12", "country": "de", "os": 1}"#,
            "log of the sampling rate -0.6931472, intercept 1, slot=12 0.5.",
            "; not used: field country, field os"
        ),
    ])
    func aFailedExampleShowsItsTerms(features: String, used: String, unused: String) throws {
        let failure = try #require(loadComplaint([document(features, 0.25)]))
        let message = failure.message
        let start = "The example's probability is 0.25 (logit -1.0986123), but the model gives "
        #expect(message.hasPrefix(start), "\(message)")
        #expect(message.hasSuffix(")\(unused); used: \(used)"), "\(message)")
    }

    @Test func aProbabilityOfOneHasNoLogit() throws {
        let failure = try #require(loadComplaint([document(#"{"slot": "12"}"#, 1)]))
        #expect(failure.message.hasPrefix("The example's probability is 1, but the model gives "), "\(failure.message)")
    }

    @Test func namesReadAlikeHoweverTheFileSpellsThem() throws {
        let failure = try #require(
            loadComplaint([document(#"{"gr\u00f6\u00dfe": 1, "slot": "a\"b", "li\u000ane": 2, "age": 1e308}"#, 0.25)]))
        #expect(
            failure.message.contains("; not used: field größe, field li\\u000ane, slot=a\"b; used: "),
            "\(failure.message)")
        #expect(failure.message.contains("age: 0.025 x (1e+308 - 30) = "), "\(failure.message)")
    }

    @Test func theTermsOfABaseNameItsCampaign() throws {
        var own = ModelDocument(campaign: "1", extends: "*", intercept: 1, negativeSamplingRate: 0.1)
        var base = ModelDocument(campaign: "*", intercept: 2, negativeSamplingRate: 0.1)
        base.categorical["slot"] = ["12": 0.5]
        own.selfTests = [ModelDocument.SelfTest(features: #"{"slot": 12}"#, probability: 0.5)]
        let failure = try #require(loadComplaint([own, base]))
        #expect(
            failure.message.hasSuffix(
                "; used: log of the sampling rate -2.3025851, intercept 1, intercept 2 of *, slot=12 0.5."),
            "\(failure.message)")
    }

    @Test(arguments: [
        #"{"age": "old"}"#, #"{"age": true}"#, #"{"slot": {"12": 1}}"#, #"{"slot": [["12"]]}"#, #"{"age": [1]}"#,
    ])
    func anExampleOfTheWrongTypeIsRefused(features: String) throws {
        let failure = try #require(loadComplaint([document(features, 0.5)]))
        #expect(failure.status == .selfTest)
        #expect(failure.jsonPath == "$.self_test[1]")
    }

    @Test func anExampleMayExtendOverTheBase() throws {
        var own = ModelDocument(campaign: "1", extends: "*", intercept: 1, negativeSamplingRate: 0.1)
        let base = ModelDocument(campaign: "*", intercept: 2, negativeSamplingRate: 0.1)
        own.selfTests = [ModelDocument.SelfTest(features: "{}", probability: 0.6676143747897432)]
        #expect(loadComplaint([own, base])?.message == nil)
    }

    @Test func examplesOfConversionModelsAreReplayedToo() throws {
        var conversion = document("{}", 0.25)
        conversion.target = "conversion"
        let failure = try #require(loadComplaint([ModelDocument(), conversion]))
        #expect(failure.status == .selfTest)
        #expect(failure.jsonPath == "$.self_test[1]")
    }
}
