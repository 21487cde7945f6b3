// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

/// What an exploring scorer keeps from earlier blocks, requests and models does not affect later values.
@Suite struct ExploringTests {
    private static let policy = #"""
        {"format": "valuation-policy/1", "default": "curious",
         "predictors": {"curious": {"release": "LATEST", "exploration": 1}}}
        """#

    private let slot = NamedFeature.category("slot", "12")

    /// A model of a target with all weights uncertain unless told otherwise.
    private func model(
        _ campaign: String, _ target: String, extends: String? = nil, isUncertain: Bool = true
    ) -> ModelDocument {
        var document = ModelDocument(campaign: campaign, target: target, extends: extends)
        document.categorical = ["slot": ["12": 0.5]]
        document.variance = isUncertain ? #"{"intercept": 0.5, "categorical": {"slot": {"12": 0.25}}}"# : nil
        return document
    }

    private func scorer(_ engine: EngineHandle, _ documents: [ModelDocument]) throws -> ScorerHandle {
        try load(documents, into: engine)
        try engine.loadPolicy(json: Self.policy)
        return try engine.scorer()
    }

    private func load(_ documents: [ModelDocument], into engine: EngineHandle) throws {
        let folder = try TemporaryFolder()
        try engine.load(try folder.write("models.jsonl", documents.map(\.json).joined(separator: "\n")))
    }

    /// If no candidate has a model of a target, the bases of the previous candidates' models must not be used: under
    /// other models they need not even exist. (AddressSanitizer sees that.)
    @Test(arguments: [true, false])
    func candidatesWithoutAModelDoNotUseThoseOfEarlierCandidates(isUncertain: Bool) throws {
        let many = (0..<5000).map { model("\($0)", "click", extends: $0 == 4999 ? nil : "4999") }
        let few =
            ["a", "b", "c"].map { model($0, "click", extends: $0 == "c" ? nil : "c", isUncertain: isUncertain) }
            + [model("x", "conversion", isUncertain: isUncertain)]
        let ads = ["x", "nobody", "x"].map { Ad(campaign: $0, features: [slot], bid: 2) }
        let engine = try EngineHandle()
        let scorer = try scorer(engine, many)
        let known = (0..<20).map { Ad(campaign: "\($0)", features: [slot]) }
        _ = try scorer.explore([slot], known, Circumstances(seed: 1))
        try load(few, into: engine)
        let expected = try self.scorer(try EngineHandle(), few).explore([slot], ads, Circumstances(seed: 2))
        let found = try scorer.explore([slot], ads, Circumstances(seed: 2))
        #expect(found.values.map(\.pcvr.bitPattern) == expected.values.map(\.pcvr.bitPattern))
        #expect(found.values.map(\.flags) == expected.values.map(\.flags))
        #expect(found.values.allSatisfy { $0.pctr.isNaN })
    }

    /// A campaign draws the same, whatever its neighbours and in whichever block.
    @Test func aCampaignDrawsTheSameAtAnyPosition() throws {
        let documents = (0..<300).flatMap { number in
            ["click", "conversion"].map { model("\(number)", $0, extends: number < 200 ? "\(number + 50)" : nil) }
        }
        let sound = documents.filter { $0.extends.map { Int($0)! >= 200 } ?? true }
        let scorer = try scorer(try EngineHandle(), sound)
        let campaigns = sound.filter { $0.target == "click" }.map(\.campaign)
        var generator = SeededGenerator(seed: 3)
        let ads = (0..<1000).map { number in
            Ad(
                campaign: campaigns.randomElement(using: &generator)!, features: number % 2 == 0 ? [] : [slot],
                pricing: number % 3 == 0 ? .cpc : .cpa)
        }
        let together = try scorer.score([slot], ads, Circumstances(seed: 9))
        for (ad, value) in zip(ads, together) {
            let alone = try scorer.score([slot], [ad], Circumstances(seed: 9))[0]
            #expect(alone.pctr.bitPattern == value.pctr.bitPattern && alone.pcvr.bitPattern == value.pcvr.bitPattern)
        }
        #expect(Set(together.map(\.pctr.bitPattern)).count > 100)
    }
}
