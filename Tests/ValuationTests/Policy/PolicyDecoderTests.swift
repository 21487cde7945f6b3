// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation
import Testing

@testable import Valuation

/// A policy's file is read as meant. Its errors are also tested over the C interface, with real files.
@Suite struct PolicyDecoderTests {
    /// Every problem of a policy, and the result of `body` if there is none.
    @discardableResult
    private func decode(
        _ json: String, _ body: (borrowing PolicyDocument) throws -> Void = { _ in }
    ) throws -> [Complaint] {
        struct Heard { var problems: [Complaint] = [] }
        var heard = Heard()
        try withUnsafeMutablePointer(to: &heard) { heard in
            try Note.withTemporary { (note: Note) in
                try Note.withTemporary { (first: Note) in
                    let listener = Problems.Listener(
                        function: { context, problem in
                            guard let context, let problem else { return true }
                            context.assumingMemoryBound(to: Heard.self).pointee.problems.append(
                                Complaint(problem.pointee))
                            return true
                        }, context: UnsafeMutableRawPointer(heard))
                    var problems = Problems(note: note, firstNote: first, listener: listener)
                    let document = try withText(json) { text throws(Failure) in
                        try PolicyDecoder.decode(text, under: .standard, problems: &problems)
                    }
                    if problems.count == 0 { try body(document) }
                }
            }
        }
        return heard.problems
    }

    @Test func theSmallestPolicyHasDefaultsForTheRest() throws {
        let problems = try decode(policy()) { document in
            #expect(document.predictors.count == 1 && document.rules.count == 0 && document.adjustments.count == 0)
            #expect(document.predictors[0].kind == .release && document.predictors[0].exploration == 0)
            #expect(document.releases.count == 1 && document.text(document.releases[0].id).string == "LATEST")
            #expect(document.version.start == document.version.end && document.defaultSource != 0)
        }
        #expect(problems.isEmpty)
    }

