// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

/// For few candidates exploring looks up the weights of each campaign, for many it draws for all models at once. A
/// value does not depend on which.
@Suite(.serialized) struct DrawPathTests {
    enum Kind: CaseIterable {
        case plain, withBases
    }

    private static let policy = #"""
        {"format": "valuation-policy/1", "default": "curious",
         "predictors": {"curious": {"release": "LATEST", "exploration": 0.3}}}
        """#

    /// Enough campaigns for dense rows, lists with a directory and short lists.
    private static func generated(_ kind: Kind) -> ManyModels {
        ManyModels(campaigns: 150, hasBases: kind == .withBases, hasCrosses: true, seed: 91)
    }

    private func scorer(_ generated: ManyModels) throws -> ScorerHandle {
        var generator = SeededGenerator(seed: 92)
        let uncertain = generated.documents.map { RandomModels.withVariances($0, &generator) }
        // These have only observed counts; they share no model with others except the default's bases.
        let entries = (0..<5).map { (number: Int) -> CampaignEntry in
            CampaignEntry(campaign: "new-\(number)", impressions: 1000, clicks: Double(number), conversions: 0)
        }
        let folder = try TemporaryFolder()
        let engine = try EngineHandle()
        let documents = uncertain.map(\.json) + entries.map(\.json)
        try engine.load(try folder.write("models.jsonl", documents.joined(separator: "\n")))
        try engine.loadPolicy(json: Self.policy)
        return try engine.scorer()
    }

    /// Ads of known campaigns and of some that others' models value; some have features, also known ones twice.
    private func ads(_ count: Int, _ generated: inout ManyModels) -> [Ad] {
        var ads = generated.ads(count)
        for place in ads.indices {
            if place % 20 == 0 { ads[place].campaign = ["new-\(place % 5)", "unheard of", "*"][place / 20 % 3] }
            if place / 50 % 3 == 0 { ads[place].features = Array(generated.features().prefix(place % 9)) }
        }
        return ads
    }

    private func drawn(_ scorer: ScorerHandle) throws -> [DrawnModels] {
        let scorer = UnsafeMutablePointer<Scorer>(try #require(scorer.pointer))
        guard let scratch = scorer.pointee.policyScratch else { return [] }
        return Target.allCases.map { scratch.pointee.draws.drawn(0, $0).pointee }
    }

    @Test(arguments: Kind.allCases) func anAdDrawsTheSameBitsAmongAnyNumberOfAds(kind: Kind) throws {
        var generated = Self.generated(kind)
        let scorer = try scorer(generated)
        var paths = Set<[Bool]>()
        for seed in 1...2 as ClosedRange<UInt64> {
            let request = generated.features()
            let ads = ads(1000, &generated)
            let expected = try scorer.score(request, ads, Circumstances(seed: seed))
            for count in [1, 5, 30, 80, 100, 1000] {
                for start in stride(from: 0, to: min(ads.count, 20 * count), by: count) {
                    let some = Array(ads[start..<min(ads.count, start + count)])
                    let values = try scorer.score(request, some, Circumstances(seed: seed))
                    let others = expected[start..<(start + some.count)]
                    #expect(firstDifference(values.map(\.all), others.map(\.all)) == nil, "\(count) from \(start)")
                    for drawn in try drawn(scorer) { paths.insert([drawn.hasDenseRows, drawn.hasLists]) }
                }
            }
            #expect(Set(expected.map(\.pctr)).count > 100 && expected.count { $0.has(.explored) } > 500)
        }
        // If it always took the same path, the test would prove little.
        #expect(paths.contains([false, false]) && paths.contains([true, true]) && paths.count >= 3)
    }

    /// Many ads without features take what was computed for all models. A block that contains a campaign valued by
    /// another's model draws instead.
    @Test func anAdThatFetchesItsProbabilityHasTheSameBitsAlone() throws {
        var generated = Self.generated(.plain)
        let scorer = try scorer(generated)
        let request = generated.features()
        var ads = generated.ads(1000)
        for place in ads.indices where place / Scratch.blockSize % 2 == 0 && ads[place].campaign == "unheard-of" {
            ads[place].campaign = generated.campaigns[place % 150]
        }
        let expected = try scorer.score(request, ads, Circumstances(seed: 5))
        #expect(try drawn(scorer).allSatisfy(\.hasProbabilities))
        for start in stride(from: 0, to: ads.count, by: 9) {
            let some = Array(ads[start..<min(ads.count, start + 9)])
            let values = try scorer.score(request, some, Circumstances(seed: 5))
            #expect(try !drawn(scorer).contains(where: \.hasProbabilities))
            let others = expected[start..<(start + some.count)]
            #expect(firstDifference(values.map(\.all), others.map(\.all)) == nil, "from \(start)")
        }
        #expect(Set(expected.map(\.pctr)).count > 100 && expected.count { $0.has(.explored) } > 500)
    }

    @Test func theCheaperWayIsChosen() {
        func cost(models: Int, candidates: Int, denseRows: Int = 0, lists: [Int] = []) -> DrawCost {
            var cost = DrawCost(models: models, candidates: candidates)
            for _ in 0..<denseRows { cost.addDenseRow() }
            for length in lists { cost.addList(length) }
            return cost
        }
        #expect(cost(models: 1000, candidates: 1000, denseRows: 1).favorsDenseRows)
        #expect(!cost(models: 1000, candidates: 100, denseRows: 1).favorsDenseRows)
        #expect(
            !cost(models: 1000, candidates: 1000).favorsDenseRows && !cost(models: 1000, candidates: 1000).favorsLists)
        #expect(cost(models: 1000, candidates: 100, lists: [60, 60, 60]).favorsLists)
        #expect(!cost(models: 1000, candidates: 1, lists: [60, 60, 60]).favorsLists)
        #expect(!cost(models: 1_000_000, candidates: 100, lists: [200_000]).favorsLists)
    }
}
