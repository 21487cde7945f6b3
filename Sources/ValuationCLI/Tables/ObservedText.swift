// SPDX-License-Identifier: Apache-2.0

/// An observed rate for people: the counts, what the rate is shrunk towards, and the result.
struct ObservedText {
    private let rate: Double?
    private let deviation: Double?
    /// The evidence for the rate.
    let facts: [(name: String, value: String)]

    init(click: ObservedRates.Rate) {
        self.init(
            click, own: (click.clicks, click.impressions),
            others: (click.advertiserClicks, click.advertiserImpressions),
            trials: "impressions")
    }

    init(conversion: ObservedRates.Rate) {
        self.init(
            conversion, own: (conversion.conversions, conversion.clicks),
            others: (conversion.advertiserConversions, conversion.advertiserClicks), trials: "clicks")
    }

    private init(
        _ rate: ObservedRates.Rate, own: (successes: Double?, trials: Double?),
        others: (successes: Double?, trials: Double?), trials: String
    ) {
        func counts(_ count: (successes: Double?, trials: Double?)) -> String {
            guard let successes = count.successes, let all = count.trials else { return "not counted" }
            return "\(Self.text(successes)) of \(Self.text(all)) \(trials)"
        }
        let overall = NumberText.percentage(rate.overallRate)
        (self.rate, deviation) = (rate.rate, rate.standardDeviation)
        facts = [
            ("campaign", counts(own)),
            ("its advertiser's others", counts(others)),
            ("all campaigns", "\(overall), which weighs as \(Self.text(rate.priorWeight)) \(trials)"),
        ]
    }

    /// The rate and its standard deviation.
    var title: String {
        "observed \(NumberText.percentage(rate)) ± \(NumberText.percentage(deviation))"
    }

    /// The facts, one a line.
    var lines: [String] {
        facts.map { DisplayText.leftAligned("  " + $0.name, in: 32) + $0.value }
    }

    private static func text(_ count: Double) -> String {
        Int(exactly: count).map { NumberText.count($0) } ?? NumberText.plain(count)
    }
}
