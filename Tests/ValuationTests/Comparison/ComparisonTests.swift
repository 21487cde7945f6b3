// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

@Suite struct ComparisonTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func write(_ models: [ModelDocument], _ name: String) throws -> String {
        try folder.write(name, models.map(\.json).joined(separator: "\n"))
    }

    private func compare(_ before: [ModelDocument], _ after: [ModelDocument], most: Int = 10) throws -> JSONTree {
        try JSONTree(
            parsing: try compare(try write(before, "before.jsonl"), try write(after, "after.jsonl"), most: most))
    }

    /// The report on the models at two paths.
    private func compare(_ before: String, _ after: String, most: Int = 10) throws(Complaint) -> String {
        var report: OpaquePointer?
        try checked { error in
            valuation_compare(
                before, before.utf8.count, after, after.utf8.count, most, &report, error)
        }
        defer { valuation_report_destroy(report) }
        var length = 0
        let string = valuation_report_text(report, &length).map { String(cString: $0) } ?? ""
        #expect(string.utf8.count == length)
        return string
    }

    private func model(_ campaign: String, _ slots: [String: Double]) -> ModelDocument {
        ModelDocument(campaign: campaign, target: "click", categorical: ["slot": slots])
    }

    @Test func weightsAreAddedDroppedAndMoved() throws {
        let answer = try compare([model("1", ["a": 1, "b": 2, "c": 3])], [model("1", ["b": 2, "c": 1, "d": 0.5])])
        let change = try #require(answer["models"]?.elements.first)
        #expect(change["change"]?.text == "changed")
        for (member, count) in [("added", 1.0), ("dropped", 1), ("moved", 1), ("unchanged", 1), ("distance", 3.5)] {
            #expect(change[member]?.number == count, "\(member)")
        }
        let most = try #require(change["most"]?.elements)
        #expect(most.map { $0["weight"]?.text } == ["slot=c", "slot=a", "slot=d"])
        #expect(most[0]["before"]?.number == 3 && most[0]["after"]?.number == 1)
        #expect(most[1]["after"] == .null && most[2]["before"] == .null)
        #expect(answer["changed_models"]?.number == 1)
    }

    @Test func equalModelsAreNotListed() throws {
        let models = [model("1", ["a": 1]), model("2", ["b": 2])]
        let answer = try compare(models, models)
        #expect(answer["models"]?.elements.isEmpty == true && answer["unchanged_models"]?.number == 2)
    }

    @Test func addedAndRemovedModelsAreListed() throws {
        let answer = try compare([model("1", ["a": 1])], [model("2", ["b": 2, "c": 1])], most: 1)
        let changes = try #require(answer["models"]?.elements)
        #expect(changes.map { $0["change"]?.text } == ["added", "dropped"])
        #expect(changes.map { $0["campaign"]?.text } == ["2", "1"])
        #expect(changes[0]["most"]?.elements.count == 1)
        #expect(changes[0]["constant"]?["before"] == .null && changes[1]["constant"]?["after"] == .null)
    }

    @Test func aMeanThatMovedIsAChangeOfTheConstant() throws {
        var (before, after) = (model("1", [:]), model("1", [:]))
        before.numeric["age"] = ModelDocument.Numeric(mean: 1, std: 2, weight: 0.5)
        after.numeric["age"] = ModelDocument.Numeric(mean: 5, std: 2, weight: 0.5)
        let change = try #require(try compare([before], [after])["models"]?.elements.first)
        #expect(change["constant"]?["before"]?.number == -0.25 && change["constant"]?["after"]?.number == -1.25)
    }

    @Test func crossesAreNamedByBothSides() throws {
        var after = model("1", [:])
        after.crosses = [
            ModelDocument.Cross(fields: ("slot", "os"), weights: [(first: "12", second: "ios", weight: 0.5)])
        ]
        let change = try #require(try compare([model("1", [:])], [after])["models"]?.elements.first)
        #expect(change["most"]?.elements.first?["weight"]?.text == "slot=12 x os=ios")
    }

    @Test func campaignDocumentsAreCheckedAndSkipped() throws {
        let lines = [CampaignEntry(impressions: 9, clicks: 2).json, model("1", ["a": 1]).json, CampaignEntry().json]
        let before = try folder.write("before.jsonl", lines.joined(separator: "\n"))
        let after = try folder.write("after.jsonl", lines.dropLast().joined(separator: "\n"))
        let answer = try JSONTree(parsing: try compare(before, after))
        #expect(answer["models"]?.elements.isEmpty == true && answer["unchanged_models"]?.number == 1)
        let unsound = try folder.write("unsound.jsonl", CampaignEntry(clicks: 2).json)
        #expect(complaint { () throws(Complaint) in _ = try compare(before, unsound) }?.jsonPath == "$.clicks")
    }

    @Test func aDuplicateModelInASetIsRefused() throws {
        let (once, twice) = ([model("1", [:])], [model("1", [:]), model("1", [:])])
        for (before, after) in [(once, twice), (twice, once)] {
            do {
                _ = try compare(before, after)
                Issue.record("not refused")
            } catch let found as Complaint {
                #expect(found.status == .duplicateModel && found.line == 2)
            }
        }
    }
}
