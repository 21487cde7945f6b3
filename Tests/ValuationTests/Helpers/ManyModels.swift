// SPDX-License-Identifier: Apache-2.0
@testable import Valuation

/// Sets of many small models, and requests that fit them. The share of models that have a weight varies widely between
/// labels, so that the rows have every shape and scoring takes every path.
struct ManyModels {
    /// A field, and the share of models with a weight for each of its values.
    private static let fields: [(name: String, values: Int, share: Double)] = [
        ("popular", 5, 0.6), ("common", 8, 0.18), ("rare", 30, 0.01),
    ]
    private static let numbers: [(name: String, share: Double)] = [("age", 0.8), ("price", 0.05)]
    /// Pairs of crossed fields, and the share of models with a weight for each pair of values.
    private static let crosses: [(first: String, second: String, share: Double)] = [
        ("popular", "common", 0.4), ("popular", "rare", 0.15), ("common", "rare", 0.005),
    ]

    var generator: SeededGenerator
    let documents: [ModelDocument]
    let campaigns: [String]

    /// - Parameters:
    /// - campaigns: how many have a click and a conversion model.
    /// - hasBases: whether models extend others.
    /// - hasCrosses: whether models have crosses.
    init(campaigns count: Int, hasBases: Bool, hasCrosses: Bool, seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var documents: [ModelDocument] = []
        campaigns = (0..<count).map { "campaign-\($0)" }
        for target in ["click", "conversion"] {
            documents.append(ManyModels.document("*", target, hasCrosses, &generator))
            if hasBases {
                for group in 0..<2 {
                    var document = ManyModels.document("group-\(group)", target, hasCrosses, &generator)
                    document.extends = group == 0 ? "*" : "group-\(group - 1)"
                    documents.append(document)
                }
            }
            for campaign in campaigns {
                var document = ManyModels.document(campaign, target, hasCrosses, &generator)
                if hasBases && !generator.once(in: 3) {
                    document.extends = ["*", "group-0", "group-1"].randomElement(using: &generator)
                }
                documents.append(document)
            }
        }
        self.documents = documents
        self.generator = generator
    }

    private static func document(
        _ campaign: String, _ target: String, _ hasCrosses: Bool, _ generator: inout SeededGenerator
    ) -> ModelDocument {
        func isDrawn(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &generator) < share }
        func weight() -> Double { Double.random(in: -0.5...0.5, using: &generator) }
        var document = ModelDocument(campaign: campaign, target: target)
        document.intercept = Double.random(in: -5...0, using: &generator)
        for field in fields {
            for value in 0..<field.values where isDrawn(field.share) {
                document.categorical[field.name, default: [:]]["\(value)"] = weight()
            }
        }
        for number in numbers where isDrawn(number.share) {
            document.numeric[number.name] = ModelDocument.Numeric(mean: 30, std: 20, weight: weight())
        }
        if !hasCrosses { return document }
        for cross in crosses {
            var drawn = ModelDocument.Cross(fields: (cross.first, cross.second), weights: [])
            let values = { (name: String) in fields.first { $0.name == name }?.values ?? 0 }
            for first in 0..<values(cross.first) {
                for second in 0..<values(cross.second) where isDrawn(cross.share) {
                    drawn.weights.append((first: "\(first)", second: "\(second)", weight: weight()))
                }
            }
            document.crosses.append(drawn)
        }
        return document
    }

    /// Features of every kind, known and unknown, some given twice.
    mutating func features() -> [NamedFeature] {
        var features: [NamedFeature] = [.category("popular", "never heard of"), .category("never heard of", "1")]
        for field in ManyModels.fields {
            for _ in 0..<6 {
                features.append(.category(field.name, "\(Int.random(in: 0..<field.values, using: &generator))"))
            }
        }
        for number in ManyModels.numbers {
            features.append(.number(number.name, Double.random(in: 0...90, using: &generator)))
        }
        return features.shuffled(using: &generator)
    }

    /// Ads without features, some of campaigns without models.
    mutating func ads(_ count: Int) -> [Ad] {
        (0..<count).map { _ in
            Ad(
                campaign: generator.once(in: 30) ? "unheard-of" : campaigns.randomElement(using: &generator) ?? "",
                pricing: [.cpm, .cpc, .cpa, .cpa].randomElement(using: &generator) ?? .cpa,
                bid: Double.random(in: 0...50, using: &generator))
        }
    }
}
