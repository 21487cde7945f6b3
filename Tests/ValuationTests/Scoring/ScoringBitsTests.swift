// SPDX-License-Identifier: Apache-2.0
import CValuation
import Foundation
import Testing

@testable import Valuation

/// The same question gets the same bits, however it is put.
@Suite struct ScoringBitsTests {
    @Test(arguments: 101...115 as ClosedRange<UInt64>)
    func theOrderOfFeaturesDoesNotMatter(seed: UInt64) throws {
        var world = RandomModels(seed: seed)
        let models = try LoadedModels(world.documents)
        for _ in 0..<5 {
            let request = world.features(2...20)
            let ads = world.ads(10)
            let expected = models.score(request, ads)
            for _ in 0..<3 {
                let shuffled = request.shuffled(using: &world.generator)
                let shuffledAds = ads.map { ad in
                    var ad = ad
                    ad.features.shuffle(using: &world.generator)
                    return ad
                }
                #expect(models.score(shuffled, shuffledAds).map(\.bits) == expected.map(\.bits))
            }
        }
    }

    @Test(arguments: 201...210 as ClosedRange<UInt64>)
    func aCandidateHasTheSameValueAloneAndAmongOthers(seed: UInt64) throws {
        var world = RandomModels(seed: seed)
        let models = try LoadedModels(world.documents)
        let request = world.features(0...15)
        // More than one block, and not a whole number of vectors.
        let ads = world.ads(Scratch.blockSize * 2 + 3)
        let together = models.score(request, ads)
        for (ad, value) in zip(ads, together) {
            let alone = models.score(request, [ad])[0]
            #expect(alone.bits == value.bits && alone.flags == value.flags)
        }
        let order = Array(ads.indices).shuffled(using: &world.generator)
        let shuffled = models.score(request, order.map { ads[$0] })
        #expect(shuffled.map(\.bits) == order.map { together[$0].bits })
    }

    @Test(arguments: 301...315 as ClosedRange<UInt64>)
    func itDoesNotMatterWhichFeaturesAreTheAds(seed: UInt64) throws {
        var world = RandomModels(seed: seed)
        let models = try LoadedModels(world.documents)
        for _ in 0..<5 {
            let features = world.features(0...20)
            let ads = world.ads(6)
            let asRequest = models.score(features, ads.map { Ad(campaign: $0.campaign) })
            let asAds = models.score([], ads.map { Ad(campaign: $0.campaign, features: features) })
            #expect(asAds.map(\.bits) == asRequest.map(\.bits))
            #expect(asAds.map(\.flags) == asRequest.map(\.flags))
            let cut = Int.random(in: 0...features.count, using: &world.generator)
            let divided = models.score(
                Array(features[..<cut]), ads.map { Ad(campaign: $0.campaign, features: Array(features[cut...])) })
            #expect(divided.map(\.bits) == asRequest.map(\.bits))
        }
    }

    /// Self-tests compute the same sums.
    @Test(arguments: 401...405 as ClosedRange<UInt64>)
    func aSelfTestGivesTheBitsOfScoring(seed: UInt64) throws {
        var world = RandomModels(seed: seed)
        let models = try LoadedModels(world.documents)
        for _ in 0..<10 {
            let features = world.features(0...20)
            var plain = features.map(\.feature)
            for campaign in world.campaigns {
                let value = models.score(features, [Ad(campaign: campaign, pricing: .cpc)])[0]
                let key = valuation_campaign_key(nil, campaign, campaign.utf8.count)
                models.withIndex { index in
                    let model = index.pointee.model(.click, index.pointee.campaign(key).pointee.click_model)
                    if model == Index.none { return }
                    let probability = plain.withUnsafeMutableBufferPointer { features in
                        Scoring.probability(model: model, features: features, index: index, scratch: models.scratch)
                    }
                    #expect(probability.bitPattern == value.pctr.bitPattern)
                }
            }
        }
    }

    @Test(arguments: 501...505 as ClosedRange<UInt64>)
    func theOrderOfTheModelsInTheirFileDoesNotMatter(seed: UInt64) throws {
        var world = RandomModels(seed: seed)
        let request = world.features(0...20)
        let ads = world.ads(20)
        let expected = try LoadedModels(world.documents).score(request, ads)
        for _ in 0..<3 {
            let shuffled = try LoadedModels(world.documents.shuffled(using: &world.generator))
            #expect(shuffled.score(request, ads).map(\.bits) == expected.map(\.bits))
        }
    }
}