    @Test func everyKindOfPredictorIsRead() throws {
        let others = """
            "bag": {"ensemble": ["LATEST", "a"], "mean": "logit"}, "plain bag": {"ensemble": ["b", "a"]},
            "naive": {"naive": {"impressions": 10}, "exploration": 0.5}, "old": {"retired": "worse"},
            "house": {"constant": {"pctr": 0.5}}, "both": {"constant": {"pctr": 0, "pcvr": 1}}
            """
        let problems = try decode(policy(others)) { document in
            let kinds = (0..<document.predictors.count).map { document.predictors[$0].kind }
            #expect(kinds == [.release, .ensemble, .ensemble, .naive, .retired, .constant, .constant])
            #expect(
                (0..<document.releases.count).map { document.text(document.releases[$0].id).string } == [
                    "LATEST", "a", "b",
                ])
            let members = [1, 2].map { document.predictors[$0].members.range.map { Int(document.members[$0]) } }
            #expect(members == [[0, 1], [2, 1]])
            #expect(document.predictors[1].averagesLogits && !document.predictors[2].averagesLogits)
            #expect(document.predictors[3].naive.impressions == 10 && document.predictors[3].naive.clicks == 50)
            #expect(document.predictors[3].exploration == 0.5)
            #expect(document.text(document.predictors[4].reason).string == "worse")
            #expect(document.predictors[5].pctr == 0.5 && document.predictors[5].pcvr.isNaN)
            #expect(document.predictors[6].pctr == 0 && document.predictors[6].pcvr == 1)
        }
        #expect(problems.isEmpty, "\(problems)")
    }

    @Test func experimentsComeLayerByLayerAfterTheOverrides() throws {
        let variants = [("control", 1, nil), ("one", 2, "one")] as [(String, Int, String?)]
        let experiments = [("a", "x"), ("b", "y"), ("c", "x"), ("d", "y")].map { experiment($0, layer: $1, variants) }
        let more = ", \"experiments\": [\(experiments.joined(separator: ", "))], \"overrides\": [\(override("two"))]"
        let problems = try decode(policy(constants, more)) { document in
            let names = (0..<document.rules.count).map { document.text(document.rules[$0].name).string }
            #expect(names == ["a test", "a", "c", "b", "d"])
            #expect((0..<document.rules.count).map { document.rules[$0].position } == [0, 0, 2, 1, 3])
            #expect(document.layers.count == 2 && document.units.count == 1)
            let shares = document.rules[1].variants.range.map { document.variants[$0].end }
            #expect(shares == [1, 3])
        }
        #expect(problems.isEmpty, "\(problems)")
    }

    @Test func omittedMembersOfAnExperimentHaveDefaults() throws {
        let bare = #"{"name": "a", "salt": "s", "variants": [{"name": "v", "share": 10000}]}"#
        let problems = try decode(policy("", ", \"experiments\": [\(bare)]")) { document in
            let rule = document.rules[0]
            #expect(document.text(document.layers[rule.layer]).string == "default")
            #expect(document.text(document.units[rule.unit]).string == "unit")
            #expect(rule.start == .min && rule.end == .max && !rule.scope.hasCampaigns && rule.scope.placements.isEmpty)
            #expect(document.variants[0].predictor == PolicyDocument.Variant.none)
        }
        #expect(problems.isEmpty, "\(problems)")
    }

    @Test func scopesHoldTheKeysOfTheirNames() throws {
        let scope = #"{"campaigns": ["1", "é"], "advertisers": ["a"], "placements": ["12"]}"#
        try decode(policy("", ", \"overrides\": [\(override("production", scope: scope))]")) { document in
            let scope = document.rules[0].scope
            let campaigns = scope.campaigns.range.map { document.keys[$0] }
            #expect(campaigns == [valuation_campaign_key(nil, "1", 1), valuation_campaign_key(nil, "é", 2)])
            #expect(document.keys[scope.advertisers.start] == valuation_campaign_key(nil, "a", 1))
            #expect(document.keys[scope.placements.start] == valuation_feature_key(nil, "slot", 4, "12", 2))
        }
    }

    @Test func adjustmentsHaveTheValuesGiven() throws {
        let campaigns = #"{"1": {"multiplier": 0, "floor": 1e12}, "2": {"cap": 0}, "3": {}, "": {"comment": 1}}"#
        try decode(policy("", ", \"campaigns\": \(campaigns)")) { document in
            #expect(document.adjustments[0].multiplier == 0 && document.adjustments[0].floor == 1e12)
            #expect(document.adjustments[0].cap == .infinity && document.adjustments[1].cap == 0)
            #expect(document.adjustments[2].multiplier == 1 && document.adjustments[2].floor == 0)
        }
    }

    @Test func everyMistakeIsReported() throws {
        let trial =
            #"{"name": "a", "salt": "s", "variants": [{"name": "v", "share": 1.5, "predictor": "absent"}], "unit": ""}"#
        let rule = #"{"scope": {"campaigns": [], "placement": 1}, "predictor": "absent", "expires": "soon"}"#
        let more = ", \"overrides\": [1, \(rule)], \"experiments\": [\(trial)], \"campaigns\": {\"1\": []}, \"more\": 1"
        let paths = try decode(policy(#""x": {"constant": {"pctr": 2}}"#, default: "y", more)).map(\.jsonPath)
        #expect(
            Set(paths) == [
                "$.more", "$.predictors.x.constant.pctr", "$.default", "$.overrides[0]", "$.overrides[1].reason",
                "$.overrides[1].scope.placement", "$.overrides[1].scope.campaigns", "$.overrides[1].expires",
                "$.overrides[1].predictor", "$.experiments[0].unit", "$.experiments[0].variants[0].share",
                "$.experiments[0].variants[0].predictor", "$.campaigns[\"1\"]",
            ], "\(paths)")
        #expect(paths.count == Set(paths).count)
    }

    /// The most of everything that is allowed.
    @Test func limitsMayBeReached() throws {
        let predictors = (1..<PolicyDocument.maximumPredictors).map { "\"p\($0)\": {\"naive\": {}}" }.joined(
            separator: ", ")
        let variants = (0..<PolicyDocument.maximumVariants).map {
            (name: "v\($0)", share: 100, predictor: String?.none)
        }
        let overrides = (0..<PolicyDocument.maximumRules - 1).map { _ in override("production") }.joined(
            separator: ", ")
        let more = ", \"overrides\": [\(overrides)], \"experiments\": [\(experiment("e", variants))]"
        let problems = try decode(policy(predictors, more)) { document in
            #expect(
                document.predictors.count == 1000 && document.rules.count == 10_000 && document.variants.count == 100)
        }
        #expect(problems.isEmpty, "\(problems)")
    }

    @Test func sourcesAreFingerprintsOfTheirNames() throws {
        let trial = experiment("e", [("control", 1, nil), ("t", 1, "one")], holdout: 5)
        let more = ", \"overrides\": [\(override("two"))], \"experiments\": [\(trial)]"
        try decode(policy(constants, more)) { document in
            func number(_ predictor: String, _ experiment: String, _ variant: String) -> UInt32 {
                let text = "\(predictor)\n\(experiment)\n\(variant)"
                return UInt32(truncatingIfNeeded: valuation_fingerprint(text, text.utf8.count))
            }
            #expect(document.defaultSource == number("production", "", ""))
            #expect(document.rules[0].source == number("two", "", ""))
            let found = (0..<3).map { document.variants[$0].source }
            #expect(
                found == [
                    number("production", "e", "control"), number("one", "e", "t"), number("production", "e", "holdout"),
                ])
            for (source, names) in [(found[1], ("one", "e", "t")), (document.rules[0].source, ("two", "", ""))] {
                let origin = document.origin(of: source)!
                let (experiment, variant) = document.names(of: origin)
                #expect(document.text(document.predictors[origin.predictor].name).string == names.0)
                #expect(experiment.string == names.1 && variant.string == names.2)
            }
            #expect(document.origin(of: 0) == nil && document.origin(of: found[0] &+ 1) == nil)
        }
    }
}
