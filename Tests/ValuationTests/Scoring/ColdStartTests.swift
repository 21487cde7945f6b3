// SPDX-License-Identifier: Apache-2.0
import CValuation
import Foundation
import Testing

@testable import Valuation

/// What values a campaign without its own model for a target, and how its values are flagged.
@Suite struct ColdStartTests {
    /// A model whose probability is `rate`.
    private func model(_ campaign: String, _ target: String, _ rate: Double, extends: String? = nil) -> ModelDocument {
        ModelDocument(campaign: campaign, target: target, extends: extends, intercept: log(rate / (1 - rate)))
    }

    /// A model that leaves its base unchanged.
    private func extending(_ base: String, _ campaign: String, _ target: String) -> ModelDocument {
        ModelDocument(campaign: campaign, target: target, extends: base)
    }

    private func expect(
        _ models: LoadedModels, _ campaign: String, _ flags: Flags, click: Double? = nil, conversion: Double? = nil,
        _ sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let value = models.score([], [Ad(campaign: campaign, pricing: .cpa, bid: 8)])[0]
        #expect(Flags(rawValue: value.flags) == flags, sourceLocation: sourceLocation)
        for (found, rate) in [(value.pctr, click), (value.pcvr, conversion)] {
            guard let rate else { continue }
            #expect(abs(Double(found) - rate) <= 1e-6 * rate, sourceLocation: sourceLocation)
        }
    }

    @Test func aCampaignWithoutAModelIsValuedByTheOneThatItExtends() throws {
        let models = [
            model("advertiser-77", "click", 0.25), model("advertiser-77", "conversion", 0.125),
            model("*", "click", 0.5), model("*", "conversion", 0.5),
        ]
        let loaded = try LoadedModels(models, [CampaignEntry(extends: "advertiser-77", impressions: 100, clicks: 1)])
        expect(
            loaded, "3001", [.unknownCampaign, .baseClickModel, .baseConversionModel], click: 0.25, conversion: 0.125)
        expect(loaded, "3002", [.unknownCampaign, .defaultClickModel, .defaultConversionModel], click: 0.5)
        // If no conversion is needed, the value says nothing of one.
        let click = loaded.score([], [Ad(campaign: "3001", pricing: .cpc)])[0]
        #expect(Flags(rawValue: click.flags) == [.unknownCampaign, .baseClickModel])
    }

    @Test func itsOwnModelComesFirst() throws {
        let models = [model("b", "click", 0.25), model("b", "conversion", 0.125), model("3001", "click", 0.4)]
        let loaded = try LoadedModels(models, [CampaignEntry(extends: "b")])
        expect(loaded, "3001", [.baseConversionModel], click: 0.4, conversion: 0.125)
    }

    @Test func withoutADocumentTheModelForTheOtherTargetNamesTheBase() throws {
        let models = [model("b", "click", 0.25), model("b", "conversion", 0.125), extending("b", "1", "click")]
        expect(try LoadedModels(models), "1", [.baseConversionModel], conversion: 0.125)
        // The document counts.
        let other = models + [model("c", "conversion", 0.4)]
        expect(
            try LoadedModels(other, [CampaignEntry(campaign: "1", extends: "c")]), "1", [.baseConversionModel],
            conversion: 0.4)
    }

    /// Each step comes from a document or from a model for the other target.
    @Test(arguments: 1...5) func basesAreFollowedUpToFourTimes(steps: Int) throws {
        var models = [model("0", "conversion", 0.125)]
        var campaigns: [CampaignEntry] = []
        for step in 1...steps {
            models.append(model("\(step)", "click", 0.25))
            campaigns.append(CampaignEntry(campaign: "\(step)", extends: "\(step - 1)"))
        }
        let loaded = try LoadedModels(models, campaigns)
        if steps <= 4 {
            expect(loaded, "\(steps)", [.baseConversionModel], click: 0.25, conversion: 0.125)
        } else {
            expect(loaded, "\(steps)", [.noConversionModel], click: 0.25)
        }
    }

    @Test func aCycleOfCampaignsEndsTheSearch() throws {
        let models = [model("1", "click", 0.25), model("2", "click", 0.25), model("*", "conversion", 0.5)]
        let campaigns = [CampaignEntry(campaign: "1", extends: "2"), CampaignEntry(campaign: "2", extends: "1")]
        expect(try LoadedModels(models, campaigns), "1", [.defaultConversionModel], conversion: 0.5)
    }

