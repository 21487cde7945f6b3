// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

/// Scoring takes another path for few candidates than for many, and another for the ads' features than for the
/// request's. A value does not depend on which.
@Suite(.serialized) struct ScoringPathTests {
    /// What models have besides categories and numbers.
    enum Kind: CaseIterable {
        case plain, withCrosses, withCrossesAndBases
    }

    /// Many models of one kind. The tests run one after the other because they share its scratch memory.
    private final class World: @unchecked Sendable {
        static let all = Dictionary(
            uniqueKeysWithValues: Kind.allCases.map { kind in (kind, Result { try World(kind) }) })

        let generated: ManyModels
        let models: LoadedModels

        private init(_ kind: Kind) throws {
            generated = ManyModels(
                campaigns: 150, hasBases: kind == .withCrossesAndBases, hasCrosses: kind != .plain, seed: 61)
            models = try LoadedModels(generated.documents)
        }

        static func of(_ kind: Kind) throws -> World {
            try #require(all[kind]).get()
        }
    }

    /// Few enough to look every weight up, enough to sum all rows, and between. With 80 of them, summing pays for
    /// nearly all rows, and so would valuing all models at once.
    private static let candidateCounts = [1, 5, 30, 80, 100, 2000]

    /// Ordinary requests, one with a number that takes some logits beyond ±80, and one without numbers.
    private func requests(_ generated: inout ManyModels) -> [[NamedFeature]] {
        let ordinary = (0..<2).map { _ in generated.features() }
        let categories = generated.features().filter { if case .category = $0 { true } else { false } }
        return ordinary + [generated.features() + [.number("price", 1e6)], categories]
    }

    @Test(arguments: Kind.allCases) func anAdHasTheSameBitsAmongAnyNumberOfAds(kind: Kind) throws {
        let world = try World.of(kind)
        var generated = world.generated
        for request in requests(&generated) {
            let ads = generated.ads(2000)
            let expected = world.models.score(request, ads)
            for count in Self.candidateCounts {
                // Enough of them to have ads of every kind.
                for start in stride(from: 0, to: min(ads.count, 20 * count), by: count) {
                    let values = world.models.score(request, Array(ads[start..<(start + count)]))
                    let difference = firstDifference(values.map(\.all), expected[start..<(start + count)].map(\.all))
                    #expect(difference == nil, "\(count) candidates from \(start)")
                }
            }
        }
    }

    @Test(arguments: Kind.allCases) func featuresOfTheRequestAndOfTheAdsCountAlike(kind: Kind) throws {
        let world = try World.of(kind)
        var generated = world.generated
        for request in requests(&generated) {
            let ads = generated.ads(300)
            let expected = world.models.score(request, ads).map(\.all)
            for cut in [0, 1, request.count / 2] {
                let withFeatures = ads.map { ad in
                    var ad = ad
                    ad.features = Array(request[cut...])
                    return ad
                }
                let values = world.models.score(Array(request[..<cut]), withFeatures)
                #expect(firstDifference(values.map(\.all), expected) == nil, "the first \(cut) are the request's")
            }
        }
    }

    /// A request's ads are valued in blocks, and blocks whose ads have features take another path than those without.
    @Test(arguments: Kind.allCases) func oneRequestMayHaveBlocksWithAndWithoutFeaturesOfAds(kind: Kind) throws {
        let world = try World.of(kind)
        var generated = world.generated
        let request = generated.features()
        var ads = generated.ads(6 * Scratch.blockSize + 1)
        for place in ads.indices where place / Scratch.blockSize % 2 == 1 {
            ads[place].features = Array(generated.features().prefix(place % 7))
        }
        for ads in [ads, ads.reversed()] {
            let together = world.models.score(request, ads)
            for (ad, value) in zip(ads, together) {
                #expect(world.models.score(request, [ad])[0].all == value.all)
            }
        }
    }

    @Test(arguments: Kind.allCases) func theValuesAreThoseOfTheFormula(kind: Kind) throws {
        let world = try World.of(kind)
        var generated = world.generated
        let reference = ReferenceScoring(generated.documents)
        for request in requests(&generated) {
            let ads = generated.ads(2000)
            for (ad, value) in zip(ads, world.models.score(request, ads)).prefix(40) {
                let click = try #require(reference.probability(ad.campaign, "click", request))
                #expect((WideNumber(value.pctr) - click).magnitude <= 1e-6 * click)
                if ad.pricing != .cpa { continue }
                let conversion = try #require(reference.probability(ad.campaign, "conversion", request))
                #expect((WideNumber(value.pcvr) - conversion).magnitude <= 1e-6 * conversion)
            }
        }
    }

    /// If they always took the same path, the tests above would prove little.
    @Test(arguments: Kind.allCases) func everyPathIsTaken(kind: Kind) throws {
        let world = try World.of(kind)
        var generated = world.generated
        var paths = Set<ScoringPath>()
        for request in requests(&generated) {
            let ads = generated.ads(2000)
            for count in Self.candidateCounts {
                paths.insert(world.models.path(request, Array(ads.prefix(count)), many: ads))
            }
        }
        // Models that extend others are never valued all at once; the others' sums are the last path if logits are
        // clamped.
        #expect(
            paths == (kind == .withCrossesAndBases ? [.lookups, .both, .sums] : [.lookups, .both, .sums, .allModels]))
    }

    @Test func rowsAreOfEveryShapeAndSomeLogitsAreCut() throws {
        let world = try World.of(.withCrosses)
        var generated = world.generated
        let index = world.models.snapshot
        for target in [Target.click, .conversion] {
            let rows = (0..<index.pointee.index.hashes.labels.slotCount).map { index.pointee.index.labelSlots[$0] }
                .filter { !$0.isVacant && !$0.isNumber }.map { $0.row(target) }
            #expect(rows.count { $0.isDense } > 20)
            #expect(rows.count { $0.hasDirectory } > 5)
            #expect(rows.count { !$0.isEmpty && !$0.isDense && !$0.hasDirectory } > 20)
        }
        let request = requests(&generated)[2]
        let cut = world.models.score(request, generated.ads(2000)).count { $0.has(.clamped) }
        #expect((30..<1900).contains(cut))
    }
}
