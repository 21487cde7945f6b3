// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Valuation

@Suite struct ExplainAnswerTests {
    private let documents: [ModelDocument] = {
        var base = ModelDocument(campaign: "*", intercept: -3, negativeSamplingRate: 0.25)
        base.categorical = ["slot": ["12": 0.75], "segment": ["sports": 0.5, "travel": -0.25]]
        base.numeric["age"] = ModelDocument.Numeric(mean: 30, std: 10, weight: 0.5)
        base.crosses = [
            ModelDocument.Cross(fields: ("slot", "creative"), weights: [(first: "12", second: "55", weight: 1.25)]),
            ModelDocument.Cross(fields: ("slot", "segment"), weights: [(first: "12", second: "sports", weight: -0.5)]),
            ModelDocument.Cross(fields: ("creative", "size"), weights: [(first: "55", second: "big", weight: 0.125)]),
        ]
        var own = ModelDocument(campaign: "1", extends: "*", intercept: 1, negativeSamplingRate: 0.25)
        own.categorical["slot"] = ["12": -0.125]
        own.categorical["creative"] = ["55": 0.375]
        var conversion = ModelDocument(campaign: "1", target: "conversion", intercept: -2)
        conversion.categorical["slot"] = ["12": 0.0625]
        return [base, own, conversion]
    }()

    private let request =
        #"{"features": {"slot": 12, "segment": ["sports", "travel"], "age": 45, "os": "ios"}, "candidates": [{"campaign": "1", "#
        + #""pricing": "cpa", "bid": 10, "features": {"creative": "55", "size": "big"}}]}"#

    private func value(_ request: String) throws -> JSONTree {
        let answer = try EngineHandle(models: documents).scorer().explainJSON(request)
        return try #require(try JSONTree(parsing: answer).values.first)
    }

    private func terms(_ value: JSONTree, _ target: String) throws -> [JSONTree] {
        try #require(value[target]?["terms"]).elements
    }

    private func number(_ value: JSONTree, _ path: String...) throws -> Double {
        try #require(path.reduce(Optional(value)) { $0?[$1] }?.number)
    }

    /// A term in one line: its kind, its source, the campaign of its model, and its logit.
    private func line(_ term: JSONTree) -> String {
        ["term", "from", "feature", "model"].compactMap { term[$0]?.text }.joined(separator: " | ")
            + " | \(term["logit"]?.number ?? .nan)"
    }

