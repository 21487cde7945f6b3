// SPDX-License-Identifier: Apache-2.0

/// The values of two sets of models for the same requests.
struct RevenueComparison {
    private(set) var requests = 0
    private(set) var ads = 0
    /// Requests in which another ad than before is worth most, or none any more.
    private(set) var changedWinners = 0
    /// By how many ranks the ads moved in their requests, in total.
    private(set) var placesMoved = 0
    /// The total value of the winners according to the models before.
    private(set) var oldWinners = Change<Double>()
    /// The total value of the winners according to the models after.
    private(set) var newWinners = Change<Double>()
    /// By id; nil for ads that name no campaign.
    private(set) var campaigns: [String?: Campaign] = [:]

    /// Sums over the ads of one campaign.
    struct Campaign {
        var ads = 0
        var value = Change<Double>()
        /// Requests in which an ad of the campaign is worth most.
        var wins = Change<Int>()
        /// The value of the ads that are worth most.
        var revenue = Change<Double>()
    }

    /// Adds one request. - Complexity: O(ads × log ads).
    mutating func add(before: AdRevenues, after: AdRevenues) {
        requests += 1
        ads += before.values.count
        for (old, new) in zip(before.values, after.values) {
            campaigns[old.campaign?.text, default: Campaign()].ads += 1
            campaigns[old.campaign?.text, default: Campaign()].value.before += old.expectedRevenue
            campaigns[old.campaign?.text, default: Campaign()].value.after += new.expectedRevenue
        }
        let (oldRanking, newRanking) = (before.ranking, after.ranking)
        placesMoved += zip(Self.places(oldRanking), Self.places(newRanking)).reduce(0) { $0 + abs($1.1 - $1.0) }
        let (oldWinner, newWinner) = (before.winner(of: oldRanking), after.winner(of: newRanking))
        if oldWinner != newWinner { changedWinners += 1 }
        if let oldWinner {
            let value = before.values[oldWinner].expectedRevenue
            oldWinners.before += value
            oldWinners.after += after.values[oldWinner].expectedRevenue
            campaigns[before.values[oldWinner].campaign?.text]?.wins.before += 1
            campaigns[before.values[oldWinner].campaign?.text]?.revenue.before += value
        }
        if let newWinner {
            let value = after.values[newWinner].expectedRevenue
            newWinners.before += before.values[newWinner].expectedRevenue
            newWinners.after += value
            campaigns[before.values[newWinner].campaign?.text]?.wins.after += 1
            campaigns[before.values[newWinner].campaign?.text]?.revenue.after += value
        }
    }

    /// The rank of each ad, from 0, if `ranking` has the ads in the order of their ranks.
    private static func places(_ ranking: [Int]) -> [Int] {
        var places = Array(repeating: 0, count: ranking.count)
        for (place, ad) in ranking.enumerated() { places[ad] = place }
        return places
    }
}

/// The answer of `valuation_score_json`, only with the values.
struct AdRevenues: Decodable {
    let values: [Value]

    struct Value: Decodable {
        let campaign: LooseText?
        /// Per impression, in the currency of the bid.
        let expectedRevenue: Double
    }

    /// The ads' positions, the most valuable first; of two equal ones the earlier.
    fileprivate var ranking: [Int] {
        values.indices.sorted {
            (values[$1].expectedRevenue, $0) < (values[$0].expectedRevenue, $1)
        }
    }

    /// The ad that would be shown; nil if none is worth anything.
    fileprivate func winner(of ranking: [Int]) -> Int? {
        ranking.first.flatMap { values[$0].expectedRevenue > 0 ? $0 : nil }
    }
}
