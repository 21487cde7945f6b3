// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation
import Testing

@testable import Valuation

/// Variances of weights, as the models give them.
@Suite struct VarianceTests {
    private static let document: ModelDocument = {
        var document = ModelDocument()
        document.categorical = ["slot": ["12": 0.5, "13": 0, "14": 1], "creative": ["55": 0]]
        document.numeric = [
            "age": ModelDocument.Numeric(mean: 30, std: 2, weight: 0.5),
            "price": ModelDocument.Numeric(mean: 10, std: 4, weight: 0),
        ]
        document.crosses = [
            ModelDocument.Cross(
                fields: ("slot", "creative"),
                weights: [(first: "12", second: "55", weight: 1), (first: "13", second: "55", weight: 0)])
        ]
        document.variance = """
            {"intercept": 0.25, "categorical": {"slot": {"12": 0.5, "13": 2}},
            "numeric": {"age": 0.5, "price": 4},
            "crosses": [{"fields": ["creative", "slot"], "weights": [["55", "12", 8]]},
                        {"fields": ["slot", "creative"], "weights": [["13", "55", 16]]}]}
            """.replacing("\n", with: " ")
        return document
    }()

    private func key(_ field: String, _ value: String) -> UInt64 { NamedFeature.category(field, value).feature.key }

    private func model(_ index: UnsafePointer<Index>, _ campaign: String, _ target: Target) -> UInt32 {
        let slot = index.pointee.campaign(valuation_campaign_key(nil, campaign, campaign.utf8.count)).pointee
        return index.pointee.model(target, target == .click ? slot.click_model : slot.conversion_model)
    }

    @Test func eachWeightHasItsVarianceAndTheOthersHaveNone() throws {
        let models = try LoadedModels([Self.document])
        models.withIndex { index in
            func deviation(_ key: UInt64) -> Float { index.pointee.deviation(ofLabel: key, model: 0) }
            #expect(index.pointee.hasVariances && index.pointee.deviationOfIntercept(0) == 0.5)
            #expect(deviation(key("slot", "12")) == Float(0.5).squareRoot() && deviation(key("slot", "14")) == 0)
            // A weight of 0 has one, too.
            #expect(deviation(key("slot", "13")) == Float(2).squareRoot() && deviation(key("creative", "55")) == 0)
            #expect(deviation(Secret.standard.cross(key("slot", "12"), key("creative", "55"))) == Float(8).squareRoot())
            #expect(deviation(Secret.standard.cross(key("creative", "55"), key("slot", "13"))) == 4)
            #expect(deviation(key("unheard", "of")) == 0)
            #expect(index.pointee.description(of: 0).variances == 7)
        }
    }

    /// Programs that write models name each field everywhere.
    @Test func aNumbersFieldMayHaveNoValuesAmongTheCategories() throws {
        var document = ModelDocument()
        document.numeric = ["age": ModelDocument.Numeric(mean: 30, std: 2, weight: 0.5)]
        document.variance = #"{"categorical": {"age": {}}, "numeric": {"age": 0.1}}"#
        #expect(loadComplaint([document]) == nil)
        document.variance = #"{"categorical": {"age": {}}, "numeric": {"age": 0.1, "age": 0.2}}"#
        #expect(loadComplaint([document])?.status == .duplicateKey)
    }

    /// The standard deviation of the weight moves `weight · (number − mean) / std` in proportion to the number's
    /// distance from the mean.
    @Test func theDeviationOfANumberGrowsWithItsDistanceFromTheMean() throws {
        let models = try LoadedModels([Self.document])
        models.withIndex { index in
            func deviation(_ key: UInt64, _ number: Double) -> Double {
                guard let slot = index.pointee.label(key) else { return .nan }
                return Double(index.pointee.deviation(of: slot, number: number, model: 0))
            }
            let age = NamedFeature.number("age", 0).feature.key
            let root = 4.5.squareRoot()
            #expect(deviation(age, 30) == 0)
            #expect(abs(deviation(age, 36) - root) < 1e-6 && abs(deviation(age, 24) + root) < 1e-6)
            #expect(abs(deviation(NamedFeature.number("price", 0).feature.key, 18)) == 4)
            #expect(abs(deviation(age, -.greatestFiniteMagnitude)) == 8192)
            #expect(deviation(key("slot", "13"), .nan) == Double(Float(2).squareRoot()))
        }
    }

