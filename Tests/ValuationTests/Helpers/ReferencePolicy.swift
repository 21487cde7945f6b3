// SPDX-License-Identifier: Apache-2.0
import CValuation

@testable import Valuation

/// A policy in a test's terms, and its decisions by the words of its description: rule by rule, candidate by candidate.
struct ReferencePolicy {
    /// What LATEST knows of a campaign.
    struct Known: Equatable {
        /// The targets for which it has a model of its own.
        var targets: Set<String> = []
        var impressions = 0.0
        var clicks = 0.0
    }

    /// At least one is not nil.
    struct Newcomers {
        var withoutModel: String?
        var impressions: Double?
        var clicks: Double?

        var json: String {
            let members = [
                withoutModel.map { "\"without_model\": \(quoted($0))" },
                impressions.map { "\"fewer_impressions_than\": \($0)" }, clicks.map { "\"fewer_clicks_than\": \($0)" },
            ]
            return "{\(members.compactMap { $0 }.joined(separator: ", "))}"
        }

        func holds(_ campaign: Known) -> Bool {
            !(withoutModel.map { campaign.targets.contains($0) } ?? false)
                && campaign.impressions < impressions ?? .infinity && campaign.clicks < clicks ?? .infinity
        }
    }

    /// nil for everything.
    struct Scope {
        var campaigns: [String]?
        var advertisers: [String]?
        var placements: [String]?
        var newcomers: Newcomers?

        var json: String {
            let members = [("campaigns", campaigns), ("advertisers", advertisers), ("placements", placements)]
            let lists = members.compactMap { name, list in
                list.map { "\(quoted(name)): [\($0.map { quoted($0) }.joined(separator: ", "))]" }
            }
            let conditions = newcomers.map { ["\"newcomers\": \($0.json)"] } ?? []
            return "{\((lists + conditions).joined(separator: ", "))}"
        }

        func holds(_ impression: Impression, _ campaign: String) -> Bool {
            if let campaigns, !campaigns.contains(campaign) { return false }
            if let advertisers {
                guard let advertiser = impression.advertisers[campaign], advertisers.contains(advertiser) else {
                    return false
                }
            }
            if let newcomers, !newcomers.holds(impression.known[campaign] ?? Known()) { return false }
            if let placements { return !impression.placements.isDisjoint(with: placements) }
            return true
        }
    }

    struct Override {
        var scope: Scope
        var predictor: String
        /// In seconds after `Impression.start`.
        var end: Int?
    }

    struct Experiment {
        var name: String
        var layer: String
        var unit: String
        var scope: Scope
        var variants: [(name: String, share: Int, predictor: String?)]
        var holdout: Int
        var start: Int?
        var end: Int?
    }

    struct Adjustment {
        var multiplier: Double
        var floor: Double
        var cap: Double
    }

    /// What a policy needs to know of a request.
    struct Impression {
        static let start: Int64 = 1_795_230_000

        /// For each known campaign.
        var advertisers: [String: String]
        var known: [String: Known]
        var placements: Set<String>
        var units: [String: String]
        /// In seconds after `start`, less than a minute.
        var second: Int
    }

    struct Decision: Equatable {
        var source: NamedSource
        var flags: Flags
    }

    /// Names and raw JSON.
    var predictors: [(name: String, json: String)]
    var fallback: String
    var overrides: [Override] = []
    var experiments: [Experiment] = []
    var adjustments: [String: Adjustment] = [:]

    // MARK: Its decisions

    func decide(_ impression: Impression, _ campaign: String) -> Decision {
        for rule in overrides where impression.second < rule.end ?? .max && rule.scope.holds(impression, campaign) {
            return Decision(source: NamedSource(predictor: rule.predictor), flags: .overridden)
        }
        var first = Decision(source: NamedSource(predictor: fallback), flags: [])
        var layers: [String] = []
        for layer in experiments.map(\.layer) where !layers.contains(layer) { layers.append(layer) }
        for layer in layers {
            guard
                let met = experiments.lazy.filter({ $0.layer == layer }).compactMap({
                    outcome($0, impression, campaign)
                }).first
            else { continue }
            let source = NamedSource(
                predictor: met.predictor ?? fallback, experiment: met.experiment, variant: met.variant)
            let decision = Decision(source: source, flags: met.hasUnit ? [] : .noUnit)
            if met.predictor != nil { return decision }
            if first.source.experiment.isEmpty { first = decision }
        }
        return first
    }

    private func outcome(
        _ experiment: Experiment, _ impression: Impression, _ campaign: String
    ) -> (experiment: String, variant: String, predictor: String?, hasUnit: Bool)? {
        guard experiment.start ?? .min <= impression.second, impression.second < experiment.end ?? .max,
            experiment.scope.holds(impression, campaign)
        else { return nil }
        guard let unit = impression.units[experiment.unit] else {
            let control = experiment.variants[0]
            return (experiment.name, control.name, control.predictor, false)
        }
        let salt = "salt of \(experiment.name)"
        var bucket = Int(valuation_bucket(salt, salt.utf8.count, unit, unit.utf8.count))
        for variant in experiment.variants {
            if bucket < variant.share { return (experiment.name, variant.name, variant.predictor, true) }
            bucket -= variant.share
        }
        return bucket < experiment.holdout ? (experiment.name, "holdout", fallback, true) : nil
    }

    /// A predictor's own value, then decided on and adjusted.
    func finished(_ alone: valuation_value, _ decision: Decision, _ ad: Ad) -> [UInt64] {
        var (value, flags) = (alone, Flags(rawValue: alone.flags).union(decision.flags))
        let isPriced =
            switch ad.pricing {
            case .cpm: true
            case .cpc: !value.pctr.isNaN
            case .cpa: !value.pctr.isNaN && !value.pcvr.isNaN
            }
        if isPriced, let adjustment = adjustments[ad.campaign] {
            let before = value.expected_revenue
            value.expected_revenue = min(max(before * adjustment.multiplier, adjustment.floor), adjustment.cap)
            if value.expected_revenue != before { flags.insert(.adjusted) }
        }
        value.flags = flags.rawValue
        return value.all
    }

    // MARK: Its text

    var json: String {
        let members = predictors.map { "\(quoted($0.name)): \($0.json)" }.joined(separator: ", ")
        let rules = overrides.map { rule in
            override(rule.predictor, scope: rule.scope.json, time("expires", rule.end))
        }
        let trials = experiments.map { trial in
            experiment(
                trial.name, layer: trial.layer, scope: trial.scope.json, trial.variants, holdout: trial.holdout,
                time("start", trial.start) + time("end", trial.end)
            ).replacing("\"unit\": \"user\"", with: "\"unit\": \(quoted(trial.unit))")
        }
        let adjusted = adjustments.sorted { $0.key < $1.key }.map { campaign, values in
            "\(quoted(campaign)): {\"multiplier\": \(values.multiplier), \"floor\": \(values.floor), \"cap\": \(values.cap)}"
        }
        return """
            {"format": "valuation-policy/1", "placement": "slot", "predictors": {\(members)}, "default": \(quoted(fallback)),
             "overrides": [\(rules.joined(separator: ",\n"))],
             "experiments": [\(trials.joined(separator: ",\n"))],
             "campaigns": {\(adjusted.joined(separator: ", "))}}
            """
    }

    private func time(_ member: String, _ second: Int?) -> String {
        second.map { ", \"\(member)\": \"2026-11-21T03:00:\($0 < 10 ? "0" : "")\($0)Z\"" } ?? ""
    }
}
