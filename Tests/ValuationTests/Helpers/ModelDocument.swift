// SPDX-License-Identifier: Apache-2.0

/// A model in a test's terms: names, not keys. Writes itself as a document.
struct ModelDocument {
    struct Numeric {
        var mean: Double
        var std: Double
        var weight: Double
    }

    struct Cross {
        var fields: (String, String)
        var weights: [(first: String, second: String, weight: Double)]
    }

    struct SelfTest {
        /// Raw JSON of an object.
        var features: String
        var probability: Double
    }

    var campaign = "1"
    var target = "click"
    var extends: String?
    var advertiser: String?
    var version = "2026-11-21T03:00:00Z"
    var intercept = 0.0
    var negativeSamplingRate = 1.0
    var categorical: [String: [String: Double]] = [:]
    var numeric: [String: Numeric] = [:]
    var crosses: [Cross] = []
    /// Raw JSON.
    var variance: String?
    /// Raw JSON.
    var training: String?
    var selfTests: [SelfTest] = []

    var members: Members {
        var members: Members = [
            "format": quoted("valuation-model/1"), "kind": quoted("logistic"), "campaign": quoted(campaign),
            "target": quoted(target), "version": quoted(version), "intercept": "\(intercept)",
            "negative_sampling_rate": "\(negativeSamplingRate)",
            "categorical": object(categorical) { object($0) { "\($0)" } },
            "numeric": object(numeric) { "{\"mean\": \($0.mean), \"std\": \($0.std), \"weight\": \($0.weight)}" },
            "crosses": array(crosses) { cross in
                let weights = array(cross.weights) { "[\(quoted($0.first)), \(quoted($0.second)), \($0.weight)]" }
                let fields = "[\(quoted(cross.fields.0)), \(quoted(cross.fields.1))]"
                return "{\"fields\": \(fields), \"weights\": \(weights)}"
            },
            "self_test": array(selfTests) { "{\"features\": \($0.features), \"probability\": \($0.probability)}" },
        ]
        if let extends { members = members.with("extends", quoted(extends)) }
        if let advertiser { members = members.with("advertiser", quoted(advertiser)) }
        if let variance { members = members.with("variance", variance) }
        if let training { members = members.with("training", training) }
        return members
    }

    /// On one line.
    var json: String { members.json }

    private func object<Value>(_ dictionary: [String: Value], _ write: (Value) -> String) -> String {
        let members = dictionary.sorted { $0.key < $1.key }.map { "\(quoted($0.key)): \(write($0.value))" }
        return "{" + members.joined(separator: ", ") + "}"
    }

    private func array<Value>(_ list: [Value], _ write: (Value) -> String) -> String {
        "[" + list.map(write).joined(separator: ", ") + "]"
    }
}
