// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

/// A request's crosses beyond those that fit the scratch memory are added one by one.
@Suite struct UnlistedCrossTests {
    /// A hundred models; nearly all have one pair's weight, some another's, and few a third's.
    private let documents = ["click", "conversion"].flatMap { target in
        (0..<100).map { number in
            var document = ModelDocument(campaign: "\(number)", target: target, intercept: -1)
            document.categorical["slot"] = ["1": 0x1p-10 * Double(number % 7)]
            // In whole units of the index: thousands of roundings would add up.
            let weight = 0x1p-17 * Double(number - 50)
            let pairs = [("slot", "os", 10), ("slot", "city", 2), ("os", "city", 1)]
            for (first, second, tenths) in pairs where (number * 7) % 20 < 2 * tenths {
                let weights = [(first: "1", second: "1", weight: weight * (first == "os" ? -3 : 1))]
                document.crosses.append(ModelDocument.Cross(fields: (first, second), weights: weights))
            }
            return document
        }
    }

    /// 280 features of 280 × 279 / 2 pairs, of which 25,900 are crosses.
    private let request: [NamedFeature] = {
        var generator = SeededGenerator(seed: 71)
        let fields = ["slot", "os", "city"].map { NamedFeature.category($0, "1") }
        let features = zip(fields, [90, 110, 80]).flatMap { [NamedFeature](repeating: $0, count: $1) }
        return features.shuffled(using: &generator)
    }()

    @Test func theirRowsAreOfEveryShape() throws {
        let models = try LoadedModels(documents)
        let keys = [("slot", "os"), ("slot", "city"), ("os", "city")].map { first, second in
            Secret.standard.cross(
                NamedFeature.category(first, "1").feature.key, NamedFeature.category(second, "1").feature.key)
        }
        let rows = try models.withIndex { index in keys.map { index.pointee.label($0)?.pointee.click } }
            .map { try #require($0) }
        #expect(rows[0].isDense && rows[1].hasDirectory && !rows[2].isEmpty && !rows[2].hasDirectory)
    }

    @Test func crossesBeyondTheListAllCount() throws {
        let models = try LoadedModels(documents)
        let features = request.map(\.feature)
        let listed = features.withUnsafeBufferPointer { features in
            models.withIndex { index in
                let request = Request(features: features.baseAddress, featureCount: features.count, timeBudget: 0)
                let scoring = Scoring(
                    request, candidates: 1, index: index, scratch: models.scratch,
                    campaigns: index.pointee.campaignTable)
                return (scoring.terms.list.count, scoring.terms.firstUnlisted, scoring.terms.crossing.count)
            }
        }
        // This is the point of the test.
        try #require(listed.0 <= Scratch.maximumTerms && listed.1 < listed.2)
        let reference = ReferenceScoring(documents)
        let ads = (0..<100).map { Ad(campaign: "\($0)") }
        let values = models.score(request, ads)
        for (ad, value) in zip(ads, values) {
            for (target, probability) in [("click", value.pctr), ("conversion", value.pcvr)] {
                let exact = try #require(reference.probability(ad.campaign, target, request))
                #expect((WideNumber(probability) - exact).magnitude <= 1e-6 * exact)
            }
        }
        // One candidate, and an ad's features, which are never listed.
        for place in [0, 63] {
            #expect(models.score(request, [ads[place]])[0].bits == values[place].bits)
            let ad = Ad(campaign: ads[place].campaign, features: request)
            #expect(models.score([], [ad])[0].bits == values[place].bits)
        }
    }
}
