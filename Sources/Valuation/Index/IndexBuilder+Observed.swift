// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Observed counts of campaigns: those of their documents, or else those of their models' training.
extension IndexBuilder {
    struct Counts {
        var impressions = 0.0
        var clicks = 0.0
        /// NaN if not given.
        var conversions = 0.0
    }

    /// Sums over campaigns.
    struct Totals {
        var impressions = 0.0
        var clicks = 0.0
        /// Clicks of the campaigns whose conversions were counted.
        var countedClicks = 0.0
        var conversions = 0.0

        /// The shares of clicks and of conversions; 0 where unknown.
        var rates: Priors {
            Priors(
                click: clicks > 0 && clicks < impressions ? clicks / impressions : 0,
                conversion: conversions > 0 && conversions < countedClicks ? conversions / countedClicks : 0)
        }

        mutating func add(_ counts: Counts) {
            impressions += counts.impressions
            clicks += counts.clicks
            if counts.conversions.isNaN { return }
            countedClicks += counts.clicks
            conversions += counts.conversions
        }
    }

    /// nil if nothing was counted. `base_rate` is positives / impressions, so the impressions are positives /
    /// `base_rate`; without it, the rows.
    func counts(of campaign: Campaign) -> Counts? {
        if campaign.hasDocument {
            return Counts(
                impressions: campaign.impressions, clicks: campaign.clicks, conversions: campaign.conversions)
        }
        if campaign.key == secret.defaultCampaign || campaign.models.click == Index.none { return nil }
        let click = added[Int(campaign.models.click)].description
        let impressions = click.base_rate > 0 ? click.positives / click.base_rate : click.rows
        if !(click.positives > 0 && impressions > 0) { return nil }
        var conversions = Double.nan
        if campaign.models.conversion != Index.none {
            let positives = added[Int(campaign.models.conversion)].description.positives
            if positives >= 0 { conversions = min(positives, click.positives) }
        }
        return Counts(impressions: impressions, clicks: click.positives, conversions: conversions)
    }

    var totals: Totals {
        var totals = Totals()
        for number in 0..<campaigns.count {
            if let counts = counts(of: campaigns[number]) { totals.add(counts) }
        }
        return totals
    }

    /// Sums the observed counts. - Parameter priors: take precedence over the observed rates of all campaigns.
    mutating func observe(_ priors: Priors) {
        overall = priors
        overall.complete(from: totals.rates)
        for number in 0..<campaigns.count {
            let campaign = campaigns[number]
            let advertiser = advertiser(of: campaign)
            guard advertiser != Index.none, let counts = counts(of: campaign) else { continue }
            var sums = advertisers[Int(advertiser)].sums
            sums.impressions += counts.impressions
            sums.clicks += counts.clicks
            // Clicks without counted conversions must not affect the conversion rate.
            sums.conversions += counts.conversions.isNaN ? counts.clicks * overall.conversion : counts.conversions
            advertisers[Int(advertiser)].sums = sums
        }
    }

    private func advertiser(of campaign: Campaign) -> UInt32 {
        if campaign.key == secret.defaultCampaign { return Index.none }
        return campaign.advertiser != Index.none ? campaign.advertiser : campaign.modelAdvertiser
    }

    /// The observed counts of a campaign in the index; nil if nothing is known. - Precondition: `observe`.
    func observed(_ campaign: Campaign) -> Index.Observed? {
        let counts = counts(of: campaign)
        let advertiser = advertiser(of: campaign)
        if counts == nil && advertiser == Index.none { return nil }
        var observed = Index.Observed()
        if let counts {
            observed.impressions = Float(counts.impressions)
            observed.clicks = Float(counts.clicks)
            observed.conversions = Float(counts.conversions)
        }
        if advertiser != Index.none {
            let known = advertisers[Int(advertiser)]
            observed.advertiser = known.key
            observed.advertiser_impressions = Float(known.sums.impressions)
            observed.advertiser_clicks = Float(known.sums.clicks)
            observed.advertiser_conversions = Float(known.sums.conversions)
        }
        return observed
    }

    var isAnythingObserved: Bool {
        if overall.click > 0 || overall.conversion > 0 { return true }
        for number in 0..<campaigns.count where observed(campaigns[number]) != nil { return true }
        return false
    }

    func placeObserved(in index: borrowing Index) {
        if !index.hasObserved { return }
        for number in 0..<campaigns.count {
            guard let observed = observed(campaigns[number]) else { continue }
            let place = index.hashes.campaigns.place(of: campaigns[number].key, index.campaignPilots)
            index.observedSlots[place] = observed
        }
        // For an unknown campaign: one impression with the overall rates; if that of clicks is unknown, one click.
        var unknown = Index.Observed()
        unknown.impressions = overall.click == 0 && overall.conversion > 0 ? 0 : 1
        unknown.clicks = unknown.impressions == 0 ? 1 : Float(overall.click)
        unknown.conversions = Float(Double(unknown.clicks) * overall.conversion)
        index.observedSlots[index.hashes.campaigns.slotCount] = unknown
    }
}
