// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

/// Which rule of a policy decides, seen by a host: over the C interface.
@Suite struct DecisionTests {
    private let engine: EngineHandle
    private let scorer: ScorerHandle

    init() throws {
        let entries = [("1", "a"), ("2", "a"), ("3", "b")].map { campaign, advertiser in
            CampaignEntry(campaign: campaign, advertiser: advertiser, impressions: 1000, clicks: 10, conversions: 1)
        }
        engine = try EngineHandle(models: [ModelDocument(), ModelDocument(campaign: "*")], entries)
        scorer = try engine.scorer()
    }

    /// What decides for campaigns "1", "2", "3" and "new".
    private func sources(
        _ policy: String, user: String? = "u", slot: String? = nil, time: Int64 = 0
    ) throws -> [NamedSource] {
        try engine.loadPolicy(json: policy)
        let units = user.map { [(field: "user", text: $0)] } ?? []
        let features = slot.map { [NamedFeature.category("slot", $0)] } ?? []
        let ads = ["1", "2", "3", "new"].map { Ad(campaign: $0, pricing: .cpc) }
        let values = try scorer.score(features, ads, Circumstances(units: units, time: time))
        return try scorer.sources(of: values)
    }

    private func predictors(
        _ policy: String, user: String? = "u", slot: String? = nil, time: Int64 = 0
    ) throws -> [String] {
        try sources(policy, user: user, slot: slot, time: time).map(\.predictor)
    }

    private func overriding(_ overrides: String...) -> String {
        policy(constants, ", \"overrides\": [\(overrides.joined(separator: ", "))]")
    }

    private func trying(_ experiments: String...) -> String {
        policy(constants, ", \"experiments\": [\(experiments.joined(separator: ", "))]")
    }

    // MARK: Newcomers

