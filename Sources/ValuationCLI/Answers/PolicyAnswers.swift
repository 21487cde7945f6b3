// SPDX-License-Identifier: Apache-2.0

/// The answer of `valuation_assign_json`.
struct Assignment: Decodable {
    let id: LooseText?
    /// The policy's version; nil if it has none.
    let policy: String?
    let experiments: [Experiment]
    let values: [Decision]

    /// The result of an experiment for the request's unit, whatever the campaign.
    struct Experiment: Decodable {
        let experiment: String
        let layer: String
        /// The field that it buckets by.
        let unit: String
        /// nil without the unit.
        let bucket: Int?
        /// nil if the experiment does not hold.
        let variant: String?
        let why: String
    }

    /// The decision for one candidate.
    struct Decision: Decodable {
        let ad: LooseText?
        let campaign: LooseText?
        let predictor: String?
        let experiment: String?
        let variant: String?
        /// Every rule up to the one that decides.
        let steps: [Step]
        /// nil if the policy does not adjust the campaign's values.
        let adjustment: Adjustment?
    }

    struct Step: Decodable, Hashable {
        /// Its path in the policy, for example "overrides[0]", or "default".
        let rule: String
        let name: String?
        let holds: Bool
        let why: String
        /// nil if the rule leaves the predictor to later rules.
        let predictor: String?
    }

    /// The multiplier, floor and cap of values.
    struct Adjustment: Decodable, Hashable {
        let multiplier: Double
        let floor: Double
        /// nil for no limit.
        let cap: Double?
    }
}

/// One finding of `valuation_policy_check`.
struct PolicyFinding: Decodable {
    /// "error" or "warning".
    let severity: String
    /// The name of a status.
    let status: String
    let line: Int?
    let jsonPath: String?
    let message: String
}

/// The parts of a policy's file, for a summary: a policy without errors.
struct PolicyContents: Decodable {
    let predictors: [String: Anything]
    let overrides: [Anything]?
    let experiments: [Anything]?
    let campaigns: [String: Anything]?

    /// A value that is counted, not read.
    struct Anything: Decodable {
        init(from decoder: any Decoder) {}
    }

    /// For example "5 predictors, 1 override, 2 experiments". Empty parts are left out.
    var summary: String {
        let counts = [
            (predictors.count, "predictor"), (overrides?.count ?? 0, "override"),
            (experiments?.count ?? 0, "experiment"), (campaigns?.count ?? 0, "adjusted campaign"),
        ]
        return counts.filter { $0.0 > 0 }.map { NumberText.counted($0.0, $0.1) }.joined(separator: ", ")
    }
}
