// SPDX-License-Identifier: Apache-2.0

/// A comparison in figures that do not depend on the number of requests. Money is per 1,000 requests with one
/// impression each, in the currency of the bids.
struct RevenueSummary: Encodable {
    let requests: Int
    let ads: Int
    /// The share of requests in which another ad wins.
    let changedWinners: Double
    /// By how many ranks an ad moves on average.
    let meanRankChange: Double
    /// The value of the winners according to the models before.
    let oldWinners: Change<Double>
    /// The value of the winners according to the models after.
    let newWinners: Change<Double>
    /// From the value of the old winners according to the models before to that of the new winners according to the
    /// models after.
    let revenue: Change<Double>
    /// Those whose revenue changes most first.
    let campaigns: [Campaign]

    struct Campaign: Encodable {
        let campaign: String?
        let ads: Int
        /// Of one ad, per 1,000 impressions.
        let ecpm: Change<Double>
        /// Requests in which one of its ads is worth most.
        let wins: Change<Int>
        let revenue: Change<Double>
    }

    init(_ comparison: RevenueComparison) {
        let requests = Double(max(1, comparison.requests))
        func perThousand(_ sum: Change<Double>, of count: Double) -> Change<Double> {
            Change(before: sum.before / count * 1000, after: sum.after / count * 1000)
        }
        self.requests = comparison.requests
        ads = comparison.ads
        changedWinners = Double(comparison.changedWinners) / requests
        meanRankChange = Double(comparison.placesMoved) / Double(max(1, comparison.ads))
        oldWinners = perThousand(comparison.oldWinners, of: requests)
        newWinners = perThousand(comparison.newWinners, of: requests)
        revenue = Change(before: oldWinners.before, after: newWinners.after)
        campaigns = comparison.campaigns.map { name, sums in
            Campaign(
                campaign: name, ads: sums.ads, ecpm: perThousand(sums.value, of: Double(sums.ads)), wins: sums.wins,
                revenue: perThousand(sums.revenue, of: requests))
        }.sorted { first, second in
            let (larger, smaller) = (abs(first.revenue.difference), abs(second.revenue.difference))
            return larger == smaller ? (first.campaign ?? "") < (second.campaign ?? "") : larger > smaller
        }
    }
}
