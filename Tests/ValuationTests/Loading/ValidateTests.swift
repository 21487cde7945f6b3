// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

/// A validation reports every problem, not only the first.
@Suite struct ValidateTests {
    private struct Place: Equatable {
        var file: String
        var line: UInt32
        var jsonPath: String
        var status: Status

        init(_ file: String, _ line: UInt32, _ jsonPath: String, _ status: Status) {
            (self.file, self.line, self.jsonPath, self.status) = (file, line, jsonPath, status)
        }
    }

    private func places(_ folder: TemporaryFolder) -> [Place] {
        problems(atPath: folder.path).map { problem in
            Place(problem.file.replacing("\(folder.path)/", with: ""), problem.line, problem.jsonPath, problem.status)
        }
    }

    @Test func everyProblemOfOneDocumentIsReported() throws {
        let folder = try TemporaryFolder()
        let members =
            RefusedDocuments.sound.without("variance").with("kind", "1").without("target").with(
                "negative_sampling_rate", "0"
            )
            .with("categorical", #"{"slot": {"12": null, "13": 1, "14": "x"}, "a=b": {}}"#)
            .with("numeric", #"{"age": {"std": -1}, "slot": {}}"#)
            .with("crosses", #"[{"fields": ["a"]}, {"fields": ["a", "b"], "weights": [[1], ["1", "2", "3"]]}]"#)
            .with("training", #"{"auc": 7}"#).with("self_test", "[{}, {}]").with("extend", "1")
        try folder.write("a.json", members.json)
        let paths = [
            "$.kind", "$.target", "$.negative_sampling_rate", #"$.categorical.slot["12"]"#,
            #"$.categorical.slot["14"]"#,
            #"$.categorical["a=b"]"#, "$.numeric.age.mean", "$.numeric.age.weight", "$.numeric.slot",
            "$.crosses[0].fields",
            "$.crosses[1].weights[0]", "$.crosses[1].weights[1][2]", "$.training.auc", "$.self_test[0].features",
            "$.self_test[1].features", "$.extend",
        ]
        #expect(places(folder) == paths.map { Place("a.json", 0, $0, .invalidValue) })
    }

    @Test func everyFileAndLineIsChecked() throws {
        let folder = try TemporaryFolder()
        let good = ModelDocument(campaign: "good").json
        try folder.write("1.json", "{")
        try folder.write("2.json.gz", [1, 2, 3])
        try folder.write(
            "3.jsonl", [good, "", "{\"kind\": 1, \"kind\": 2}", "[]", good].joined(separator: "\r\n") + "\n")
        try folder.write("4.json", ModelDocument(campaign: "last", extends: "nobody").json)
        let found = places(folder)
        #expect(found.map(\.file) == ["1.json", "2.json.gz", "3.jsonl", "3.jsonl", "3.jsonl", "4.json"])
        #expect(found.map(\.line) == [1, 0, 3, 4, 5, 0])
        #expect(
            found.map(\.status) == [
                .jsonSyntax, .gzip, .duplicateKey, .invalidValue, .duplicateModel, .unknownModel,
            ])
    }

    @Test func everySelfTestIsReplayed() throws {
        let folder = try TemporaryFolder()
        var document = ModelDocument()
        document.selfTests = [0.1, 0.5, 0.9].map { ModelDocument.SelfTest(features: "{}", probability: $0) }
        try folder.write("a.json", document.json)
        #expect(
            places(folder) == [
                Place("a.json", 0, "$.self_test[0]", .selfTest), Place("a.json", 0, "$.self_test[2]", .selfTest),
            ])
    }

    @Test func aModelIsNotBlamedForItsBasesProblems() throws {
        let folder = try TemporaryFolder()
        var own = ModelDocument(campaign: "1", extends: "*")
        own.selfTests = [ModelDocument.SelfTest(features: "{}", probability: 0.123)]
        try folder.write("1.json", own.json)
        try folder.write("2.json", ModelDocument(campaign: "*").members.with("intercept", "null").json)
        #expect(places(folder) == [Place("2.json", 0, "$.intercept", .invalidValue)])
    }

    /// A model that is refused after some of its weights were taken leaves no trace in later ones.
    @Test func aModelIsNotBlamedForARefusedOne() throws {
        let folder = try TemporaryFolder()
        let cross = ModelDocument.Cross(fields: ("slot", "os"), weights: [(first: "12", second: "ios", weight: 1)])
        var twice = ModelDocument(campaign: "1")
        twice.crosses = [cross, cross]
        var sound = ModelDocument(campaign: "2")
        sound.crosses = [cross]
        sound.selfTests = [
            ModelDocument.SelfTest(features: #"{"slot": "12", "os": "ios"}"#, probability: 0.7310585786300049)
        ]
        try folder.write("a.jsonl", twice.json + "\n" + sound.json)
        let statuses = places(folder).map { [$0.line, UInt32($0.status.rawValue)] }
        #expect(statuses == [[1, UInt32(Status.duplicateKey.rawValue)]])
    }

    @Test func aSoundFolderHasNoProblem() throws {
        let folder = try TemporaryFolder()
        try folder.write("a.jsonl", RandomModels(seed: 7).documents.map(\.json).joined(separator: "\n"))
        #expect(places(folder) == [])
    }

    @Test func aModelWithoutASelfTestIsAWarning() throws {
        let folder = try TemporaryFolder()
        var tested = ModelDocument(campaign: "1")
        tested.selfTests = [ModelDocument.SelfTest(features: "{}", probability: 0.5)]
        let untested = ["2", "3"].map { ModelDocument(campaign: $0) }
        try folder.write("a.jsonl", [untested[0], tested].map(\.json).joined(separator: "\n"))
        try folder.write("b.json", untested[1].json)
        let found = findings(atPath: folder.path)
        #expect(found.map(\.status) == [.ok, .ok] && found.map(\.jsonPath) == ["$.self_test", "$.self_test"])
        #expect(found.map(\.line) == [1, 0] && found[1].file == folder.path + "/b.json")
        #expect(found[0].message.contains("no self-test"))
        #expect(findings(atPath: folder.path, atMost: 1).count == 1)
        #expect(loadComplaint(atPath: folder.path) == nil)
    }

    @Test func theCallbackMayEndTheValidation() throws {
        let folder = try TemporaryFolder()
        for name in ["1.json", "2.json", "3.json"] { try folder.write(name, "[]") }
        let told = findings(atPath: folder.path, atMost: 2)
        #expect(told.map(\.file) == ["\(folder.path)/1.json", "\(folder.path)/2.json"])
    }

    @Test func aMissingPathIsAlsoAProblem() throws {
        let folder = try TemporaryFolder()
        #expect(problems(atPath: folder.path).map(\.status) == [.nothingLoaded])
        #expect(problems(atPath: folder.path + "/none.json").map(\.status) == [.fileNotFound])
        try folder.write("a.txt", "{}")
        #expect(problems(atPath: folder.path + "/a.txt").map(\.status) == [.invalidArgument])
        try folder.write("a.jsonl", "\n")
        #expect(problems(atPath: folder.path).map(\.status) == [.nothingLoaded])
    }
}
