// SPDX-License-Identifier: Apache-2.0
import CValuation
import Foundation
import Testing

@testable import Valuation

/// A release's overall rates value campaigns without any model, and their values are flagged.
@Suite struct PriorTests {
    private let folder: TemporaryFolder
    private let root: String

    init() throws {
        folder = try TemporaryFolder()
        root = "\(folder.path)/releases"
    }

    /// The first value for a request with one ad, after models were published with priors.
    private func value(
        _ models: [ModelDocument], click: Double = 0, conversion: Double = 0, campaign: String, pricing: String
    ) throws -> JSONTree {
        let path = try folder.write("models.jsonl", models.map(\.json).joined(separator: "\n"))
        var publishing = valuation_publishing()
        publishing.struct_size = UInt32(MemoryLayout<valuation_publishing>.size)
        (publishing.click_prior, publishing.conversion_prior) = (click, conversion)
        try checked { error in
            valuation_publish(path, path.utf8.count, root, root.utf8.count, &publishing, nil, error)
        }
        let engine = try EngineHandle()
        try engine.load(root)
        let request = """
            {"candidates": [{"campaign": "\(campaign)", "pricing": "\(pricing)", "bid": 2}]}
            """
        return try #require(try engine.values(request).first)
    }

    private func flags(_ value: JSONTree) -> [String] {
        (value["flags"]?.elements ?? []).compactMap(\.text)
    }

    @Test func anUnknownCampaignGetsThePriorAndAFlag() throws {
        let model = ModelDocument(campaign: "7", target: "click")
        let value = try value([model], click: 0.01, campaign: "unheard of", pricing: "cpc")
        #expect(value["pctr"]?.number == Double("0.01"))
        #expect(flags(value) == ["unknown_campaign", "click_prior"])
        #expect(abs((value["expected_revenue"]?.number ?? 0) - 0.02) < 1e-8)
    }

    @Test func aCampaignWithoutAConversionModelGetsOnlyTheConversionPrior() throws {
        let model = ModelDocument(campaign: "7", target: "click")
        let value = try value([model], click: 0.01, conversion: 0.25, campaign: "7", pricing: "cpa")
        #expect(value["pcvr"]?.number == 0.25)
        #expect(flags(value).contains("conversion_prior") && !flags(value).contains("click_prior"))
    }

    @Test func aModelOfCampaignStarComesBeforeThePrior() throws {
        let models = [ModelDocument(campaign: "7", target: "click"), ModelDocument(campaign: "*", target: "click")]
        let value = try value(models, click: 0.01, campaign: "unheard of", pricing: "cpc")
        #expect(flags(value).contains("default_click_model") && !flags(value).contains("click_prior"))
    }

    @Test func campaignStarItselfGetsThePriorIfItHasNoModel() throws {
        let model = ModelDocument(campaign: "7", target: "click")
        let value = try value([model], click: 0.01, campaign: "*", pricing: "cpc")
        #expect(flags(value).contains("click_prior"))
    }

    @Test func withoutAPriorThereIsNoProbability() throws {
        let model = ModelDocument(campaign: "7", target: "click")
        let value = try value([model], campaign: "unheard of", pricing: "cpc")
        #expect(flags(value).contains("no_click_model"))
    }

    /// Logs of clicks contain no impressions: a click is certain, and a conversion is worth what its model says.
    @Test(arguments: ["7", "8", "unheard of"]) func aClickPriorOfOneMeansThatAClickIsCertain(campaign: String) throws {
        let model = ModelDocument(campaign: "7", target: "conversion", intercept: log(0.25 / 0.75))
        let value = try value([model], click: 1, conversion: 0.25, campaign: campaign, pricing: "cpa")
        #expect(value["pctr"]?.number == 1 && abs((value["pcvr"]?.number ?? 0) - 0.25) < 1e-7)
        #expect(abs((value["expected_revenue"]?.number ?? 0) - 0.5) < 1e-7)
        #expect(flags(value).contains("click_prior"))
        #expect(flags(value).contains("conversion_prior") == (campaign != "7"))
    }

    @Test func theTrainingsPriorIsTheRateOverAllImpressions() throws {
        // 10 clicks of 1,000 impressions and 90 of 3,000, and a shared model of the same impressions.
        var priors = Priors()
        var builder = IndexBuilder(.standard)
        for (campaign, positives, rate) in [("1", 10.0, 0.01), ("2", 90, 0.03), ("*", 100, 0.5), ("3", 0, 0)] {
            var model = Model()
            for byte in campaign.utf8 { try model.campaign.append(byte) }
            (model.training.positives, model.training.baseRate) = (positives, rate)
            try Note.withTemporary { (note: Note) throws(Failure) in
                try builder.add(model, origin: IndexBuilder.Origin(file: 0, line: 0), note: note)
            }
        }
        builder.completePriors(&priors)
        #expect(abs(priors.click - 0.025) < 1e-15 && priors.conversion == 0)
        priors = Priors(click: 0.2, conversion: 0.1)
        builder.completePriors(&priors)
        #expect(priors.click == 0.2 && priors.conversion == 0.1)
    }
}
