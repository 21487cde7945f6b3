// SPDX-License-Identifier: Apache-2.0

/// What two sets of models make of the same requests, in money.
struct RevenueComparison {
    /// Something by the models before, and by those after.
    struct Change<Number: Numeric & Encodable>: Encodable {
        var before: Number = 0
        var after: Number = 0

        var difference: Number { after - before }
    }

    private(set) var requests = 0
    private(set) var ads = 0
    /// Requests in which another ad is worth most than before, or none any more.
    private(set) var changedWinners = 0
    /// By how many places the ads moved in the rankings of their requests, all together.
    private(set) var placesMoved = 0
    /// What the winners by the models before are worth, summed up.
    private(set) var oldWinners = Change<Double>()
    /// What the winners by the models after are worth, summed up.
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

    /// The place of each ad, from 0, where `ranking` has the ads in the order of their places.
    private static func places(_ ranking: [Int]) -> [Int] {
        var places = Array(repeating: 0, count: ranking.count)
        for (place, ad) in ranking.enumerated() { places[ad] = place }
        return places
    }
}

/// The answer of `valuation_score_json`, as far as money is concerned.
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

    /// The ad that would be shown; nil where none is worth anything.
    fileprivate func winner(of ranking: [Int]) -> Int? {
        ranking.first.flatMap { values[$0].expectedRevenue > 0 ? $0 : nil }
    }
}
