// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform

/// The rates of a campaign from observed counts alone, whatever the request: counts under a Beta prior that is centred
/// on the rate of its advertiser's other campaigns, which is itself shrunk towards the overall one (Gelman et al.,
/// "Bayesian Data Analysis", 3rd ed., 2.4 and 5.3).
///
/// The prior leaves out the campaign itself, because its counts would count twice.
struct Naive {
    /// The weight of the prior in pseudo-impressions and pseudo-clicks.
    var impressions = 1000.0
    var clicks = 50.0

    /// P(click) and P(conversion | click). - Parameter overall: 0 if unknown; the mean is then NaN.
    func rates(observed: Index.Observed, overall: Priors) -> ByTarget<Beta> {
        ByTarget { evidence($0, observed, overall: overall[$0]).rate }
    }

    /// The evidence for a rate. - Parameter overall: of the same target.
    func evidence(_ target: Target, _ observed: Index.Observed, overall: Double) -> Evidence {
        if target == .click {
            return Evidence(
                successes: Double(observed.clicks), trials: Double(observed.impressions),
                othersSuccesses: Double(observed.advertiser_clicks) - Double(observed.clicks),
                othersTrials: Double(observed.advertiser_impressions) - Double(observed.impressions),
                overall: overall, weight: impressions)
        }
        let isCounted = !observed.conversions.isNaN
        let clicks = Double(observed.clicks)
        // Uncounted conversions are in the advertiser's sum at the overall rate.
        let conversions = isCounted ? Double(observed.conversions) : clicks * overall
        return Evidence(
            successes: isCounted ? conversions : 0, trials: isCounted ? clicks : 0,
            othersSuccesses: Double(observed.advertiser_conversions) - conversions,
            othersTrials: Double(observed.advertiser_clicks) - clicks, overall: overall, weight: self.clicks)
    }

    /// Counts of a campaign and of its advertiser's other campaigns, the rate over all campaigns, and the weight of
    /// that rate.
    struct Evidence {
        let successes: Double
        let trials: Double
        let othersSuccesses: Double
        let othersTrials: Double
        let overall: Double
        let weight: Double

        /// - Parameters:
        ///   - othersSuccesses, othersTrials: the advertiser's less the campaign's own, below 0 if there is no
        ///     advertiser. They come from floats: if the difference is lost in their 24 bits, the campaign's own counts
        ///     outweigh it.
        fileprivate init(
            successes: Double, trials: Double, othersSuccesses: Double, othersTrials: Double, overall: Double,
            weight: Double
        ) {
            (self.successes, self.trials, self.overall, self.weight) = (successes, trials, overall, weight)
            (self.othersSuccesses, self.othersTrials) = (max(0, othersSuccesses), max(0, othersTrials))
        }

        var rate: Beta {
            if overall == 0 { return Beta(alpha: .nan, beta: .nan) }
            // An overall rate of 1 is certain; no counts change it.
            if overall == 1 { return Beta(alpha: weight, beta: 0) }
            let others = (othersSuccesses + weight * overall) / (othersTrials + weight)
            // If counts are so large that the prior is lost beside them, the rate may be 1.
            let expected = min(others, 1 - 1e-12)
            return Beta(
                alpha: successes + weight * expected, beta: max(0, trials - successes) + weight * (1 - expected))
        }
    }
}

/// A rate as a Beta distribution.
struct Beta {
    var alpha: Double
    var beta: Double

    var mean: Double { alpha / (alpha + beta) }

    /// The logit of the mean, also if the odds are too small or too large for a double. For a mean of 1, a logit whose
    /// probability is 1.
    var logit: Double {
        if beta == 0 { return Beta.certain }
        let odds = alpha / beta
        return odds > 0 && odds < .infinity ? log(odds) : log(alpha) - log(beta)
    }

    /// Of the rate's logit, by the first terms of its trigamma functions.
    var logitVariance: Double { beta == 0 ? 0 : 1 / alpha + 1 / beta }

    /// Of the rate itself.
    var deviation: Double { sqrt(mean * (1 - mean) / (alpha + beta + 1)) }

    /// A logit whose probability is 1, as a double and as a float.
    static let certain = 40.0
}
