// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

@Suite struct DescribeAnswerTests {
    @Test func describesTheFilesContents() throws {
        var click = ModelDocument(
            campaign: "a \"quoted\" näme", target: "click", extends: "*", version: "v\n1", intercept: -1.93,
            negativeSamplingRate: 0.02)
        click.categorical = ["slot": ["12": 0.31, "77": -0.2], "os": ["ios": 0.11]]
        click.numeric["age"] = ModelDocument.Numeric(mean: 3, std: 1, weight: 0.05)
        click.crosses = [
            ModelDocument.Cross(fields: ("slot", "os"), weights: [(first: "12", second: "ios", weight: 0.4)])
        ]
        click.training =
            #"{"rows": 124878, "positives": 512, "base_rate": 0.0041, "auc": 0.71, "log_loss": 0.021, "trainer": "t"}"#
        let base = ModelDocument(campaign: "*", target: "click", negativeSamplingRate: 0.02)
        let conversion = ModelDocument(campaign: "*", target: "conversion")
        let description = try JSONTree(
            parsing: try EngineHandle(models: [conversion, click, base]).describeJSON())
        func total(_ name: String) -> Double? { description[name]?.number }
        #expect(total("models") == 3 && total("click_models") == 2 && total("conversion_models") == 1)
        #expect(total("campaigns") == 2 && total("labels") == 5 && total("weights") == 5)
        #expect(try #require(total("index_bytes")) > 0)
        let list = try #require(description["list"]).elements
        try #require(list.count == 3)
        let first = list[0]
        #expect(first["campaign"]?.text == "a \"quoted\" näme")
        #expect(first["target"]?.text == "click")
        #expect(first["extends"]?.text == "*")
        #expect(first["version"]?.text == "v\n1")
        #expect(first["intercept"]?.number == -1.93)
        #expect(first["negative_sampling_rate"]?.number == 0.02)
        #expect(first["categorical_weights"]?.number == 3)
        #expect(first["numeric_weights"]?.number == 1)
        #expect(first["cross_weights"]?.number == 1)
        #expect(first["self_tests"]?.number == 0)
        let training = try #require(first["training"])
        #expect(training["rows"]?.number == 124878 && training["positives"]?.number == 512)
        #expect(training["base_rate"]?.number == 0.0041 && training["auc"]?.number == 0.71)
        #expect(training["log_loss"]?.number == 0.021 && training["trainer"]?.text == "t")
        #expect(list[1]["extends"] == .null && list[1]["training"] == .null)
        #expect(list.map { $0["target"]?.text } == ["click", "click", "conversion"])
    }

    /// A weight of 0 counts, in the models' counts and in the total, though the index does not store it.
    @Test func weightsOfZeroAreCounted() throws {
        var model = ModelDocument(campaign: "*")
        model.categorical["slot"] = ["12": 0.5, "77": 0]
        model.numeric["age"] = ModelDocument.Numeric(mean: 3, std: 1, weight: 0)
        model.crosses = [
            ModelDocument.Cross(fields: ("slot", "os"), weights: [(first: "12", second: "ios", weight: 0)])
        ]
        let description = try JSONTree(parsing: try EngineHandle(models: [model]).describeJSON())
        let list = try #require(description["list"]).elements
        #expect(
            ["categorical_weights", "numeric_weights", "cross_weights"].map { list.first?[$0]?.number } == [2, 1, 1])
        #expect(description["weights"]?.number == 4)
    }

    /// Members of `training` are absent if the file has none.
    @Test(arguments: [("{}", []), (#"{"auc": 0.5}"#, ["auc"]), (#"{"trainer": "t", "rows": 0}"#, ["rows", "trainer"])])
    func trainingHasTheMembersOfTheFile(training: String, names: [String]) throws {
        let engine = try EngineHandle(models: [ModelDocument(training: training)])
        let list = try #require(try JSONTree(parsing: try engine.describeJSON())["list"]).elements
        #expect(try #require(list.first?["training"]).names == Set(names))
        #expect(list.first?["training"] != .null)
    }
}
