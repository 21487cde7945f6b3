// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform

/// The rates of a campaign from what was observed of it alone, whatever the request: counts under a Beta prior that is centred on the
/// advertiser's rate, which is itself shrunk towards the overall one (Gelman et al., "Bayesian Data Analysis", 3rd ed., 2.4 and
/// 5.3).
struct Naive {
    /// Pseudo-impressions and pseudo-clicks that the prior weighs.
    var impressions = 1000.0
    var clicks = 50.0

    /// P(click) and P(conversion | click). - Parameter overall: 0 where unknown; the mean is then NaN.
    func rates(
        observed: Index.Observed, overall: (click: Double, conversion: Double)
    ) -> (click: Beta, conversion: Beta) {
        let click = Naive.posterior(
            successes: Double(observed.clicks), trials: Double(observed.impressions),
            advertiser: (Double(observed.advertiser_clicks), Double(observed.advertiser_impressions)),
            overall: overall.click, weight: impressions)
        let isCounted = !observed.conversions.isNaN
        let conversion = Naive.posterior(
            successes: isCounted ? Double(observed.conversions) : 0, trials: isCounted ? Double(observed.clicks) : 0,
            advertiser: (Double(observed.advertiser_conversions), Double(observed.advertiser_clicks)),
            overall: overall.conversion, weight: clicks)
        return (click, conversion)
    }

    private static func posterior(
        successes: Double, trials: Double, advertiser: (successes: Double, trials: Double), overall: Double,
        weight: Double
    ) -> Beta {
        if overall == 0 { return Beta(alpha: .nan, beta: .nan) }
        let rate = (advertiser.successes + weight * overall) / (advertiser.trials + weight)
        // Where counts are so large that the prior is lost beside them, the rate may be 1.
        let expected = min(rate, 1 - 1e-12)
        return Beta(
            alpha: successes + weight * expected, beta: max(0, trials - successes) + weight * (1 - expected))
    }
}

/// A rate as a Beta distribution.
struct Beta {
    var alpha: Double
    var beta: Double

    var mean: Double { alpha / (alpha + beta) }

    /// The logit of the mean, also where the odds are too small or too large for a double.
    var logit: Double {
        let odds = alpha / beta
        return odds > 0 && odds < .infinity ? log(odds) : log(alpha) - log(beta)
    }

    /// Of the rate's logit, by the first terms of its trigamma functions.
    var logitVariance: Double { 1 / alpha + 1 / beta }
}
