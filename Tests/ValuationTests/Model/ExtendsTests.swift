// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Valuation

/// A model may be a correction of another one.
@Suite struct ExtendsTests {
    private func document(_ campaign: String, extends base: String?, _ intercept: Double) -> ModelDocument {
        var document = ModelDocument(campaign: campaign, extends: base, intercept: intercept)
        document.categorical["slot"] = ["12": intercept / 2]
        return document
    }

    private func probability(_ documents: [ModelDocument], _ campaign: String) throws -> Float {
        try LoadedModels(documents).score([.category("slot", "12")], [Ad(campaign: campaign, pricing: .cpc)])[0].pctr
    }

    /// A chain in which number 1 extends 2, and so on.
    private func chain(_ length: Int) -> [ModelDocument] {
        (1...length).map { document("\($0)", extends: $0 == length ? nil : "\($0 + 1)", 0.1 * Double($0)) }
    }

    @Test func aModelsLogitBeginsWithThatOfItsBase() throws {
        let documents = [document("1", extends: "*", -1), document("*", extends: nil, 3)]
        // −1 − 0.5 + 3 + 1.5 = 3
        #expect(try probability(documents, "1") == (1 / (1 + exp(-3.0))).rounded)
        #expect(try probability(documents, "2") == (1 / (1 + exp(-4.5))).rounded)
    }

    @Test func theChainsSamplingRateCountsOnce() throws {
        var models = chain(3)
        for place in models.indices {
            (models[place].negativeSamplingRate, models[place].intercept) = (0.25, 0)
            models[place].categorical = [:]
        }
        // p / (p + (1 − p) / w) with p = 1/2.
        for campaign in ["1", "2", "3"] { #expect(try probability(models, campaign) == 0.2) }
    }

    /// If its rate differed, a correction that learnt nothing would change every probability.
    @Test func aChainHasOneSamplingRate() throws {
        var models = chain(3)
        models[2].negativeSamplingRate = 0.01
        models[1].negativeSamplingRate = 0.01
        let failure = try #require(loadComplaint(models))
        #expect(failure.status == .invalidValue && failure.jsonPath == "$.negative_sampling_rate" && failure.line == 1)
        #expect(
            failure.message.contains("The base's is 0.01, this 1,")
                && failure.message.contains("ln(own / base's) if to its z."))
        models[0].negativeSamplingRate = 0.01 * (1 + 1e-9)
        #expect(loadComplaint(models) == nil)
    }

    @Test func fourModelsInAChainAreAllowed() throws {
        // (0.1 + 0.2 + 0.3 + 0.4) × 1.5
        #expect(try probability(chain(4), "1") == (1 / (1 + exp(-1.5))).rounded)
    }

    @Test func fiveModelsInAChainAreRefusedAtTheFirst() throws {
        let failure = try #require(loadComplaint(chain(5)))
        #expect(failure.status == .unknownModel)
        #expect(failure.jsonPath == "$.extends")
        #expect(failure.line == 1)
    }

    @Test(arguments: [
        [("1", "1")], [("1", "2"), ("2", "1")], [("1", "2"), ("2", "3"), ("3", "1")],
        [("1", "2"), ("2", "3"), ("3", "2")],
    ])
    func aCycleIsRefused(links: [(String, String)]) throws {
        let failure = try #require(loadComplaint(links.map { document($0.0, extends: $0.1, 0) }))
        #expect(failure.status == .unknownModel)
        #expect(failure.jsonPath == "$.extends")
        #expect(failure.line == 1)
    }

    @Test func aMissingBaseIsRefused() throws {
        let failure = try #require(
            loadComplaint([document("1", extends: nil, 0), document("2", extends: "3", 0)]))
        #expect(failure.status == .unknownModel)
        #expect(failure.jsonPath == "$.extends")
        #expect(failure.line == 2)
    }

    @Test func aModelForTheOtherTargetIsNotABase() throws {
        var base = document("*", extends: nil, 0)
        base.target = "conversion"
        #expect(try #require(loadComplaint([base, document("1", extends: "*", 0)])).status == .unknownModel)
    }

    @Test func aBaseMayBeInALaterFile() throws {
        let folder = try TemporaryFolder()
        try folder.write("1.json", document("1", extends: "*", -1).json)
        try folder.write("2.jsonl.gz", gzip(document("*", extends: nil, 3).json))
        #expect(loadComplaint(atPath: folder.path) == nil)
    }

    /// Weights of a model and its base have different units; their sum must still be right.
    @Test func modelsOfDifferentScaleAreSummedRightly() throws {
        var base = ModelDocument(campaign: "*", intercept: 0.125)
        base.categorical["slot"] = ["12": 40]
        var own = ModelDocument(campaign: "1", extends: "*")
        own.categorical["slot"] = ["12": -39.875]
        #expect(try probability([own, base], "1") == (1 / (1 + exp(-0.25))).rounded)
    }
}

extension Double {
    fileprivate var rounded: Float { Float(self) }
}
