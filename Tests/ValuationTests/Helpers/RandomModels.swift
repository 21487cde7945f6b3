// SPDX-License-Identifier: Apache-2.0
@testable import Valuation

/// Random sets of models and requests that fit them, with every kind of weight.
struct RandomModels {
    private static let categoryFields = ["slot", "os", "segment", "creative", "city", "hour"]
    private static let numberFields = ["age", "days_since_visit", "price"]
    private static let valuesOfAField = 8

    var generator: SeededGenerator
    let documents: [ModelDocument]
    let campaigns: [String]
    /// Some campaigns with and some without a model.
    let entries: [CampaignEntry]

    init(seed: UInt64, largestWeight: Double = 3) {
        var generator = SeededGenerator(seed: seed)
        var documents: [ModelDocument] = []
        let campaigns = (0..<6).map { "campaign-\($0)" }
        for target in ["click", "conversion"] {
            // Sometimes there is no default model.
            if !generator.once(in: 4) {
                documents.append(RandomModels.document("*", target, extends: nil, largestWeight, &generator))
            }
            // A model extends only an earlier one, so there are chains but no cycles.
            for campaign in campaigns where !generator.once(in: 5) {
                let bases = documents.filter { document in
                    document.target == target && RandomModels.length(of: document, documents) < 4
                }
                let base = generator.once(in: 3) ? nil : bases.randomElement(using: &generator)
                var document = RandomModels.document(
                    campaign, target, extends: base?.campaign, largestWeight, &generator)
                // All models of a chain share it.
                if let base { document.negativeSamplingRate = base.negativeSamplingRate }
                documents.append(document)
            }
        }
        documents.shuffle(using: &generator)
        self.campaigns = campaigns + ["unheard-of"]
        self.generator = generator
        // The other members are drawn independently of the weights.
        var other = SeededGenerator(seed: ~seed)
        self.documents = documents.map { RandomModels.withVariances($0, &other) }
        entries = (campaigns + ["new-0", "new-1"]).filter { _ in !other.once(in: 3) }.map { campaign in
            let impressions = Double.random(in: 0...1e6, using: &other).rounded()
            let clicks = (impressions * Double.random(in: 0...0.1, using: &other)).rounded()
            return CampaignEntry(
                campaign: campaign, advertiser: other.once(in: 3) ? nil : ["77", "78"].randomElement(using: &other),
                extends: other.once(in: 2) ? nil : documents.randomElement(using: &other)?.campaign,
                impressions: impressions, clicks: clicks,
                conversions: (clicks * Double.random(in: 0...1, using: &other)).rounded())
        }
    }

    /// A document with variances for some of its weights.
    static func withVariances(
        _ document: ModelDocument, _ generator: inout SeededGenerator
    ) -> ModelDocument {
        if generator.once(in: 3) { return document }
        func variance() -> Double { Double.random(in: 0...2, using: &generator) }
        func object(_ members: [(name: String, json: String)]) -> String {
            "{" + members.map { "\(quoted($0.name)): \($0.json)" }.joined(separator: ", ") + "}"
        }
        let categorical = document.categorical.sorted { $0.key < $1.key }.map { field, weights in
            let values = weights.keys.sorted().filter { _ in !generator.once(in: 3) }
            return (name: field, json: object(values.map { (name: $0, json: "\(variance())") }))
        }
        let numeric = document.numeric.keys.sorted().map { (name: $0, json: "\(variance())") }
        let crosses = document.crosses.map { cross in
            let weights = cross.weights.map { "[\(quoted($0.first)), \(quoted($0.second)), \(variance())]" }
            let fields = "[\(quoted(cross.fields.0)), \(quoted(cross.fields.1))]"
            return "{\"fields\": \(fields), \"weights\": [\(weights.joined(separator: ", "))]}"
        }
        var document = document
        document.variance = object([
            (name: "intercept", json: "\(variance())"), (name: "categorical", json: object(categorical)),
            (name: "numeric", json: object(numeric)), (name: "crosses", json: "[\(crosses.joined(separator: ", "))]"),
        ])
        return document
    }

    private static func length(of document: ModelDocument, _ documents: [ModelDocument]) -> Int {
        guard let base = document.extends,
            let found = documents.first(where: { $0.campaign == base && $0.target == document.target })
        else { return 1 }
        return 1 + length(of: found, documents)
    }

    private static func document(
        _ campaign: String, _ target: String, extends: String?, _ largestWeight: Double,
        _ generator: inout SeededGenerator
    ) -> ModelDocument {
        func weight() -> Double { Double.random(in: -largestWeight...largestWeight, using: &generator) }
        var document = ModelDocument(campaign: campaign, target: target, extends: extends)
        document.intercept = Double.random(in: -6...1, using: &generator)
        document.negativeSamplingRate = generator.once(in: 2) ? 1 : Double.random(in: 0.001...1, using: &generator)
        for field in categoryFields where !generator.once(in: 4) {
            var weights: [String: Double] = [:]
            for value in 0..<valuesOfAField where !generator.once(in: 3) { weights["\(value)"] = weight() }
            document.categorical[field] = weights
        }
        for field in numberFields where !generator.once(in: 3) {
            document.numeric[field] = ModelDocument.Numeric(
                mean: Double.random(in: 0...50, using: &generator),
                std: Double.random(in: 4...20, using: &generator), weight: weight())
        }
        for _ in 0..<Int.random(in: 0...3, using: &generator) {
            let fields = categoryFields.shuffled(using: &generator)
            // A pair of fields twice in one document would give one cross two weights.
            let pair = [fields[0], fields[1]].sorted()
            if document.crosses.contains(where: { [$0.fields.0, $0.fields.1].sorted() == pair }) { continue }
            var cross = ModelDocument.Cross(fields: (fields[0], fields[1]), weights: [])
            for first in 0..<valuesOfAField {
                for second in 0..<valuesOfAField where generator.once(in: 3) {
                    cross.weights.append((first: "\(first)", second: "\(second)", weight: weight()))
                }
            }
            document.crosses.append(cross)
        }
        return document
    }

    /// Features of a request or an ad: known and unknown values, numbers, unknown fields, some given twice.
    mutating func features(_ count: ClosedRange<Int>) -> [NamedFeature] {
        (0..<Int.random(in: count, using: &generator)).map { _ in
            switch Int.random(in: 0..<12, using: &generator) {
            case 0: return .category("never heard of", "x")
            case 1, 2:
                let field = RandomModels.numberFields.randomElement(using: &generator)!
                return .number(field, Double.random(in: -10...60, using: &generator))
            default:
                let field = RandomModels.categoryFields.randomElement(using: &generator)!
                let value = Int.random(in: 0...RandomModels.valuesOfAField, using: &generator)
                return .category(field, "\(value)")
            }
        }
    }

    mutating func ads(_ count: Int) -> [Ad] {
        (0..<count).map { _ in
            Ad(
                campaign: campaigns.randomElement(using: &generator)!, features: features(0...5),
                pricing: [.cpm, .cpc, .cpa].randomElement(using: &generator)!,
                bid: Double.random(in: 0...50, using: &generator))
        }
    }
}