    /// "*" values every campaign that has nothing else, whether named or not.
    @Test func theModelOfCampaignStarIsFlaggedAsTheDefault() throws {
        let models = [model("*", "click", 0.25), model("*", "conversion", 0.5), extending("*", "1", "click")]
        let loaded = try LoadedModels(models, [CampaignEntry(extends: "*")])
        expect(loaded, "1", [.defaultConversionModel], conversion: 0.5)
        expect(loaded, "3001", [.unknownCampaign, .defaultClickModel, .defaultConversionModel], click: 0.25)
    }

    @Test func withoutABaseAndAModelOfStarTheObservedRateValuesACampaign() throws {
        let campaigns = [
            CampaignEntry(campaign: "1", advertiser: "77", impressions: 9000, clicks: 890, conversions: 245),
            CampaignEntry(campaign: "3001", advertiser: "77", impressions: 0),
            CampaignEntry(campaign: "3002"),
        ]
        let models = [model("7", "click", 0.25)]
        let loaded = try LoadedModels(models, campaigns, priors: Priors(click: 0.01, conversion: 0.1))
        let flags: Flags = [.unknownCampaign, .clickPrior, .conversionPrior]
        // 890 + 10 clicks of 10,000 impressions, 245 + 5 conversions of 940 clicks: as its advertiser's only campaign
        // with counts, and, for a campaign without counts, as the rate to shrink towards.
        for campaign in ["1", "3001"] { expect(loaded, campaign, flags, click: 0.09, conversion: 250 / 940.0) }
        expect(loaded, "3002", flags, click: 0.01, conversion: 0.1)
        expect(loaded, "unheard of", flags, click: 0.01, conversion: 0.1)
        // It has a click model, and nothing was counted.
        expect(loaded, "7", [.conversionPrior], click: 0.25, conversion: 0.1)
    }

    @Test func theRatesOverAllCampaignsServeIfNoReleaseGivesAny() throws {
        let campaigns = [CampaignEntry(campaign: "1", impressions: 1000, clicks: 100), CampaignEntry(campaign: "2")]
        let loaded = try LoadedModels([model("7", "conversion", 0.25)], campaigns)
        expect(loaded, "2", [.unknownCampaign, .clickPrior, .noConversionModel], click: 0.1)
        expect(loaded, "unheard of", [.unknownCampaign, .noClickModel, .noConversionModel])
    }

    @Test(arguments: ["click", "conversion"]) func anOwnModelAndAnObservedRateGoTogether(target: String) throws {
        let entry = CampaignEntry(campaign: "7", impressions: 1000, clicks: 100, conversions: 20)
        for others in [[], [model("8", "click", 0.4)], [model("8", "conversion", 0.4)]] {
            let loaded = try LoadedModels([model("7", target, 0.25)] + others, [entry])
            if target == "click" {
                expect(loaded, "7", [.conversionPrior], click: 0.25, conversion: 0.2)
            } else {
                expect(loaded, "7", [.clickPrior], click: 0.1, conversion: 0.25)
            }
            #expect(loaded.withIndex { $0.pointee.counts.modelCount } == 2 + others.count)
        }
    }

    @Test func aModelOfStarComesBeforeTheObservedRate() throws {
        let campaigns = [CampaignEntry(campaign: "1", impressions: 1000, clicks: 100, conversions: 10)]
        let loaded = try LoadedModels([model("*", "click", 0.25)], campaigns)
        expect(loaded, "1", [.unknownCampaign, .defaultClickModel, .conversionPrior], click: 0.25)
    }

    @Test func uncountedConversionsAreEstimatedFromOtherCampaigns() throws {
        var own = model("1", "click", 0.25)
        own.training = #"{"positives": 1000, "base_rate": 0.1}"#
        let others = [CampaignEntry(campaign: "2", impressions: 1000, clicks: 100, conversions: 20)]
        expect(try LoadedModels([own], others), "1", [.conversionPrior], click: 0.25, conversion: 0.2)
    }

