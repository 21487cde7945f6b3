// SPDX-License-Identifier: Apache-2.0
import CValuation
import Foundation
import Testing

@testable import Valuation

/// An ensemble's value comes from the mean of its members' predictions.
@Suite struct EnsembleTests {
    private func value(_ pctr: Float, _ pcvr: Float = .nan, _ flags: Flags = []) -> valuation_value {
        valuation_value(expected_revenue: 0, pctr: pctr, pcvr: pcvr, flags: flags.rawValue, source: 0)
    }

    private func mean(_ values: [valuation_value], ofLogits: Bool, pricing: Pricing = .cpa) -> valuation_value {
        var sum = EnsembleSum()
        for value in values { sum.add(value, ofLogits: ofLogits) }
        let candidate = valuation_candidate(
            campaign: 1, features: nil, feature_count: 0, pricing: pricing.rawValue, bid: 2)
        return sum.value(candidate, ofLogits: ofLogits)
    }

    @Test func probabilitiesAreAveraged() {
        let found = mean([value(0.25, 0.5), value(0.75, 0.25)], ofLogits: false)
        #expect(found.pctr == 0.5 && found.pcvr == 0.375 && found.expected_revenue == 2 * 0.5 * 0.375)
    }

    @Test func logitsAreAveraged() {
        // The logits of 1/5 and 4/5 are opposite; those of 1/10 and 1/2 are -log 9 and 0, with the mean -log 3.
        let found = mean([value(0.2, 0.1), value(0.8, 0.5)], ofLogits: true)
        #expect(abs(found.pctr - 0.5) < 1e-7 && abs(found.pcvr - 0.25) < 1e-7)
    }

    @Test func aMeanOfEqualsIsTheSame() {
        for probability in [1e-38, 1e-6, 0.1, 0.999_999_9, 1] as [Float] {
            for ofLogits in [false, true] {
                let found = mean([value(probability), value(probability), value(probability)], ofLogits: ofLogits)
                #expect(abs(found.pctr - probability) <= 1e-6 * probability, "\(probability): \(found.pctr)")
                #expect(found.pctr > 0 && found.pctr <= 1)
            }
        }
    }

    @Test func aMemberWithoutAModelDoesNotCount() {
        let found = mean(
            [value(.nan, .nan, [.noClickModel, .noConversionModel]), value(0.25, .nan, .noConversionModel)],
            ofLogits: false)
        #expect(found.pctr == 0.25 && found.pcvr.isNaN && found.expected_revenue == 0)
        #expect(found.flags == Flags.noConversionModel.rawValue)
        let clicks = mean([value(.nan, .nan, .noClickModel), value(0.25)], ofLogits: true, pricing: .cpc)
        #expect(abs(clicks.expected_revenue - 0.5) < 1e-6 && clicks.flags == 0)
        #expect(mean([value(.nan)], ofLogits: false).has([.noClickModel, .noConversionModel]))
    }

    @Test func theFlagsOfAllMembersAreKept() {
        let found = mean([value(0.5, 0.5, .unknownFeature), value(0.5, 0.5, .baseClickModel)], ofLogits: false)
        #expect(found.flags == Flags([.unknownFeature, .baseClickModel]).rawValue)
        #expect(mean([value(0.5, 0.5, .invalidBid)], ofLogits: false).expected_revenue == 0)
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
            #expect(expected.isNaN ? found[place].pctr.isNaN : abs(found[place].pctr - expected) <= 2e-7 * expected)
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
