// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

/// What the index knows of campaigns besides their weights.
@Suite struct ObservedTests {
    private func observed(_ models: LoadedModels, _ campaign: String) -> Index.Observed {
        models.withIndex { $0.pointee.observed(valuation_campaign_key(nil, campaign, campaign.utf8.count)) }
    }

    /// Impressions, clicks and conversions of a campaign, and those of its advertiser.
    private func counts(_ models: LoadedModels, _ campaign: String) -> [Float] {
        let found = observed(models, campaign)
        return [
            found.impressions, found.clicks, found.conversions, found.advertiser_impressions, found.advertiser_clicks,
            found.advertiser_conversions,
        ]
    }

    private func overall(_ models: LoadedModels) -> [Double] {
        models.withIndex { [$0.pointee.overall.click, $0.pointee.overall.conversion] }
    }

    private func isClose(_ found: [Double], _ expected: [Double]) -> Bool {
        zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-6 * $1 }
    }

    private func entry(_ campaign: String, _ advertiser: String?, _ counts: (Double, Double, Double)) -> CampaignEntry {
        CampaignEntry(
            campaign: campaign, advertiser: advertiser, impressions: counts.0, clicks: counts.1,
            conversions: counts.2)
    }

    @Test func withoutFactsNothingIsKept() throws {
        let models = try LoadedModels([ModelDocument(), ModelDocument(target: "conversion", training: "{\"rows\": 9}")])
        #expect(!models.withIndex { $0.pointee.hasObserved } && counts(models, "1") == [0, 0, 0, 0, 0, 0])
        #expect(overall(models) == [0, 0])
        let known = try LoadedModels(
            [ModelDocument(), ModelDocument(target: "conversion")], [entry("1", nil, (9, 3, 1))])
        let bytes = (models.withIndex { $0.pointee.byteCount }, known.withIndex { $0.pointee.byteCount })
        let slots = known.withIndex { $0.pointee.hashes.campaigns.slotCount } + 1
        #expect(bytes.1 - bytes.0 == (slots * 32 + 63) / 64 * 64)
    }

    @Test func documentsGiveTheCountsAndTheAdvertiser() throws {
        let campaigns = [
            entry("1", "77", (1000, 20, 4)), entry("2", "77", (3000, 30, 6)), entry("3", nil, (500, 10, 2)),
        ]
        let models = try LoadedModels([ModelDocument(campaign: "1")], campaigns)
        #expect(counts(models, "1") == [1000, 20, 4, 4000, 50, 10])
        #expect(counts(models, "2") == [3000, 30, 6, 4000, 50, 10])
        #expect(counts(models, "3") == [500, 10, 2, 0, 0, 0])
        #expect(observed(models, "2").advertiser == valuation_campaign_key(nil, "77", 2))
        #expect(observed(models, "3").advertiser == 0)
        for unknown in ["4", "*", "77"] { #expect(counts(models, unknown) == [0, 0, 0, 0, 0, 0]) }
        #expect(isClose(overall(models), [60.0 / 4500, 12.0 / 60]))
    }

    @Test func withoutADocumentTheTrainingGivesTheCounts() throws {
        func model(_ campaign: String, _ target: String, _ training: String) -> ModelDocument {
            ModelDocument(campaign: campaign, target: target, training: training)
        }
        let models = try LoadedModels(
            [
                model("1", "click", #"{"positives": 20, "base_rate": 0.02}"#),
                model("1", "conversion", #"{"positives": 4, "base_rate": 0.3}"#),
                // More conversions than clicks are impossible.
                model("2", "conversion", #"{"positives": 90}"#),
                model("2", "click", #"{"positives": 30, "base_rate": 0.01}"#),
                // The rows stand for all impressions, whatever sample of them the training used.
                model("7", "click", #"{"rows": 400, "positives": 10}"#),
                // Nothing gives the number of impressions.
                model("3", "click", #"{"positives": 5}"#), model("4", "click", #"{"positives": 0, "base_rate": 0}"#),
                model("*", "click", #"{"positives": 999, "base_rate": 0.5}"#),
                model("5", "conversion", #"{"positives": 7, "base_rate": 0.5}"#),
                // A document replaces all counts of the training.
                model("6", "click", #"{"positives": 50, "base_rate": 0.5}"#),
                model("6", "conversion", #"{"positives": 50}"#),
            ], [CampaignEntry(campaign: "6", impressions: 1000)])
        #expect(counts(models, "1") == [1000, 20, 4, 0, 0, 0] && counts(models, "2") == [3000, 30, 30, 0, 0, 0])
        #expect(counts(models, "7").prefix(2) == [400, 10])
        for nothing in ["3", "4", "5", "*"] { #expect(counts(models, nothing) == [0, 0, 0, 0, 0, 0]) }
        #expect(counts(models, "6") == [1000, 0, 0, 0, 0, 0])
        #expect(isClose(overall(models), [60.0 / 5400, 34.0 / 50]))
    }

    /// A campaign with CPC pricing has no conversions to report.
    @Test func uncountedConversionsAreNotZero() throws {
        var click = ModelDocument(training: #"{"positives": 300, "base_rate": 0.1}"#)
        click.advertiser = "77"
        let models = try LoadedModels([click], [entry("2", "77", (1000, 100, 20))])
        #expect(observed(models, "1").clicks == 300 && observed(models, "1").conversions.isNaN)
        #expect(isClose(overall(models), [0.1, 0.2]))
        // They enter the sums at the overall rate.
        #expect(Array(counts(models, "2")[3...]) == [4000, 400, 80])
    }

    @Test func theDocumentOrElseAModelNamesTheAdvertiser() throws {
        let models = [
            ModelDocument(campaign: "1", advertiser: "77"),
            ModelDocument(campaign: "2", target: "conversion", advertiser: "77"),
            ModelDocument(campaign: "3", advertiser: "77"), ModelDocument(campaign: "*", advertiser: "77"),
        ]
        let loaded = try LoadedModels(models, [entry("1", "78", (10, 1, 0)), entry("3", nil, (20, 2, 0))])
        #expect(observed(loaded, "1").advertiser == valuation_campaign_key(nil, "78", 2))
        for campaign in ["2", "3"] {
            #expect(observed(loaded, campaign).advertiser == valuation_campaign_key(nil, "77", 2))
            #expect(observed(loaded, campaign).advertiser_impressions == 20)
        }
        #expect(observed(loaded, "*").advertiser == 0)
    }

    @Test func theReleasesOverallRatesComeFirst() throws {
        let campaigns = [entry("1", nil, (1000, 20, 4))]
        let both = try LoadedModels([ModelDocument()], campaigns, priors: Priors(click: 0.5, conversion: 0.25))
        #expect(overall(both) == [0.5, 0.25])
        let click = try LoadedModels([ModelDocument()], campaigns, priors: Priors(click: 0.5, conversion: 0))
        #expect(isClose(overall(click), [0.5, 0.2]))
        let conversion = try LoadedModels([ModelDocument()], priors: Priors(click: 0, conversion: 0.25))
        #expect(overall(conversion) == [0, 0.25] && conversion.withIndex { $0.pointee.hasObserved })
    }

    @Test func theOverallRatesOfAReleaseComeFromItsCampaigns() throws {
        let root = try ReleaseRoot()
        let report = try root.publish(
            [ModelDocument(campaign: "1", training: #"{"positives": 3, "base_rate": 0.5}"#)],
            [entry("1", nil, (1000, 20, 4)), entry("2", nil, (1000, 30, 6))], id: "a")
        let manifest = try JSONTree(parsing: report)
        #expect(manifest["priors"]?["click"]?.number == 0.025 && manifest["priors"]?["conversion"]?.number == 0.2)
        // The counts cover only campaigns with models.
        let counts = try #require(manifest["counts"])
        #expect(counts["campaigns"]?.number == 1 && counts["click_models"]?.number == 1)
        #expect(counts["conversion_models"]?.number == 0)
    }
}
