// SPDX-License-Identifier: Apache-2.0
import CValuation
import Foundation
import Testing

@testable import Valuation

/// An ensemble's value comes from the mean of its members' predictions.
@Suite struct EnsembleTests {
    /// The value of one CPA candidate of campaign 1 under a policy whose only predictor is an ensemble of releases.
    ///
    /// - Parameters:
    ///   - members: the models of each release.
    ///   - pricing: the candidate's.
    private func mean(
        _ members: [[ModelDocument]], ofLogits: Bool = false, pricing: Pricing = .cpa, bid: Double = 2,
        _ features: [NamedFeature] = []
    ) throws -> valuation_value {
        let root = try ReleaseRoot()
        for (number, models) in members.enumerated() { try root.publish(models, id: "r\(number)") }
        let engine = try EngineHandle()
        try engine.load(root.path)
        let ids = members.indices.map { "\"r\($0)\"" }.joined(separator: ", ")
        let kind = ofLogits ? "logit" : "probability"
        try engine.loadPolicy(json: policy("\"bag\": {\"ensemble\": [\(ids)], \"mean\": \"\(kind)\"}", default: "bag"))
        let ad = Ad(campaign: "1", pricing: pricing, bid: bid)
        return try engine.scorer().score(features, [ad], Circumstances())[0]
    }

    /// Models of campaign 1 without weights. - Parameter pcvr: nil for no conversion model.
    private func models(_ pctr: Double, _ pcvr: Double? = nil) -> [ModelDocument] {
        let click = ModelDocument(campaign: "1", target: "click", intercept: logit(pctr))
        return [click] + (pcvr.map { [ModelDocument(campaign: "1", target: "conversion", intercept: logit($0))] } ?? [])
    }

    private func logit(_ probability: Double) -> Double { log(probability / (1 - probability)) }

    /// Models of another campaign alone.
    private let others = [
        ModelDocument(campaign: "2", target: "click"), ModelDocument(campaign: "2", target: "conversion"),
    ]

    @Test func probabilitiesAreAveraged() throws {
        let found = try mean([models(0.25, 0.5), models(0.75, 0.25)])
        #expect(abs(found.pctr - 0.5) < 1e-6 && abs(found.pcvr - 0.375) < 1e-6)
        #expect(found.expected_revenue == 2 * Double(found.pctr) * Double(found.pcvr) && found.flags == 0)
    }

    @Test func logitsAreAveraged() throws {
        // The logits of 1/5 and 4/5 are opposite; those of 1/10 and 1/2 are -log 9 and 0, with the mean -log 3.
        let found = try mean([models(0.2, 0.1), models(0.8, 0.5)], ofLogits: true)
        #expect(abs(found.pctr - 0.5) < 1e-6 && abs(found.pcvr - 0.25) < 1e-6)
    }

    @Test func aMeanOfEqualsIsTheSame() throws {
        for probability in [1e-6, 0.1, 0.999_999] {
            for ofLogits in [false, true] {
                let found = try mean(
                    [models(probability), models(probability), models(probability)], ofLogits: ofLogits)
                #expect(abs(Double(found.pctr) - probability) <= 1e-6 * probability, "\(probability): \(found.pctr)")
                #expect(found.pctr > 0 && found.pctr <= 1)
            }
        }
    }

    @Test func aMemberWithoutAModelDoesNotCount() throws {
        for ofLogits in [false, true] {
            let found = try mean([others, models(0.25)], ofLogits: ofLogits)
            #expect(abs(found.pctr - 0.25) < 1e-6 && found.pcvr.isNaN && found.expected_revenue == 0)
            #expect(!found.has(.noClickModel) && found.has([.unknownCampaign, .noConversionModel]))
            let clicks = try mean([others, models(0.25)], ofLogits: ofLogits, pricing: .cpc)
            #expect(abs(clicks.expected_revenue - 0.5) < 1e-6 && clicks.flags == Flags.unknownCampaign.rawValue)
            let none = try mean([others, others], ofLogits: ofLogits)
            #expect(none.has([.noClickModel, .noConversionModel]) && none.expected_revenue == 0 && none.pctr.isNaN)
        }
    }

    @Test func theFlagsOfAllMembersAreKept() throws {
        // The first release alone knows the feature; in the second, another campaign's model stands in.
        var first = models(0.5, 0.5)
        first[0].categorical = ["os": ["linux": 0.5]]
        let second = [
            ModelDocument(campaign: "*", target: "click"), ModelDocument(campaign: "*", target: "conversion"),
        ]
        let found = try mean([first, second], [.category("os", "linux")])
        let all: Flags = [.unknownCampaign, .defaultClickModel, .defaultConversionModel]
        #expect(found.flags == all.rawValue)
        #expect(try mean([models(0.5), models(0.5)], bid: -1).has(.invalidBid))
        #expect(try mean([models(0.5), models(0.5)], pricing: .cpc, bid: -1).expected_revenue == 0)
    }

    /// An engine's ensemble against its members alone.
    @Test(arguments: ["probability", "logit"])
    func anEngineAveragesTheReleasesOfAnEnsemble(_ kind: String) throws {
        var models = RandomModels(seed: 5)
        let root = try ReleaseRoot()
        try root.publish(RandomModels(seed: 6).documents, id: "first")
        try root.publish(RandomModels(seed: 7).documents, id: "second")
        try root.publish(models.documents, id: "third")
        let (features, ads) = (models.features(0...10), models.ads(200))
        let engine = try EngineHandle()
        try engine.load(root.path)
        let scorer = try engine.scorer()
        func values(_ predictor: String) throws -> [valuation_value] {
            try engine.loadPolicy(
                json: "{\"format\": \"valuation-policy/1\", \"predictors\": {\"p\": \(predictor)}, \"default\": \"p\"}")
            return try scorer.score(features, ads, Circumstances())
        }
        let members = try ["first", "LATEST", "second"].map { try values("{\"release\": \"\($0)\"}") }
        let found = try values("{\"ensemble\": [\"first\", \"LATEST\", \"second\"], \"mean\": \"\(kind)\"}")
        for place in ads.indices {
            let expected = mean(of: members.map { $0[place].pctr }, kind)
            let isExact = kind == "probability"
            #expect(
                isExact && !expected.isNaN
                    ? found[place].pctr == expected
                    : expected.isNaN ? found[place].pctr.isNaN : abs(found[place].pctr - expected) <= 2e-7 * expected)
        }
    }

    private func mean(of probabilities: [Float], _ kind: String) -> Float {
        let known = probabilities.filter { !$0.isNaN }.map { Double($0) }
        if known.isEmpty { return .nan }
        if kind == "probability" { return Float(known.reduce(0, +) / Double(known.count)) }
        let logits = known.map { log($0 / (1 - min($0, 1 - 0x1p-40))) }
        return Float(1 / (1 + exp(-logits.reduce(0, +) / Double(known.count))))
    }
}
