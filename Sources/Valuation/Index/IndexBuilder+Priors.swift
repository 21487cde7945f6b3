// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform

/// The models of campaigns without any: observed rates, as models without weights, and a release's overall rates, as
/// such models of campaign "*".
extension IndexBuilder {
    /// Replaces a missing prior by what was observed over all campaigns, or else by what the models' training says: the
    /// share of clicks (conversions) among all impressions (clicks) that the models were trained on.
    ///
    /// The models of campaign "*" are left out, because they usually come from the same impressions.
    func completePriors(_ priors: inout Priors) {
        priors.complete(from: totals.rates)
        for target in Target.allCases where priors[target] == 0 {
            var positives = 0.0
            var impressions = 0.0
            for number in 0..<added.count where added[number].target == target {
                let model = added[number]
                let (found, rate) = (model.description.positives, model.description.base_rate)
                if model.campaignKey == secret.defaultCampaign || !(found > 0 && rate > 0) { continue }
                positives += found
                impressions += found / rate
            }
            if positives > 0 && positives < impressions { priors[target] = positives / impressions }
        }
    }

    /// Adds a model for each known prior, and, if there is no model of campaign "*", one for the observed rates of each
    /// campaign that has no other stand-in.
    mutating func addPriors(_ priors: Priors, note: Note) throws(Failure) {
        observe(priors)
        let hasDefault = ByTarget(
            click: find(secret.defaultCampaign, .click) != Index.none,
            conversion: find(secret.defaultCampaign, .conversion) != Index.none)
        for target in Target.allCases where !hasDefault[target] {
            let rate = priors[target]
            if rate > 0 {
                try addPrior(Text("*"), target, logit: Beta(alpha: rate, beta: 1 - rate).logit, rate: rate, note)
            }
            try addNaive(target, note)
        }
    }

    private mutating func addNaive(_ target: Target, _ note: Note) throws(Failure) {
        if overall[target] == 0 { return }
        var name = Buffer<UInt8>()
        for number in 0..<campaigns.count {
            let campaign = campaigns[number]
            if campaign.models[target] != Index.none || modelOfBase(of: campaign, target) != Index.none { continue }
            guard let observed = observed(campaign) else { continue }
            let rate = Naive().evidence(target, observed, overall: overall[target]).rate
            name.removeAll()
            try name.append(text(campaign.name))
            try addPrior(name.text, target, logit: rate.logit, rate: rate.mean, note)
        }
    }

    private mutating func addPrior(
        _ campaign: Text, _ target: Target, logit: Double, rate: Double, _ note: Note
    ) throws(Failure) {
        var model = Model()
        try model.campaign.append(campaign)
        model.target = target
        model.isPrior = true
        model.intercept = logit
        model.training.baseRate = rate
        try add(model, origin: Origin(file: 0, line: 0), note: note)
    }
}