    /// A scope's condition, and which campaigns are newcomers under it: one with both models and 1,000 impressions, one
    /// with a click model and 10, one without models and 2,000, one that extends another's model and has no counts, and
    /// an unknown one.
    @Test(arguments: [
        (#"{"without_model": "click"}"#, "--xxx"), (#"{"without_model": "conversion"}"#, "-xxxx"),
        (#"{"fewer_impressions_than": 1000}"#, "-x-xx"), (#"{"fewer_impressions_than": 1001}"#, "xx-xx"),
        (#"{"fewer_clicks_than": 1}"#, "---xx"), (#"{"fewer_clicks_than": 21}"#, "xx-xx"),
        (#"{"without_model": "click", "fewer_impressions_than": 3000}"#, "--xxx"),
        (#"{"without_model": "click", "fewer_clicks_than": 20}"#, "---xx"),
    ])
    func newcomersAreKnownByTheirModelsAndCounts(condition: String, expected: String) throws {
        let engine = try EngineHandle(
            models: [
                ModelDocument(), ModelDocument(target: "conversion"), ModelDocument(campaign: "2"),
                ModelDocument(campaign: "*"),
            ],
            [
                CampaignEntry(campaign: "1", advertiser: "a", impressions: 1000, clicks: 20, conversions: 1),
                CampaignEntry(campaign: "2", advertiser: "a", impressions: 10, clicks: 1, conversions: 0),
                CampaignEntry(campaign: "3", advertiser: "b", impressions: 2000, clicks: 21, conversions: 1),
                CampaignEntry(campaign: "4", advertiser: "b", extends: "1"),
            ])
        let scorer = try engine.scorer()
        let campaigns = ["1", "2", "3", "4", "new"]
        func newcomers(_ scope: String) throws -> String {
            try engine.loadPolicy(
                json: policy(constants, ", \"overrides\": [\(override("one", scope: scope))]"))
            let values = try scorer.score([], campaigns.map { Ad(campaign: $0, pricing: .cpc) }, Circumstances())
            return try scorer.sources(of: values).map { $0.predictor == "one" ? "x" : "-" }.joined()
        }
        #expect(try newcomers("{\"newcomers\": \(condition)}") == expected)
        // Together with names, both must apply.
        func only(_ names: Set<String>) -> String {
            zip(campaigns, expected).map { names.contains($0) ? String($1) : "-" }.joined()
        }
        let named = "{\"newcomers\": \(condition), \"campaigns\": [\"2\", \"3\", \"new\"]}"
        #expect(try newcomers(named) == only(["2", "3", "new"]))
        #expect(try newcomers("{\"newcomers\": \(condition), \"advertisers\": [\"a\"]}") == only(["1", "2"]))
        // The explanation of each agrees with the decision.
        for (campaign, mark) in zip(campaigns, expected) {
            let request = #"{"candidates": [{"campaign": "\#(campaign)", "pricing": "cpc", "bid": 1}]}"#
            try engine.loadPolicy(
                json: policy(
                    constants, ", \"overrides\": [\(override("one", scope: "{\"newcomers\": \(condition)}"))]"))
            let answer = try scorer.assignJSON(request).values.first
            let step = try #require(answer?["steps"]?.elements.first)
            #expect(answer?["predictor"]?.text == (mark == "x" ? "one" : "production"))
            #expect(step["holds"] == .literal(mark == "x" ? "yes" : "no"))
            #expect(
                step["why"]?.text
                    == (mark == "x"
                        ? "it is for this campaign and placement, and has not expired"
                        : "the campaign is no newcomer by its scope"))
        }
    }

    // MARK: Scopes

    @Test func theFirstOverrideThatAppliesDecides() throws {
        let first = override("one", scope: #"{"campaigns": ["1", "new"]}"#)
        let second = override("two", scope: #"{"campaigns": ["1", "2"]}"#)
        #expect(try predictors(overriding(first, second)) == ["one", "two", "production", "one"])
        #expect(try predictors(overriding(second, first)) == ["two", "two", "production", "one"])
        #expect(try predictors(overriding(override("two"), first)) == ["two", "two", "two", "two"])
    }

    @Test func allConditionsOfAScopeMustApply() throws {
        let advertiser = override("one", scope: #"{"advertisers": ["a", "nobody"]}"#)
        #expect(try predictors(overriding(advertiser)) == ["one", "one", "production", "production"])
        let both = override("one", scope: #"{"advertisers": ["a"], "campaigns": ["2", "3"]}"#)
        #expect(try predictors(overriding(both)) == ["production", "one", "production", "production"])
        let all = override("one", scope: #"{"advertisers": ["a"], "campaigns": ["2"], "placements": ["7", "12"]}"#)
        #expect(try predictors(overriding(all), slot: "12") == ["production", "one", "production", "production"])
        for slot in [nil, "13"] {
            #expect(try predictors(overriding(all), slot: slot) == Array(repeating: "production", count: 4))
        }
        let placement = override("two", scope: #"{"placements": ["12"]}"#)
        #expect(try predictors(overriding(placement), slot: "12") == ["two", "two", "two", "two"])
    }

    @Test func anOverrideIsFlaggedAndHasNoExperiment() throws {
        try engine.loadPolicy(json: overriding(override("one", scope: #"{"campaigns": ["1"]}"#)))
        let values = try scorer.score([Ad(pricing: .cpc), Ad(campaign: "2", pricing: .cpc)], Circumstances())
        #expect(values[0].has(.overridden) && !values[1].has(.overridden))
        #expect(try scorer.source(of: values[0]) == NamedSource(predictor: "one"))
        #expect(try scorer.source(of: values[1]) == NamedSource(predictor: "production"))
    }

    /// Names and flags of the default decision must not appear on ads with another decision, even if the same predictor
    /// values both.
    @Test func anOverrideToTheDefaultPredictorHasItsOwnFlagsAndNames() throws {
        let first = override("production", scope: #"{"campaigns": ["1"]}"#)
        try engine.loadPolicy(
            json: policy(constants, ", \"overrides\": [\(first)], \"experiments\": [\(experiment("e", toNone))]"))
        let ads = ["1", "2"].map { Ad(campaign: $0, pricing: .cpc) }
        let values = try scorer.score(ads, Circumstances())
        #expect(values[0].has(.overridden) && !values[0].has(.noUnit))
        #expect(values[1].has(.noUnit) && !values[1].has(.overridden))
        #expect(try scorer.sources(of: values).map(\.variant) == ["", "control"])
    }

    // MARK: Experiments

    @Test func bucketsAreAssignedInOrder() throws {
        let variants =
            [("control", 3000, nil), ("first", 2000, "one"), ("second", 4000, "two")] as [(String, Int, String?)]
        try engine.loadPolicy(json: trying(experiment("e", variants, holdout: 500)))
        var met: Set<String> = []
        for number in 0..<300 {
            let user = "user \(number)"
            let salt = "salt of e"
            let bucket = valuation_bucket(salt, salt.utf8.count, user, user.utf8.count)
            let expected =
                switch bucket {
                case ..<3000: NamedSource(predictor: "production", experiment: "e", variant: "control")
                case ..<5000: NamedSource(predictor: "one", experiment: "e", variant: "first")
                case ..<9000: NamedSource(predictor: "two", experiment: "e", variant: "second")
                case ..<9500: NamedSource(predictor: "production", experiment: "e", variant: "holdout")
                default: NamedSource(predictor: "production")
                }
            let circumstances = Circumstances(units: [(field: "user", text: user)])
            let value = try scorer.score([Ad(pricing: .cpc)], circumstances)[0]
            #expect(try scorer.source(of: value) == expected && !value.has(.noUnit))
            met.insert(expected.variant)
        }
        #expect(met.count == 5)
    }

    private let toOne = [("control", 0, nil), ("treatment", 10_000, "one")] as [(String, Int, String?)]
    private let toTwo = [("control", 0, nil), ("treatment", 10_000, "two")] as [(String, Int, String?)]
    private let toNone = [("control", 5000, nil), ("same", 5000, nil)] as [(String, Int, String?)]

    @Test func withoutItsUnitARequestGetsTheControl() throws {
        try engine.loadPolicy(json: trying(experiment("e", toOne)))
        for units in [[], [(field: "session", text: "u")], [(field: "user", text: "")]] {
            let value = try scorer.score([Ad(pricing: .cpc)], Circumstances(units: units))[0]
            #expect(value.has(.noUnit))
            let expected = NamedSource(predictor: "production", experiment: "e", variant: "control")
            #expect(try scorer.source(of: value) == expected)
        }
    }

    @Test func aUnitIsInOneExperimentOfALayer() throws {
        let halfOfIt = [("control", 0, nil), ("treatment", 5000, "one")] as [(String, Int, String?)]
        let second = experiment("second", toTwo)
        for number in 0..<50 {
            let user = "user \(number)"
            let salt = "salt of first"
            let isInFirst = valuation_bucket(salt, salt.utf8.count, user, user.utf8.count) < 5000
            let found = try predictors(trying(experiment("first", halfOfIt), second), user: user)
            #expect(found == Array(repeating: isInFirst ? "one" : "two", count: 4))
        }
    }

    @Test func aControlKeepsOtherExperimentsOfItsLayerOut() throws {
        let found = try sources(trying(experiment("first", toNone), experiment("second", toTwo)))
        #expect(found.allSatisfy { $0.predictor == "production" && $0.experiment == "first" })
    }

    @Test func layersAreIndependentAndTheFirstThatNamesAPredictorDecides() throws {
        let third = experiment("third", layer: "c", toTwo)
        let second = experiment("second", layer: "b", scope: #"{"campaigns": ["1"]}"#, toOne)
        let first = experiment("first", layer: "a", toNone)
        #expect(try predictors(trying(first, second, third)) == ["one", "two", "two", "two"])
        #expect(try sources(trying(first, second))[1].experiment == "first")
        // A layer's experiments form one sequence, wherever they are in the file.
        let late = experiment("late", layer: "a", toOne)
        #expect(try predictors(trying(first, third, late)) == ["two", "two", "two", "two"])
    }

    @Test func aHoldoutAlwaysGetsTheDefault() throws {
        let empty = [("control", 0, nil)] as [(String, Int, String?)]
        let held = experiment("held", layer: "a", empty, holdout: 10_000)
        let found = try sources(trying(held, experiment("other", layer: "b", toTwo)))
        let expected = NamedSource(predictor: "production", experiment: "held", variant: "holdout")
        #expect(found.allSatisfy { $0 == expected })
    }

    // MARK: Times

    @Test func rulesApplyFromTheirStartUntilTheirEnd() throws {
        let noon: Int64 = 1_795_262_400
        let times = #", "start": "2026-11-21T12:00:00Z", "end": "2026-11-21T13:00:00Z""#
        let trial = trying(experiment("e", toOne, times))
        let cases = [(noon - 1, "production"), (noon, "one"), (noon + 3599, "one"), (noon + 3600, "production")]
        for (time, expected) in cases { #expect(try predictors(trial, time: time)[0] == expected) }
        let rule = overriding(override("one", #", "expires": "2026-11-21T12:00:00Z""#))
        for (time, expected) in [(noon - 1, "one"), (noon, "production"), (.max, "production"), (.min, "one")] {
            #expect(try predictors(rule, time: time)[0] == expected)
        }
    }

    @Test func withoutATimeTheCurrentTimeCounts() throws {
        let past = #", "expires": "2001-01-01T00:00:00Z""#
        let future = #", "expires": "2999-01-01T00:00:00Z""#
        #expect(try predictors(overriding(override("one", past), override("two", future)))[0] == "two")
        let request =
            #"{"time": "2000-12-31T23:59:59Z", "candidates": [{"campaign": "1", "pricing": "cpc", "bid": 1}]}"#
        #expect(try engine.values(request)[0]["predictor"]?.text == "one")
    }

    // MARK: JSON

    @Test func aRequestNamesItsUnitsAndAnAnswerItsSources() throws {
        try engine.loadPolicy(json: trying(experiment("e", toOne)))
        let candidates = #""candidates": [{"campaign": "1", "pricing": "cpc", "bid": 1}]"#
        for unit in [#"{"session": "s", "user": "u"}"#, #"{"user": 7}"#] {
            let value = try engine.values("{\"unit\": \(unit), \(candidates)}")[0]
            #expect(value["predictor"]?.text == "one" && value["experiment"]?.text == "e")
            #expect(value["variant"]?.text == "treatment" && value.flags == [])
        }
        for unit in [#""u""#, "{}", #"{"user": null}"#, #"{"user": ""}"#] {
            let value = try engine.values("{\"unit\": \(unit), \(candidates)}")[0]
            #expect(value["variant"]?.text == "control" && value.flags == ["no_unit"])
        }
        try engine.loadPolicy("")
        #expect(try engine.values("{\(candidates)}")[0]["predictor"] == nil)
    }

    @Test func anAssignmentSaysWhatIsDecidedAndWhy() throws {
        let first = override("one", scope: #"{"campaigns": ["2"]}"#)
        try engine.loadPolicy(
            json: policy(
                constants,
                """
                , "version": "v1", "overrides": [\(first)], "experiments": [\(experiment("e", toTwo))],
                "campaigns": {"1": {"multiplier": 2}}
                """))
        let answer = try scorer.assignJSON(
            #"{"id": "i", "unit": {"user": "u"}, "candidates": [{"ad": "9", "campaign": "1"}, {"campaign": "2"}]}"#)
        #expect(answer["id"]?.text == "i" && answer["policy"]?.text == "v1")
        let trial = try #require(answer["experiments"]?.elements.first)
        #expect(
            trial["experiment"]?.text == "e" && trial["unit"]?.text == "user" && trial["variant"]?.text == "treatment")
        let salt = "salt of e"
        #expect(trial["bucket"]?.number == Double(valuation_bucket(salt, salt.utf8.count, "u", 1)))
        #expect(answer.values.map { $0["predictor"]?.text } == ["two", "one"])
        let steps = answer.values.map { $0["steps"]?.elements ?? [] }
        #expect(steps.map { $0.map { $0["rule"]?.text } } == [["overrides[0]", "experiments[0]"], ["overrides[0]"]])
        #expect(steps[0].map { $0["holds"] } == [.literal("no"), .literal("yes")])
        #expect(answer.values[0]["adjustment"]?["multiplier"]?.number == 2)
        #expect(answer.values[1]["adjustment"] == .null)
    }
}