    @Test func whenTheTimeIsUpTheObservedRateIsTheAnswerAsWell() throws {
        let campaigns = [CampaignEntry(campaign: "1", impressions: 9000, clicks: 990)]
        let loaded = try LoadedModels([model("7", "conversion", 0.25)], campaigns)
        let late = loaded.score([.category("slot", "12")], [Ad(campaign: "1", pricing: .cpc)], timeBudget: 1)[0]
        #expect(late.has(.budgetExceeded) && late.has(.clickPrior) && abs(late.pctr - 0.11) < 1e-6)
    }

    /// Random sets, against a word-by-word implementation of the order.
    @Test(arguments: 0..<40 as Range<UInt64>) func inRandomSetsEachCampaignIsValuedInOrder(seed: UInt64) throws {
        let world = RandomModels(seed: seed)
        var documents = world.documents
        if seed % 3 > 0 {
            // Without a default.
            documents.removeAll { $0.campaign == "*" }
            for place in documents.indices where documents[place].extends == "*" { documents[place].extends = nil }
        }
        let campaigns = Set(documents.map(\.campaign))
        let entries = world.entries.filter { $0.extends.map(campaigns.contains) ?? true }
        let priors = seed % 2 == 0 ? Priors() : Priors(click: 0.01, conversion: 0.1)
        let loaded = try LoadedModels(documents, entries, priors: priors)
        let overall = loaded.withIndex { $0.pointee.overall }
        func model(_ campaign: String, _ target: String) -> ModelDocument? {
            documents.first { $0.campaign == campaign && $0.target == target }
        }
        func expected(_ campaign: String, _ target: String) -> String {
            if model(campaign, target) != nil { return "" }
            var current = campaign
            for _ in 0..<4 {
                let other = model(current, target == "click" ? "conversion" : "click")
                guard let base = entries.first(where: { $0.campaign == current })?.extends ?? other?.extends else {
                    break
                }
                current = base
                if model(base, target) != nil && base != "*" { return "base_\(target)_model" }
                if base == "*" { break }
            }
            if model("*", target) != nil { return "default_\(target)_model" }
            let isKnown = (target == "click" ? overall.click : overall.conversion) > 0
            let hasPrior = (target == "click" ? priors.click : priors.conversion) > 0
            let isObserved = entries.contains { $0.campaign == campaign }
            return hasPrior || isObserved && isKnown ? "\(target)_prior" : "no_\(target)_model"
        }
        for campaign in world.campaigns + ["new-0", "new-1", "*"] {
            let value = loaded.score([], [Ad(campaign: campaign)])[0]
            let found = Set(
                (0..<32).filter { value.flags >> $0 & 1 == 1 }.compactMap { Flags.name(ofBit: $0)?.description })
            var flags = Set([expected(campaign, "click"), expected(campaign, "conversion")].filter { !$0.isEmpty })
            let hasModel = model(campaign, "click") != nil || model(campaign, "conversion") != nil
            let isPrior = campaign == "*" && !flags.isDisjoint(with: ["click_prior", "conversion_prior"])
            if !hasModel && !isPrior { flags.insert("unknown_campaign") }
            #expect(found.subtracting(["clamped"]) == flags, "\(campaign)")
        }
    }

    @Test func theReplacementOfAModelIsDescribedAsAPrior() throws {
        let root = try ReleaseRoot()
        let campaigns = [CampaignEntry(campaign: "3001", impressions: 9000, clicks: 990)]
        let report = try root.publish([model("7", "conversion", 0.25)], campaigns, id: "a")
        let engine = try EngineHandle()
        try engine.load(root.path)
        let list = try #require(try engine.description()["list"]).elements
        let priors = list.filter { $0["prior"] == .literal("yes") }
        #expect(Set(priors.compactMap { $0["campaign"]?.text }) == ["3001", "*"])
        #expect(priors.allSatisfy { $0["extends"] == .null && $0["training"] == .null })
        #expect(priors.allSatisfy { $0["target"]?.text == "click" })
        let counts = try #require(try JSONTree(parsing: report)["counts"])
        #expect(counts["campaigns"]?.number == 1 && counts["click_models"]?.number == 0)
        #expect(counts["conversion_models"]?.number == 1 && counts["weights"]?.number == 0)
    }
}