    @Test func itListsEveryTermWithItsModel() throws {
        let value = try self.value(request)
        let click = try terms(value, "click").map(line)
        #expect(
            click.sorted()
                == [
                    "intercept | 1 | 1.0", "sampling | 1 | \(log(0.25))", "feature | request | slot=12 | 1 | -0.125",
                    "feature | ad | creative=55 | 1 | 0.375",
                    "intercept | * | -3.0", "feature | request | slot=12 | * | 0.75",
                    "feature | request | segment=sports | * | 0.5", "feature | request | segment=travel | * | -0.25",
                    "number | request | age | * | 0.75", "cross | request x ad | slot=12 x creative=55 | * | 1.25",
                    "cross | request | slot=12 x segment=sports | * | -0.5",
                    "cross | ad | creative=55 x size=big | * | 0.125",
                ].sorted())
        let conversion = try terms(value, "conversion").map(line)
        #expect(conversion == ["intercept | 1 | -2.0", "feature | request | slot=12 | 1 | 0.0625"])
    }

    @Test func theTermsSumToTheLogitAndTheLogitGivesTheProbability() throws {
        let value = try self.value(request)
        for (target, probability) in [("click", "pctr"), ("conversion", "pcvr")] {
            let logit = try number(value, target, "logit")
            let sum = try terms(value, target).map { try number($0, "logit") }.reduce(0, +)
            #expect((sum - logit).magnitude < 1e-6)
            let stated = try number(value, target, "probability")
            #expect((stated - 1 / (1 + exp(-logit))).magnitude < 1e-7)
            #expect(try stated == number(value, probability))
        }
    }

    @Test func theValuesAreThoseOfAScore() throws {
        let scorer = try EngineHandle(models: documents).scorer()
        let scored = try JSONTree(parsing: try scorer.scoreJSON(request)).values
        let explained = try JSONTree(parsing: try scorer.explainJSON(request)).values
        try #require(scored.count == 1 && explained.count == 1)
        for name in scored[0].names { #expect(scored[0][name] == explained[0][name]) }
        #expect(explained[0].names.subtracting(scored[0].names) == ["observed", "ignored", "click", "conversion"])
    }

    /// The expected revenue of a term is what the ad loses without it: the test scores without the feature, under a
    /// model without the weight.
    @Test func theRevenueOfATermIsTheLossWithoutIt() throws {
        let value = try self.value(request)
        let click = try number(value, "click", "logit")
        let conversion = try number(value, "conversion", "logit")
        func revenue(_ click: Double, _ conversion: Double) -> Double {
            10 / (1 + exp(-click)) / (1 + exp(-conversion))
        }
        #expect(try (revenue(click, conversion) - number(value, "expected_revenue")).magnitude < 1e-6)
        var checked = 0
        for (target, without) in [
            ("click", { revenue(click - $0, conversion) }), ("conversion", { revenue(click, conversion - $0) }),
        ] as [(String, (Double) -> Double)] {
            for term in try terms(value, target) {
                guard let stated = term["expected_revenue"]?.number else { continue }
                let logit = try number(term, "logit")
                #expect((stated - (revenue(click, conversion) - without(logit))).magnitude < 1e-6, "\(term)")
                checked += 1
            }
        }
        // Every feature, number and cross has a revenue.
        #expect(checked == 10)
    }

    /// The features that do not count, each in one line: reason, source, field, value, and what may be meant.
    private func ignored(_ value: JSONTree) throws -> [String] {
        try #require(value["ignored"]).elements.map { entry in
            ["reason", "from", "field", "value", "did_you_mean"].compactMap { entry[$0]?.text }.joined(separator: " | ")
        }
    }

    @Test func ignoredFeaturesAreNamed() throws {
        let value = try self.value(
            #"{"features": {"slto": 12, "slot": 13, "age": "old", "segment": ["sports", 1e999, {}], "os": null}, "#
                + #""candidates": [{"campaign": "1", "pricing": "cpc", "bid": 1, "features": {"sizes": 1}}, "#
                + #"{"campaign": "1", "pricing": "cpc", "bid": 1, "features": {"creativ": 55, "size": "small"}}]}"#)
        #expect(
            try ignored(value)
                == [
                    "unknown_field | request | slto | slot", "wrong_type | request | age",
                    "wrong_type | request | segment", "invalid_number | request | segment",
                    "unknown_field | ad | sizes | size", "unknown_feature | request | slot | 13",
                ])
    }

    /// Each ad has its own list, whatever the other ads' lists contain.
    @Test func eachAdListsItsOwnIgnoredFeatures() throws {
        let ads = [#"{"color": 1}"#, "{}", #"{"size": "small"}"#, #"{"creativ": 55, "size": "big"}"#].map {
            #"{"campaign": "1", "pricing": "cpc", "bid": 1, "features": \#($0)}"#
        }
        let answer = try EngineHandle(models: documents).scorer().explainJSON(
            #"{"candidates": [\#(ads.joined(separator: ", "))]}"#)
        #expect(
            try JSONTree(parsing: answer).values.map(ignored)
                == [
                    ["unknown_field | ad | color"], [], ["unknown_feature | ad | size | small"],
                    ["unknown_field | ad | creativ | creative"],
                ])
    }

    /// Of members with one name the last counts.
    @Test(arguments: [
        (#"{"features": {"color": 1, "color": null}, "candidates": [{"features": {}}]}"#, []),
        (#"{"features": {"color": 1}, "features": {"colour": 1}, "candidates": [{}]}"#, ["colour"]),
        (#"{"candidates": [{"features": {"color": 1}, "features": {"colour": 1}}]}"#, ["colour"]),
        (#"{"candidates": [{"features": {"color": 1}}], "candidates": [{"features": {"age": "x"}}]}"#, ["age"]),
        (#"{"features": {"age": "x", "age": 3}, "candidates": [{}]}"#, []),
    ])
    func whatWasReplacedIsNotNamed(request: String, fields: [String]) throws {
        let value = try self.value(
            request.replacing("[{", with: #"[{"campaign": "1", "pricing": "cpc", "bid": 1, "#).replacing(
                ", }", with: "}"))
        #expect(try #require(value["ignored"]).elements.map { $0["field"]?.text } == fields)
    }

    @Test(arguments: [
        ("slott", "slot"), ("slt", "slot"), ("slat", "slot"), ("lsot", "slot"), ("SLOT", "slot"), ("slot ", "slot"),
        ("aged", "age"), ("agé", nil), ("Segment", "segment"), ("platform", nil), ("sl", nil), (#"slo\u0074t"#, nil),
        (#"\"slot"#, nil), ("a", nil), ("", nil), (String(repeating: "slot", count: 20), nil),
        ("device-type", "device_type"), ("deviceType", "device_type"), ("DeviceTyp", nil),
    ])
    func aFieldOneEditAwayMayBeMeant(written: String, meant: String?) throws {
        var documents = self.documents
        documents[0].categorical["device_type"] = ["phone": 1]
        let answer = try EngineHandle(models: documents).scorer().explainJSON(
            #"{"features": {"\#(written)": 1}, "#
                + #""candidates": [{"campaign": "1", "pricing": "cpc", "bid": 1}]}"#)
        let entries = try #require(try JSONTree(parsing: answer).values.first?["ignored"]).elements
        try #require(entries.count == 1)
        #expect(entries[0]["did_you_mean"]?.text == meant)
    }

    /// A misspelling that occurs everywhere is looked up once; other problems are not looked up at all.
    @Test func unknownFieldsOfManyAdsAreLookedUpOncePerName() throws {
        let wrong = (0..<40).map { _ in #"{"campaign": "1", "pricing": "cpc", "bid": 1, "features": {"age": "x"}}"# }
        let misspelt = (0..<100).map { _ in #"{"campaign": "1", "pricing": "cpc", "bid": 1, "features": {"slto": 1}}"# }
        let answer = try EngineHandle(models: documents).scorer().explainJSON(
            "{\"candidates\": [\((wrong + misspelt).joined(separator: ", "))]}")
        let values = try JSONTree(parsing: answer).values
        let meant = values.map { $0["ignored"]?.elements.first?["did_you_mean"]?.text }
        #expect(meant == Array(repeating: nil, count: 40) + Array(repeating: "slot", count: 100))
    }

    /// The search for similar names covers 32 fields, so nobody can make an explanation take long.
    @Test func manyUnknownFieldsAreAllNamed() throws {
        let fields = (0..<1000).map { "\"slot\($0)\": 1" }.joined(separator: ", ")
        let value = try self.value(
            #"{"features": {\#(fields)}, "candidates": [{"campaign": "1", "pricing": "cpc", "bid": 1}]}"#)
        let entries = try #require(value["ignored"]).elements
        #expect(entries.map { $0["field"]?.text } == (0..<1000).map { "slot\($0)" })
        #expect(entries.map { $0["did_you_mean"]?.text } == (0..<1000).map { $0 < 10 ? "slot" : nil })
    }

    @Test func withoutAModelThereIsNothingToExplain() throws {
        let value = try self.value(#"{"candidates": [{"campaign": "1", "pricing": "cpc", "bid": 1}]}"#)
        #expect(value["conversion"] == .null)
        #expect(value["click"]?["logit"] != nil)
        let unknown = try self.value(#"{"candidates": [{"campaign": "2", "pricing": "cpa", "bid": 1}]}"#)
        #expect(unknown["conversion"] == .null)
    }

    /// One campaign is its advertiser's only one, another is not. Both have 100 clicks in 1,000 impressions, shrunk to
    /// 1 %.
    @Test func anObservedRateIsExplainedByItsCounts() throws {
        let root = try ReleaseRoot()
        let counted = ["alone", "shared", "other"].map { name in
            CampaignEntry(
                campaign: name, advertiser: name == "alone" ? "1" : "2", impressions: 1000, clicks: 100, conversions: 20
            )
        }
        try root.publish(
            [ModelDocument(campaign: "7")], counted, id: "a", priors: Priors(click: 0.05, conversion: 0.1))
        let engine = try EngineHandle()
        try engine.load(root.path)
        func values() throws -> [JSONTree] {
            let candidates = ["alone", "shared", "unheard of"].map {
                "{\"campaign\": \"\($0)\", \"pricing\": \"cpa\", \"bid\": 1}"
            }
            let request = "{\"candidates\": [\(candidates.joined(separator: ", "))]}"
            return try JSONTree(parsing: try engine.scorer().explainJSON(request)).values
        }
        // First because the release has no model for them, then because a policy says so.
        for policy in [#"{"release": "LATEST"}"#, #"{"naive": {}}"#] {
            try engine.loadPolicy(json: ReferencePolicy(predictors: [(name: "p", json: policy)], fallback: "p").json)
            let (alone, shared, unknown) = (try values()[0], try values()[1], try values()[2])
            #expect(abs(try number(alone, "pctr") - 0.075) < 1e-8)
            #expect(try number(alone, "click", "probability") == number(alone, "pctr"))
            let click = try #require(alone["observed"]?["click"])
            #expect(try number(click, "clicks") == 100 && number(click, "impressions") == 1000)
            #expect(try number(click, "advertiser_clicks") == 0 && number(click, "advertiser_impressions") == 0)
            #expect(try abs(number(click, "overall_rate") - 0.05) < 1e-9 && number(click, "prior_weight") == 1000)
            #expect(try abs(number(click, "rate") - 0.075) < 1e-8)
            #expect(try abs(number(click, "standard_deviation") - sqrt(0.075 * 0.925 / 2001)) < 1e-8)
            let conversion = try #require(alone["observed"]?["conversion"])
            #expect(try number(conversion, "conversions") == 20 && number(conversion, "clicks") == 100)
            #expect(try abs(number(conversion, "rate") - 25.0 / 150) < 1e-7)
            // The other campaign's rate counts: (100 + 50) / 2,000 = 7.5 %.
            #expect(try number(shared, "observed", "click", "advertiser_clicks") == 100)
            #expect(try abs(number(shared, "pctr") - (100 + 75) / 2000.0) < 1e-8)
            #expect(unknown["observed"]?["click"]?["clicks"] == .null)
            #expect(try abs(number(unknown, "observed", "click", "rate") - 0.05) < 1e-8)
        }
        try engine.loadPolicy(
            json: ReferencePolicy(predictors: [(name: "p", json: #"{"naive": {"impressions": 10}}"#)], fallback: "p")
                .json)
        let heavy = try values()[0]
        #expect(try number(heavy, "observed", "click", "prior_weight") == 10)
        #expect(heavy["click"]?["terms"]?.elements == [] && heavy["click"]?["logit"] == .null)
    }

    /// A value whose time was up has no terms: its probability is the model's prior.
    @Test func aLateValueIsNotExplained() throws {
        let segments = [String](repeating: "\"travel\"", count: 300).joined(separator: ",")
        let value = try self.value(
            "{\"features\": {\"segment\": [\(segments)]}, \"budget_us\": 1, "
                + "\"candidates\": [{\"campaign\": \"1\", \"pricing\": \"cpc\", \"bid\": 1}]}")
        #expect(value.flags.contains("budget_exceeded"))
        #expect(try terms(value, "click") == [])
        #expect(value["click"]?["logit"] == .null)
        #expect(value["click"]?["probability"] == value["pctr"])
    }

    /// An invalid candidate's own features do not count, and the explanation must not list them.
    @Test(arguments: [#""pricing": "cpx""#, #""pricing": "cpc""#])
    func theLogitOfAnyCandidateGivesItsProbability(pricing: String) throws {
        let value = try self.value(
            "{\"features\": {\"slot\": \"12\"}, \"candidates\": [{\"campaign\": \"1\", \(pricing), \"bid\": 1, "
                + "\"features\": {\"creative\": \"55\"}}]}")
        let logit = try number(value, "click", "logit")
        #expect(try (number(value, "pctr") - 1 / (1 + exp(-logit))).magnitude < 1e-7)
    }
}
