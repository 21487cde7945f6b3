// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

/// What an engine serves before, between and after loads.
@Suite struct EngineTests {
    private let click = #"{"candidates": [{"campaign": "1", "pricing": "cpc", "bid": 1}]}"#

    private func pctr(_ scorer: ScorerHandle) throws -> Double? {
        try JSONTree(parsing: try scorer.scoreJSON(click)).values.first?["pctr"]?.number
    }

    private func model(_ intercept: Double) -> String {
        ModelDocument(intercept: intercept).json
    }

    @Test func beforeALoadThereIsNothingToScoreWith() throws {
        let engine = try EngineHandle()
        let scorer = try engine.scorer()
        for call in [scorer.scoreJSON, scorer.explainJSON] {
            #expect(complaint { () throws(Complaint) in _ = try call(click) }?.status == .nothingLoaded)
        }
        #expect(complaint { () throws(Complaint) in _ = try engine.describeJSON() }?.status == .nothingLoaded)
        #expect(complaint { () throws(Complaint) in _ = try scorer.score([], []) }?.status == .nothingLoaded)
        let folder = try TemporaryFolder()
        try engine.load(try folder.write("a.json", model(0)))
        #expect(try pctr(scorer) == 0.5)
    }

    @Test func aLoadReplacesEverything() throws {
        let folder = try TemporaryFolder()
        let engine = try EngineHandle()
        let scorer = try engine.scorer()
        try engine.load(try folder.write("a.json", model(0)))
        #expect(try pctr(scorer) == 0.5)
        try engine.load(try folder.write("b.json", model(80)))
        #expect(try pctr(scorer) == 1)
        try engine.load(try folder.write("c.json", ModelDocument(campaign: "2").json))
        #expect(try pctr(scorer) == nil)
    }

    @Test(arguments: [
        "{", "", ModelDocument(extends: "2").json, ModelDocument().members.with("intercept", "1e999").json,
        ModelDocument(selfTests: [ModelDocument.SelfTest(features: "{}", probability: 0.1)]).json,
    ])
    func aLoadThatFailsChangesNothing(document: String) throws {
        let folder = try TemporaryFolder()
        let engine = try EngineHandle()
        let scorer = try engine.scorer()
        try engine.load(try folder.write("good.json", model(0)))
        let before = try engine.describeJSON()
        let bad = try folder.write("bad.json", document)
        let refusal = try #require(complaint { () throws(Complaint) in try engine.load(bad) })
        #expect(refusal.file == bad)
        #expect(try pctr(scorer) == 0.5)
        // The folder holds both files: not even the good one is loaded.
        #expect(complaint { () throws(Complaint) in try engine.load(folder.path) } != nil)
        #expect(try engine.describeJSON() == before)
    }

    @Test func aScorerOutlivesTheEnginesHandle() throws {
        let folder = try TemporaryFolder()
        let engine = try EngineHandle()
        try engine.load(try folder.write("a.json", model(0)))
        let scorers = [try engine.scorer(), try engine.scorer()]
        engine.destroy()
        for scorer in scorers { #expect(try pctr(scorer) == 0.5) }
    }

    @Test func twoEnginesDoNotKnowOfEachOther() throws {
        let folder = try TemporaryFolder()
        let engines = [try EngineHandle(), try EngineHandle()]
        for (number, engine) in engines.enumerated() {
            try engine.load(try folder.write("\(number).json", model(number == 0 ? 0 : 80)))
        }
        #expect(try pctr(try engines[0].scorer()) == 0.5)
        #expect(try pctr(try engines[1].scorer()) == 1)
    }

    /// A scorer's memory grows to fit whatever is loaded, and leftovers of an earlier set do not matter.
    @Test func aScorerFollowsFromSmallModelsToLargeOnesAndBack() throws {
        let folder = try TemporaryFolder()
        let engine = try EngineHandle()
        let scorer = try engine.scorer()
        for count in [1, 500, 2, 1000, 1] {
            let models = (1...count).map { number in
                var document = ModelDocument(campaign: "\(number)")
                document.categorical["slot"] = ["12": number == 1 ? 0 : 3]
                return document.json
            }
            try engine.load(try folder.write("models.jsonl", models.joined(separator: "\n")))
            let last =
                "{\"features\": {\"slot\": \"12\"}, \"candidates\": [{\"campaign\": \"1\", \"bid\": 1, \"pricing\": \"cpc\"}, "
                + "{\"campaign\": \"\(count)\", \"bid\": 1, \"pricing\": \"cpc\"}]}"
            let values = try JSONTree(parsing: try scorer.scoreJSON(last)).values
            #expect(values[0]["pctr"]?.number == 0.5)
            #expect(values[1]["pctr"]?.number == (count == 1 ? 0.5 : 0.95257413))
        }
    }

    @Test func scorersComeAndGoInAnyOrder() throws {
        let engine = try EngineHandle(models: [ModelDocument()])
        var generator = SeededGenerator(seed: 14)
        var scorers: [ScorerHandle] = []
        for _ in 0..<200 {
            if generator.once(in: 2) || scorers.isEmpty {
                scorers.append(try engine.scorer())
            } else {
                scorers.remove(at: Int.random(in: 0..<scorers.count, using: &generator))
            }
            if let scorer = scorers.randomElement(using: &generator) { #expect(try pctr(scorer) == 0.5) }
        }
        let folder = try TemporaryFolder()
        try engine.load(try folder.write("a.json", model(80)))
        for scorer in scorers { #expect(try pctr(scorer) == 1) }
    }
}
