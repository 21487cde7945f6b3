// SPDX-License-Identifier: Apache-2.0

/// An observed rate for people: the counts, what the rate is shrunk towards, and the result.
struct ObservedText {
    private let rate: Double?
    private let deviation: Double?
    /// The evidence for the rate.
    let facts: [(name: String, value: String)]

    init(_ click: ObservedRates.Click) {
        (rate, deviation) = (click.rate, click.standardDeviation)
        facts = Self.facts(
            (click.clicks, click.impressions), (click.advertiserClicks, click.advertiserImpressions), click.overallRate,
            click.priorWeight, trials: "impressions")
    }

    init(_ conversion: ObservedRates.Conversion) {
        (rate, deviation) = (conversion.rate, conversion.standardDeviation)
        facts = Self.facts(
            (conversion.conversions, conversion.clicks),
            (conversion.advertiserConversions, conversion.advertiserClicks), conversion.overallRate,
            conversion.priorWeight, trials: "clicks")
    }

    /// The rate and its standard deviation.
    var title: String {
        "observed \(NumberText.percentage(rate)) ± \(NumberText.percentage(deviation))"
    }

    /// The facts, one a line.
    var lines: [String] {
        facts.map { DisplayText.leftAligned("  " + $0.name, in: 32) + $0.value }
    }

    private static func facts(
        _ own: (successes: Double?, trials: Double?), _ others: (successes: Double, trials: Double), _ overall: Double?,
        _ weight: Double, trials: String
    ) -> [(name: String, value: String)] {
        func counts(_ successes: Double?, _ count: Double?) -> String {
            guard let successes, let count else { return "not counted" }
            return "\(text(successes)) of \(text(count)) \(trials)"
        }
        return [
            ("campaign", counts(own.successes, own.trials)),
            ("its advertiser's others", counts(others.successes, others.trials)),
            ("all campaigns", "\(NumberText.percentage(overall)), which weighs as \(text(weight)) \(trials)"),
        ]
    }

    private static func text(_ count: Double) -> String {
        Int(exactly: count).map { NumberText.count($0) } ?? NumberText.plain(count)
    }
}
