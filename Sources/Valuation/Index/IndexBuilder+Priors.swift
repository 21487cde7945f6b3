// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform

/// What values campaigns without any model: a release's overall rates, as models of campaign "*" without weights.
extension IndexBuilder {
    /// Puts what the models' training says where a prior is not given: of all impressions (clicks) that the models were trained on,
    /// the share of clicks (conversions). `base_rate` is positives / impressions, so the impressions are positives / `base_rate`.
    ///
    /// The models of campaign "*" are left out, for they are usually of the same impressions.
    func completePriors(_ priors: inout Priors) {
        for target in [Target.click, .conversion] where priors[target] == 0 {
            var positives = 0.0
            var impressions = 0.0
            for number in 0..<added.count where added[number].target == target {
                let model = added[number]
                let (found, rate) = (model.description.positives, model.description.base_rate)
                if model.campaignKey == Key.defaultCampaign || !(found > 0 && rate > 0) { continue }
                positives += found
                impressions += found / rate
            }
            if positives > 0 && positives < impressions { priors[target] = positives / impressions }
        }
    }

    /// Adds a model for each prior that is known where there is no model of campaign "*".
    mutating func addPriors(_ priors: Priors, note: Note) throws(Failure) {
        for target in [Target.click, .conversion] {
            let rate = priors[target]
            if rate == 0 || find(Key.defaultCampaign, target) != KeyTable.none { continue }
            var model = Model()
            try model.campaign.append("*")
            model.target = target
            model.isPrior = true
            model.intercept = log(rate / (1 - rate))
            model.training.baseRate = rate
            try add(model, origin: Origin(file: 0, line: 0), note: note)
        }
    }
}
