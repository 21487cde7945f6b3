// SPDX-License-Identifier: Apache-2.0
import Glibc

#if arch(x86_64)
    typealias WideNumber = Float80
    private func exponential(_ x: WideNumber) -> WideNumber { expl(x) }
    private func logarithm(_ x: WideNumber) -> WideNumber { logl(x) }
#else
    typealias WideNumber = Double
    private func exponential(_ x: WideNumber) -> WideNumber { exp(x) }
    private func logarithm(_ x: WideNumber) -> WideNumber { log(x) }
#endif

/// The semantics of `valuation-model/1` word by word, over names and dictionaries, in the machine's widest arithmetic.
///
/// Shares nothing with the core: no keys, no index, no fixed-point weights.
struct ReferenceScoring {
    private var models: [String: ModelDocument] = [:]

    init(_ documents: [ModelDocument]) {
        for document in documents { models["\(document.target) \(document.campaign)"] = document }
    }

    /// The model that values a campaign: its own, that of a campaign which the model for its other target extends, or
    /// that of "*".
    func model(_ campaign: String, _ target: String) -> ModelDocument? {
        let other = target == "click" ? "conversion" : "click"
        var current = campaign
        for _ in 0..<5 {
            if let model = models["\(target) \(current)"] { return model }
            guard let base = models["\(other) \(current)"]?.extends else { break }
            current = base
        }
        return models["\(target) *"]
    }

    /// Clamped to ±80; nil without a model.
    func logit(_ campaign: String, _ target: String, _ features: [NamedFeature]) -> WideNumber? {
        guard let own = model(campaign, target) else { return nil }
        var z = logarithm(WideNumber(own.negativeSamplingRate))
        var current: ModelDocument? = own
        while let document = current {
            z += sum(document, features)
            current = document.extends.flatMap { models["\(target) \($0)"] }
        }
        return max(-80, min(80, z))
    }

    func probability(_ campaign: String, _ target: String, _ features: [NamedFeature]) -> WideNumber? {
        logit(campaign, target, features).map { 1 / (1 + exponential(-$0)) }
    }

    /// The intercept, weights and crosses of one document, without its base's.
    private func sum(_ document: ModelDocument, _ features: [NamedFeature]) -> WideNumber {
        var z = WideNumber(document.intercept)
        for feature in features {
            switch feature {
            case .category(let field, let value):
                if let weight = document.categorical[field]?[value] { z += WideNumber(weight) }
            case .number(let field, let number):
                guard let numeric = document.numeric[field], number.isFinite else { continue }
                let standardised = (WideNumber(number) - WideNumber(numeric.mean)) / WideNumber(numeric.std)
                z += WideNumber(numeric.weight) * standardised
            }
        }
        for cross in document.crosses {
            for weight in cross.weights {
                let one = NamedFeature.category(cross.fields.0, weight.first)
                let other = NamedFeature.category(cross.fields.1, weight.second)
                let pairs = features.count { $0 == one } * features.count { $0 == other }
                z += WideNumber(weight.weight) * WideNumber(pairs)
            }
        }
        return z
    }
}
