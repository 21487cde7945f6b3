// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Valuation

/// The observed rate of a campaign is its counts under a prior that is centred on its advertiser's.
@Suite struct NaiveTests {
    private let overall = (click: 0.01, conversion: 0.1)

    private func observed(
        _ counts: (Float, Float, Float), advertiser: (Float, Float, Float) = (0, 0, 0)
    ) -> Index.Observed {
        Index.Observed(
            advertiser: 1, impressions: counts.0, clicks: counts.1, conversions: counts.2,
            advertiser_impressions: advertiser.0, advertiser_clicks: advertiser.1, advertiser_conversions: advertiser.2)
    }

    private func isClose(_ found: Double, _ expected: Double) -> Bool {
        (found - expected).magnitude <= 1e-12 * expected
    }

    @Test func withoutCountsItIsTheOverallRate() {
        let rates = Naive().rates(observed: Index.Observed(), overall: overall)
        #expect(isClose(rates.click.mean, 0.01) && isClose(rates.conversion.mean, 0.1))
        #expect(isClose(rates.click.logitVariance, 1.0 / 10 + 1.0 / 990))
    }

    @Test func countsAreShrunkTowardsTheAdvertisersRate() {
        let rates = Naive().rates(
            observed: observed((2000, 100, 40), advertiser: (9000, 890, 245)), overall: overall)
        // The advertiser's: 900 clicks of 10,000, and 250 conversions of 940.
        #expect(isClose(rates.click.mean, (100 + 1000 * 0.09) / 3000))
        #expect(isClose(rates.click.beta, 1900 + 1000 * 0.91))
        #expect(isClose(rates.conversion.mean, (40 + 50 * 250.0 / 940) / 150))
    }

    @Test func thePriorWeighsWhatItIsToldTo() {
        let rates = Naive(impressions: 10, clicks: 2).rates(observed: observed((90, 9, 9)), overall: overall)
        #expect(isClose(rates.click.mean, 9.1 / 100) && isClose(rates.conversion.mean, 9.2 / 11))
    }

    @Test func manyCountsOutweighThePrior() {
        let rates = Naive().rates(observed: observed((1e9, 2e7, 1e6)), overall: overall)
        #expect(abs(rates.click.mean - 0.02) < 1e-7 && abs(rates.conversion.mean - 0.05) < 1e-6)
        #expect(rates.click.logitVariance < 1e-7)
    }

    @Test func conversionsThatNobodyCountedAreNoEvidence() {
        let rates = Naive().rates(observed: observed((2000, 100, .nan)), overall: overall)
        #expect(isClose(rates.conversion.alpha, 5) && isClose(rates.conversion.beta, 45))
    }

    @Test func withoutAnOverallRateThereIsNone() {
        let rates = Naive().rates(observed: observed((2000, 100, 40)), overall: (0.1, 0))
        #expect(rates.click.mean > 0 && rates.conversion.mean.isNaN && rates.conversion.logitVariance.isNaN)
    }

    /// Whatever the counts are, a rate has a finite logit.
    @Test(arguments: [0, 1, 1e15, 1e21] as [Float], [0, 1e-15, 0.5, 1] as [Float])
    func extremeCountsGiveALogit(count: Float, share: Float) {
        let counts = (count, count * share, count * share)
        for overall in [1e-15, 0.5, 1.0.nextDown] {
            let rates = Naive().rates(
                observed: observed(counts, advertiser: counts), overall: (overall, overall))
            for rate in [rates.click, rates.conversion] {
                #expect(rate.logit.isFinite && rate.mean >= 0 && rate.mean <= 1 && rate.logitVariance > 0)
            }
        }
    }
}
