// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc

/// The library's JSON answers, decoded for tables and bars. JSON output passes the library's own text on instead.

/// The answer of `valuation_score_json` and `valuation_explain_json`.
struct RequestAnswer: Decodable {
    let id: LooseText?
    let values: [AdValue]
    /// If a policy leaves something to chance: the ad to show.
    let chosen: AdValue?
}

/// The value of one ad and, in explanations, its reasons.
struct AdValue: Decodable {
    let ad: LooseText?
    let campaign: LooseText?
    /// Per impression, in the currency of the bid.
    let expectedRevenue: Double
    let pctr: Double?
    let pcvr: Double?
    let flags: [String]
    /// Why it is not a valid candidate, or nil.
    let problem: String?
    /// The source of the value, under a policy.
    let predictor: String?
    let experiment: String?
    let variant: String?
    /// How likely the ad was to be chosen, if a policy leaves something to chance.
    let propensity: Double?
    /// Of an explanation; nil if the models have no counts.
    let observed: ObservedRates?
    /// The features that do not count; nil unless explained.
    let ignored: [IgnoredFeature]?
    let click: Explanation?
    let conversion: Explanation?

    /// For example "bagging=control"; nil if no experiment chose the predictor.
    var assignment: String? { experiment.map { "\($0)=\(variant ?? "")" } }

    /// The flags; for a malformed candidate with the reason.
    var notes: [String] {
        flags.map { flag in
            guard flag == "invalid_candidate", let problem else { return flag }
            return "\(flag) (\(problem))"
        }
    }
}

/// A field or a value that does not count.
struct IgnoredFeature: Decodable {
    /// The flag that it sets.
    let reason: String
    /// "request" or "ad".
    let from: String
    let field: String
    /// For a value that no model has a weight for.
    let value: String?
    /// A field that models know, one edit away.
    let didYouMean: String?

    /// For example `unknown_field: countri of the request; did you mean country?`
    var line: String {
        let name = value.map { "\(field)=\($0)" } ?? field
        return "\(reason): \(name) of the \(from)" + (didYouMean.map { "; did you mean \($0)?" } ?? "")
    }
}

/// The terms of one probability.
struct Explanation: Decodable {
    /// nil if the time was up and the probability is the model's prior, and if it is an observed rate.
    let logit: Double?
    let probability: Double
    let terms: [Term]
}

/// One summand of a logit.
struct Term: Decodable {
    /// "intercept", "sampling", "feature", "number" or "cross".
    let term: String
    /// The campaign whose model the weight is from.
    let model: String?
    /// "request", "ad" or "request x ad".
    let from: String?
    let feature: String?
    let number: Double?
    /// How far a standard deviation of its weight moves the logit, and the drawn number of them; absent if it was not
    /// drawn.
    let deviation: Double?
    let draw: Double?
    let logit: Double
    /// How much less the ad would be worth without it; absent for intercept and sampling.
    let expectedRevenue: Double?
}

/// The counts of a campaign, and the rates that follow from them.
struct ObservedRates: Decodable {
    let click: Rate
    let conversion: Rate

    /// Counts are nil if nobody counted, and if the rate does not depend on them.
    struct Rate: Decodable {
        let impressions: Double?
        let clicks: Double?
        let conversions: Double?
        let advertiserImpressions: Double?
        let advertiserClicks: Double?
        let advertiserConversions: Double?
        let overallRate: Double?
        let priorWeight: Double
        let rate: Double?
        let standardDeviation: Double?
    }
}

/// The answer of `valuation_engine_describe`.
struct ModelsDescription: Decodable {
    /// nil if the models are not a release.
    let release: ReleaseName?
    /// Whether the index was mapped, not built.
    let compiled: Bool
    let labels: Int
    let weights: Int
    let indexBytes: Int
    /// The models, and the rates that stand in for models.
    let list: [ModelDescription]

    struct ReleaseName: Decodable {
        let id: String
        let created: String
    }
}

struct ModelDescription: Decodable {
    let campaign: String
    let target: String
    let extends: String?
    /// Whether it is not a model, but the rate that stands in for a missing one.
    let prior: Bool
    let version: String?
    /// nil if it is beyond a double's range.
    let intercept: Double?
    let negativeSamplingRate: Double
    let categoricalWeights: Int
    let numericWeights: Int
    let crossWeights: Int
    let selfTests: Int
    let training: Training?

    var weights: Int { categoricalWeights + numericWeights + crossWeights }
    /// The prediction for an ad without features; for a prior, the rate itself.
    var probabilityOfIntercept: Double? {
        intercept.map { negativeSamplingRate / (negativeSamplingRate + exp(-$0)) }
    }
}

struct Training: Decodable {
    let rows: Double?
    let positives: Double?
    let baseRate: Double?
    let auc: Double?
    let logLoss: Double?
    let trainer: String?
}

/// A text that may be written as a JSON number.
struct LooseText: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self.text = text
        } else if let number = try? container.decode(Int.self) {
            text = "\(number)"
        } else {
            text = "\(try container.decode(Double.self))"
        }
    }
}

/// Decodes one of the above.
func decodeAnswer<Answer: Decodable>(_ type: Answer.Type, from bytes: UnsafeRawBufferPointer) throws(Problem) -> Answer
{
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
        return try decoder.decode(type, from: Data(bytes))
    } catch {
        throw Problem.cannotBeShown("\(error)")
    }
}