    @Test func aNumberOfWeightZeroWithAVarianceAddsNothingToALogit() throws {
        let models = try LoadedModels([Self.document])
        for number in [0, 1e300, -Double.greatestFiniteMagnitude] {
            let value = models.score([.number("price", number)], [Ad(pricing: .cpc)])[0]
            #expect(value.pctr == 0.5 && value.flags == 0)
        }
    }

    @Test func withoutVariancesNothingIsKept() throws {
        var document = Self.document
        document.variance = nil
        let (with, without) = (try LoadedModels([Self.document]), try LoadedModels([document]))
        #expect(!without.withIndex { $0.pointee.hasVariances })
        for models in [with, without] {
            models.withIndex { index in
                let counts = index.pointee.counts
                var bare = counts
                bare.variances = 0
                let more = index.pointee.byteCount - Index.Layout(bare, index.pointee.hashes).byteCount
                let places = counts.listPlaces + counts.densePlaces + Int(VALUATION_KERNELS_WIDTH)
                // In whole cache lines.
                let expected = [places, counts.numbers].map { ($0 * 4 + 63) / 64 * 64 }.reduce(0, +)
                #expect(more == (counts.variances > 0 ? expected : 0))
            }
        }
        without.withIndex { index in
            #expect(index.pointee.deviationOfIntercept(0) == 0)
            #expect(index.pointee.deviation(ofLabel: key("slot", "12"), model: 0) == 0)
        }
    }

    @Test func ifOnlyInterceptsAreUncertainWeightsTakeNoMemoryForIt() throws {
        var document = Self.document
        document.variance = #"{"intercept": 0.25, "categorical": {"slot": {"12": 0}}}"#
        let models = try LoadedModels([document])
        models.withIndex { index in
            #expect(!index.pointee.hasVariances && index.pointee.deviationOfIntercept(0) == 0.5)
            #expect(index.pointee.description(of: 0).variances == 2)
        }
    }

    @Test func eachModelOfManyHasItsOwn() throws {
        var documents: [ModelDocument] = []
        for number in 0..<3000 {
            for target in [Target.click, .conversion] {
                var document = ModelDocument(campaign: "\(number)", target: "\(target)")
                document.categorical = ["slot": ["12": 1]]
                let variance = Double(2 * number + Int(target.rawValue))
                document.variance =
                    "{\"intercept\": \(variance), \"categorical\": {\"slot\": {\"12\": \(variance + 0.5)}}}"
                documents.append(document)
            }
        }
        let models = try LoadedModels(documents.reversed())
        let isRight = models.withIndex { index in
            (0..<3000).allSatisfy { number in
                [Target.click, .conversion].allSatisfy { target in
                    let model = self.model(index, "\(number)", target)
                    let variance = Float(2 * number + Int(target.rawValue))
                    return index.pointee.deviationOfIntercept(model) == variance.squareRoot()
                        && index.pointee.deviation(ofLabel: key("slot", "12"), model: model)
                            == (variance + 0.5).squareRoot()
                }
            }
        }
        #expect(isRight)
    }

    @Test func aModelThatIsRefusedLeavesNoVarianceBehind() throws {
        var refused = Self.document
        refused.crosses.append(refused.crosses[0])
        let folder = try TemporaryFolder()
        try folder.write("a.jsonl", [refused.json, Self.document.json].joined(separator: "\n"))
        #expect(Set(problems(atPath: folder.path).map(\.line)) == [1])
    }

    @Test func theDescriptionCountsVariances() throws {
        let list = try #require(try EngineHandle(models: [Self.document]).description()["list"]).elements
        #expect(list.first?["variances"]?.number == 7)
    }
}

extension Index {
    /// The variance of a category or a cross; 0 if no model has one.
    func deviation(ofLabel key: UInt64, model: UInt32) -> Float {
        label(key).map { deviation(of: $0, number: 1, model: model) } ?? 0
    }

    /// - Parameter model: the model's number in `descriptions`.
    fileprivate func deviationOfIntercept(_ model: UInt32) -> Float {
        let (target, number) = local(model)
        return intercepts[target][number]
    }
}
