// SPDX-License-Identifier: Apache-2.0

/// Random policies and impressions, small enough for rules to meet often.
struct RandomPolicy {
    private static let placements = ["1", "2", "3"]
    private static let unitFields = ["user", "session"]

    var generator: SeededGenerator
    let campaigns: [String]
    let advertisers: [String]
    /// A few conditions for newcomers; a policy may have at most eight different ones.
    private static let newcomers = [
        ReferencePolicy.Newcomers(withoutModel: "click"), ReferencePolicy.Newcomers(withoutModel: "conversion"),
        ReferencePolicy.Newcomers(impressions: 1000), ReferencePolicy.Newcomers(impressions: 400_000),
        ReferencePolicy.Newcomers(clicks: 11), ReferencePolicy.Newcomers(clicks: 20_000),
        ReferencePolicy.Newcomers(withoutModel: "click", impressions: 600_000),
        ReferencePolicy.Newcomers(withoutModel: "conversion", impressions: 600_000, clicks: 15),
    ]

    private mutating func once(in count: Int) -> Bool { generator.once(in: count) }

    private mutating func some(of names: [String]) -> [String] {
        Array(names.shuffled(using: &generator).prefix(Int.random(in: 1...max(1, names.count / 2), using: &generator)))
    }

    private mutating func scope() -> ReferencePolicy.Scope {
        var scope = ReferencePolicy.Scope()
        if once(in: 2) { scope.campaigns = some(of: campaigns) }
        if once(in: 3) { scope.advertisers = some(of: advertisers + ["nobody"]) }
        if once(in: 3) { scope.placements = some(of: RandomPolicy.placements) }
        if once(in: 3) { scope.newcomers = RandomPolicy.newcomers.randomElement(using: &generator) }
        return scope
    }

    private mutating func second() -> Int? { once(in: 3) ? Int.random(in: 0...59, using: &generator) : nil }

    private mutating func experiment(_ number: Int, _ predictors: [String]) -> ReferencePolicy.Experiment {
        var left = 10_000
        let variants = (0..<Int.random(in: 1...4, using: &generator)).map { variant in
            let share = Int.random(in: 0...left, using: &generator)
            left -= share
            let predictor = once(in: 3) ? nil : predictors.randomElement(using: &generator)
            return (name: "variant \(variant)", share: share, predictor: predictor)
        }
        var (start, end) = (second(), second())
        if let first = start, let last = end { (start, end) = (min(first, last), max(first, last) + 1) }
        if end == 60 { end = nil }
        return ReferencePolicy.Experiment(
            name: "experiment \(number)", layer: ["a", "b", "c"].randomElement(using: &generator) ?? "a",
            unit: RandomPolicy.unitFields.randomElement(using: &generator) ?? "user", scope: scope(),
            variants: variants,
            holdout: once(in: 2) ? Int.random(in: 0...left, using: &generator) : 0, start: start, end: end)
    }

    mutating func policy(_ predictors: [(name: String, json: String)]) -> ReferencePolicy {
        let names = predictors.map(\.name)
        var policy = ReferencePolicy(predictors: predictors, fallback: names.randomElement(using: &generator) ?? "")
        policy.overrides = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
            ReferencePolicy.Override(
                scope: scope(), predictor: names.randomElement(using: &generator) ?? "", end: second())
        }
        policy.experiments = (0..<Int.random(in: 0...6, using: &generator)).map { experiment($0, names) }
        if once(in: 2) { return policy }
        for campaign in some(of: campaigns) {
            let floor = once(in: 2) ? 0 : Double.random(in: 0...0.01, using: &generator)
            policy.adjustments[campaign] = ReferencePolicy.Adjustment(
                multiplier: Double.random(in: 0...3, using: &generator), floor: floor,
                cap: floor + Double.random(in: 0...0.1, using: &generator))
        }
        return policy
    }

    mutating func impression(
        _ advertisers: [String: String], _ known: [String: ReferencePolicy.Known]
    ) -> ReferencePolicy.Impression {
        var units: [String: String] = [:]
        for field in RandomPolicy.unitFields where !once(in: 5) {
            units[field] = "unit \(Int.random(in: 0...99, using: &generator))"
        }
        let placements = RandomPolicy.placements.filter { _ in once(in: 3) }
        return ReferencePolicy.Impression(
            advertisers: advertisers, known: known, placements: Set(placements), units: units,
            second: Int.random(in: 0...59, using: &generator))
    }
}
