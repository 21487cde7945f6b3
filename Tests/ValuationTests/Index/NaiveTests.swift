// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Valuation

/// A campaign's observed rate is its counts, shrunk towards the rate of its advertiser's other campaigns.
@Suite struct NaiveTests {
    private let overall = Priors(click: 0.01, conversion: 0.1)

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

    @Test func countsAreShrunkTowardsTheRateOfTheAdvertisersOtherCampaigns() {
        let rates = Naive().rates(
            observed: observed((2000, 100, 40), advertiser: (11_000, 990, 285)), overall: overall)
        // The others': 890 + 10 clicks of 9,000 + 1,000 impressions, and 245 + 5 conversions of 890 + 50 clicks.
        #expect(isClose(rates.click.mean, (100 + 1000 * 0.09) / 3000))
        #expect(isClose(rates.click.beta, 1900 + 1000 * 0.91))
        #expect(isClose(rates.conversion.mean, (40 + 50 * 250.0 / 940) / 150))
    }

    /// A campaign's own counts must not also enter its prior.
    @Test(arguments: [(1000, 100, 10), (1000, 100, .nan), (3, 1, 0), (1e9, 1e7, 1e6)] as [(Float, Float, Float)])
    func anOnlyCampaignIsTreatedLikeOneWithoutAnAdvertiser(counts: (Float, Float, Float)) {
        // The builder adds uncounted conversions at the overall rate.
        let converted = counts.2.isNaN ? Float(Double(counts.1) * overall.conversion) : counts.2
        let sole = Naive().rates(
            observed: observed(counts, advertiser: (counts.0, counts.1, converted)), overall: overall)
        let alone = Naive().rates(observed: observed(counts), overall: overall)
        #expect(isClose(sole.click.mean, alone.click.mean) && isClose(sole.click.beta, alone.click.beta))
        #expect(isClose(sole.conversion.mean, alone.conversion.mean))
        #expect(isClose(sole.conversion.beta, alone.conversion.beta))
    }

    /// The counts are floats: the error of their difference is small beside the campaign's own counts.
    @Test(arguments: [1e5, 1e9, 1e15] as [Double], [0, 1, 1000, 1e6] as [Double])
    func theRoundingErrorOfTheOthersCountsIsOutweighed(own: Double, others: Double) {
        let counts = (impressions: own, clicks: (own * 0.03).rounded())
        let sums = (impressions: own + others, clicks: counts.clicks + (others * 0.2).rounded())
        let found = Naive().rates(
            observed: observed(
                (Float(counts.impressions), Float(counts.clicks), 0),
                advertiser: (Float(sums.impressions), Float(sums.clicks), 0)), overall: overall)
        let rate = ((others * 0.2).rounded() + 1000 * 0.01) / (others + 1000)
        let expected = (counts.clicks + 1000 * rate) / (own + 1000)
        #expect((found.click.mean - expected).magnitude <= 2e-6 * expected)
    }

    @Test func withoutConversionCountsOfItsOwnACampaignUsesThoseOfOthers() {
        // 2,000 impressions and 100 clicks of its own; the sums include their conversions at the overall rate.
        let rates = Naive().rates(
            observed: observed((2000, 100, .nan), advertiser: (3000, 150, 10 + 20)), overall: overall)
        #expect(isClose(rates.conversion.mean, (20 + 50 * 0.1) / 100))
    }

    /// If only clicks are logged, a click is certain.
    @Test func anOverallRateOfOneIsCertain() {
        let click = Naive().rates(observed: observed((1000, 10, 1)), overall: Priors(click: 1, conversion: 0.1)).click
        #expect(click.mean == 1 && click.logitVariance == 0 && click.deviation == 0)
        #expect(Float(1 / (1 + exp(-click.logit))) == 1)
    }

    @Test func theStandardDeviationIsThatOfTheBetaDistribution() {
        #expect(isClose(Beta(alpha: 2, beta: 3).deviation, 0.2))
        #expect(Beta(alpha: .nan, beta: .nan).deviation.isNaN)
    }

    @Test func thePriorHasTheWeightGiven() {
        let rates = Naive(impressions: 10, clicks: 2).rates(observed: observed((90, 9, 9)), overall: overall)
        #expect(isClose(rates.click.mean, 9.1 / 100) && isClose(rates.conversion.mean, 9.2 / 11))
    }

    @Test func manyCountsOutweighThePrior() {
        let rates = Naive().rates(observed: observed((1e9, 2e7, 1e6)), overall: overall)
        #expect(abs(rates.click.mean - 0.02) < 1e-7 && abs(rates.conversion.mean - 0.05) < 1e-6)
        #expect(rates.click.logitVariance < 1e-7)
    }

    @Test func uncountedConversionsAreNoEvidence() {
        let rates = Naive().rates(observed: observed((2000, 100, .nan)), overall: overall)
        #expect(isClose(rates.conversion.alpha, 5) && isClose(rates.conversion.beta, 45))
    }

    @Test func withoutAnOverallRateThereIsNoRate() {
        let rates = Naive().rates(observed: observed((2000, 100, 40)), overall: Priors(click: 0.1, conversion: 0))
        #expect(rates.click.mean > 0 && rates.conversion.mean.isNaN && rates.conversion.logitVariance.isNaN)
    }

    /// For any counts, a rate has a finite logit.
    @Test(arguments: [0, 1, 1e15, 1e21] as [Float], [0, 1e-15, 0.5, 1] as [Float])
    func extremeCountsGiveALogit(count: Float, share: Float) {
        let counts = (count, count * share, count * share)
        for overall in [1e-15, 0.5, 1.0.nextDown] {
            let rates = Naive().rates(
                observed: observed(counts, advertiser: counts), overall: Priors { _ in overall })
            for rate in [rates.click, rates.conversion] {
                #expect(rate.logit.isFinite && rate.mean >= 0 && rate.mean <= 1 && rate.logitVariance > 0)
            }
        }
    }
}
