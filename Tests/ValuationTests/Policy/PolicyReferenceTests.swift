// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

/// Random policies decide random requests as a plain reading of them does, and each value equals, to the bit, that of
/// its predictor alone.
@Suite struct PolicyReferenceTests {
    /// More than two blocks, so that a block mixes predictors.
    private static let candidates = 300
    private static let predictors = [
        (name: "production", json: #"{"release": "LATEST"}"#), (name: "twin", json: #"{"release": "LATEST"}"#),
        (name: "other", json: #"{"release": "first"}"#),
        (name: "house", json: #"{"constant": {"pctr": 0.01, "pcvr": 0.1}}"#),
        (name: "clicks alone", json: #"{"constant": {"pctr": 0.02}}"#), (name: "safe", json: #"{"naive": {}}"#),
        (name: "bag", json: #"{"ensemble": ["first", "LATEST"]}"#),
        (name: "curious", json: #"{"release": "LATEST", "exploration": 0.5}"#),
        (name: "curious rates", json: #"{"naive": {"impressions": 10}, "exploration": 1}"#),
    ]

    /// Two releases, and a scorer for each predictor alone.
    private struct Stage {
        var root: ReleaseRoot
        var engine: EngineHandle
        var scorer: ScorerHandle
        var alone: [String: ScorerHandle] = [:]
        var policies: RandomPolicy
        /// The advertisers of the campaigns that have one.
        var advertisers: [String: String]
        var known: [String: ReferencePolicy.Known] = [:]
    }

    private func stage(
        _ first: [ModelDocument], _ second: [ModelDocument], _ entries: [CampaignEntry], _ campaigns: [String],
        seed: UInt64
    ) throws -> Stage {
        let root = try ReleaseRoot()
        try root.publish(first, entries, id: "first")
        try root.publish(second, entries, id: "second")
        let engine = try EngineHandle()
        try engine.load(root.path)
        let advertisers = entries.compactMap { entry in entry.advertiser.map { (entry.campaign, $0) } }
        let known = Dictionary(uniqueKeysWithValues: advertisers)
        let policies = RandomPolicy(
            generator: SeededGenerator(seed: seed), campaigns: campaigns, advertisers: Set(known.values).sorted())
        var stage = Stage(
            root: root, engine: engine, scorer: try engine.scorer(), policies: policies, advertisers: known)
        for entry in entries {
            stage.known[entry.campaign, default: .init()].impressions = entry.impressions
            stage.known[entry.campaign, default: .init()].clicks = entry.clicks
        }
        for document in second { stage.known[document.campaign, default: .init()].targets.insert(document.target) }
        for predictor in Self.predictors {
            let own = try EngineHandle()
            try own.load(root.path)
            try own.loadPolicy(json: ReferencePolicy(predictors: [predictor], fallback: predictor.name).json)
            stage.alone[predictor.name] = try own.scorer()
        }
        return stage
    }

    private func check(
        _ stage: inout Stage, _ policy: ReferencePolicy, _ features: [NamedFeature], _ ads: [Ad]
    ) throws {
        let impression = stage.policies.impression(stage.advertisers, stage.known)
        let features = features + impression.placements.sorted().map { .category("slot", $0) }
        let circumstances = Circumstances(
            units: impression.units.sorted { $0.key < $1.key }.map { (field: $0.key, text: $0.value) },
            seed: stage.policies.generator.next(), time: ReferencePolicy.Impression.start + Int64(impression.second))
        var alone: [String: [valuation_value]] = [:]
        for (name, scorer) in stage.alone { alone[name] = try scorer.score(features, ads, circumstances) }
        let values = try stage.scorer.score(features, ads, circumstances)
        let decisions = ads.map { policy.decide(impression, $0.campaign) }
        let sources = try stage.scorer.sources(of: values)
        let wrong = ads.indices.first { sources[$0] != decisions[$0].source }
        if let wrong {
            Issue.record(
                """
                \(ads[wrong].campaign): \(sources[wrong]) instead of \(decisions[wrong].source), \(impression), \(policy.json)
                """)
            return
        }
        let expected = ads.indices.map { place in
            policy.finished(alone[decisions[place].source.predictor]![place], decisions[place], ads[place])
        }
        let difference = firstDifference(values.map(\.all), expected)
        #expect(difference == nil, "\(difference ?? "") \(impression) \(policy.json)")
        // The other scoring calls give the same.
        let ranked = try stage.scorer.rank(features, ads, best: 20, circumstances)
        let best = ads.indices.sorted { one, other in
            let (first, second) = (values[one].expected_revenue, values[other].expected_revenue)
            return first == second ? one < other : first > second
        }
        #expect(ranked.map(\.index) == Array(best.prefix(20)))
        #expect(
            ranked.allSatisfy { $0.value.all == values[$0.index].all && $0.value.source == values[$0.index].source })
        let (explored, propensities) = try stage.scorer.explore(features, ads, circumstances)
        #expect(firstDifference(explored.map(\.all), values.map(\.all)) == nil)
        let sum = propensities.reduce(0, +)
        #expect(abs(sum - (values.contains { $0.expected_revenue > 0 } ? 1 : 0)) < 1e-6, "\(sum)")
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func richModels(seed: UInt64) throws {
        var models = RandomModels(seed: seed)
        let other = RandomModels(seed: seed + 1000)
        let entries =
            models.entries + [
                CampaignEntry(campaign: "sure", advertiser: "79", impressions: 1000, clicks: 10, conversions: 2)
            ]
        let campaigns = models.campaigns + ["new-0", "new-1", "sure", "named alone"]
        var stage = try stage(other.documents, models.documents, entries, campaigns, seed: seed)
        for _ in 0..<4 {
            let policy = stage.policies.policy(Self.predictors)
            try stage.engine.loadPolicy(json: policy.json)
            for _ in 0..<3 {
                var ads = models.ads(Self.candidates)
                for place in ads.indices where stage.policies.generator.once(in: 3) {
                    ads[place].campaign = campaigns.randomElement(using: &stage.policies.generator)!
                }
                try check(&stage, policy, models.features(0...12).filter { !$0.isSlot }, ads)
            }
        }
    }

    @Test(arguments: 1...2 as ClosedRange<UInt64>)
    func manyCampaigns(seed: UInt64) throws {
        var models = ManyModels(campaigns: 150, hasBases: false, hasCrosses: false, seed: seed)
        let other = ManyModels(campaigns: 150, hasBases: false, hasCrosses: false, seed: seed + 1000)
        let entries = (0..<200).map { (number: Int) -> CampaignEntry in
            let advertiser: String? = number % 5 > 0 ? "advertiser \(number % 7)" : nil
            return CampaignEntry(
                campaign: "campaign-\(number)", advertiser: advertiser,
                impressions: 1000, clicks: Double(number % 20 + 1), conversions: 1)
        }
        let campaigns = (0..<220).map { "campaign-\($0)" }
        var stage = try stage(other.documents, models.documents, entries, campaigns, seed: seed)
        for _ in 0..<3 {
            let policy = stage.policies.policy(Self.predictors)
            try stage.engine.loadPolicy(json: policy.json)
            for _ in 0..<2 {
                var ads = models.ads(Self.candidates)
                for place in ads.indices {
                    ads[place].campaign = campaigns.randomElement(using: &stage.policies.generator)!
                }
                try check(&stage, policy, models.features(), ads)
            }
        }
    }
}

extension NamedFeature {
    /// The placement comes from the reference.
    fileprivate var isSlot: Bool {
        if case .category("slot", _) = self { return true }
        return false
    }
}
