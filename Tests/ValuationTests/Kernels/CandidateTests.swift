// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation
import Testing

@testable import Valuation

/// Reading blocks of candidates, and writing their values.
@Suite struct CandidateTests {
    private static let counts = [0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 100, 127, 128]
    private static let bids = [0, -0.0, 1, 0.1, 1e308, .greatestFiniteMagnitude, .infinity, .nan, -1e-300, -.infinity]
    /// The number that means no campaign; so the index has three campaigns with numbers below.
    private static let absent = (click: UInt32(2), conversion: UInt32(3))

    /// Campaigns "0" and "1" have both models, "2" has only a conversion model.
    private func index() throws -> BuiltIndex {
        try BuiltIndex(models: (click: 2, conversion: 3), columns: [(click: [0: 1], conversion: [0: 1])])
    }

    private static func campaignKey(_ name: String) -> UInt64 {
        Array(name.utf8).withUnsafeBufferPointer { Secret.standard.campaign(Text($0.baseAddress!, $0.count)) }
    }

    private struct Arrays {
        var clickModels = [UInt32](repeating: 77, count: Scratch.blockSize)
        var conversionModels = [UInt32](repeating: 77, count: Scratch.blockSize)
        var flags = [UInt32](repeating: 77, count: Scratch.blockSize)
        var features = [UnsafePointer<UInt64>?](repeating: nil, count: Scratch.blockSize)
        var lengths = [UInt32](repeating: 77, count: Scratch.blockSize)

        mutating func with<Result>(_ body: (inout valuation_block) -> Result) -> Result {
            clickModels.withUnsafeMutableBufferPointer { clicks in
                conversionModels.withUnsafeMutableBufferPointer { conversions in
                    flags.withUnsafeMutableBufferPointer { flags in
                        features.withUnsafeMutableBufferPointer { features in
                            lengths.withUnsafeMutableBufferPointer { lengths in
                                var block = valuation_block(
                                    absent_click: absent.click, absent_conversion: absent.conversion,
                                    click_models: clicks.baseAddress, conversion_models: conversions.baseAddress,
                                    flags: flags.baseAddress, features: features.baseAddress,
                                    lengths: lengths.baseAddress, source: 77, wants_clicks: 77, wants_conversions: 77,
                                    longest: 77, offsets: nil, array: nil)
                                return body(&block)
                            }
                        }
                    }
                }
            }
        }
    }

    /// Candidates of every kind, sound or not. - Parameter features: the features that they point to.
    private func candidates(
        _ count: Int, _ features: UnsafePointer<valuation_feature>, _ generator: inout SeededGenerator
    ) -> [valuation_candidate] {
        (0..<count).map { _ in
            let lengths: [UInt32] = [0, 0, 1, 3, 10_000, 10_001, .max]
            return valuation_candidate(
                campaign: Self.campaignKey(["0", "1", "2", "unknown"].randomElement(using: &generator)!),
                features: generator.once(in: 3) ? nil : features,
                feature_count: lengths.randomElement(using: &generator)!,
                pricing: [0, 1, 2, 3, 3, 3, 4, -1, .max].randomElement(using: &generator)!,
                bid: Self.bids.randomElement(using: &generator)!)
        }
    }

    @Test(arguments: Kernels.all, counts) func aBlockHoldsTheCandidatesMembers(kernels: Kernels, count: Int) throws {
        let index = try index()
        var generator = SeededGenerator(seed: UInt64(count))
        let features = [valuation_feature](repeating: valuation_feature(key: 1, number: 1), count: 10_000)
        let requestFlags = Flags.invalidNumber
        features.withUnsafeBufferPointer { features in
            let candidates = candidates(count, features.baseAddress!, &generator)
            var campaigns = valuation_campaigns(
                hash: index.pointer.pointee.hashes.campaigns.function, pilots: index.pointer.pointee.campaignPilots,
                slots: index.pointer.pointee.campaignSlots)
            var arrays = Arrays()
            let found = arrays.with { block in
                kernels.loops.read(candidates, count, &campaigns, requestFlags.rawValue, &block)
                return (clicks: block.wants_clicks, conversions: block.wants_conversions, longest: block.longest)
            }
            for (place, candidate) in candidates.enumerated() {
                let slot = index.pointer.pointee.campaign(candidate.campaign).pointee
                let isCPA = candidate.pricing == Pricing.cpa.rawValue
                let isSound =
                    (1...3).contains(candidate.pricing)
                    && (candidate.feature_count == 0
                        || candidate.feature_count <= 10_000 && candidate.features != nil)
                var flags = requestFlags.union(Flags(rawValue: slot.flags))
                if isCPA { flags.formUnion(Flags(rawValue: slot.conversion_flags)) }
                if !isSound { flags.insert(.invalidCandidate) }
                if !(candidate.bid >= 0 && candidate.bid.isFinite) { flags.insert(.invalidBid) }
                #expect(arrays.clickModels[place] == slot.click_model)
                #expect(arrays.conversionModels[place] == (isCPA ? slot.conversion_model : Self.absent.conversion))
                #expect(Flags(rawValue: arrays.flags[place]) == flags, "\(candidate)")
                #expect(arrays.lengths[place] == (isSound ? candidate.feature_count : 0))
                #expect(UnsafeRawPointer(arrays.features[place]) == UnsafeRawPointer(candidate.features))
            }
            let padding = count..<RowPlaces.roundedUp(count)
            #expect(padding.allSatisfy { arrays.lengths[$0] == 0 })
            #expect((found.clicks != 0) == arrays.clickModels.prefix(count).contains { $0 != Self.absent.click })
            #expect(
                (found.conversions != 0)
                    == arrays.conversionModels.prefix(count).contains { $0 != Self.absent.conversion })
            #expect(found.longest == arrays.lengths.prefix(count).max() ?? 0)
        }
    }

    /// Whether loops take the features from the array, or from candidates that were copied with pointers to it.
    @Test(arguments: Kernels.all, counts) func featuresInOneArrayAreThoseOfConnectedCandidates(
        kernels: Kernels, count: Int
    ) throws {
        let index = try index()
        var generator = SeededGenerator(seed: UInt64(count) + 2000)
        let feature = valuation_feature(key: 1, number: 1)
        var offsets: [UInt32] = [7]
        for _ in 0..<count {
            offsets.append(offsets.last! + [0, 1, 3, 10_000, 10_001].randomElement(using: &generator)!)
        }
        withUnsafePointer(to: feature) { feature in
            var given = candidates(count, feature, &generator)
            for place in given.indices where generator.once(in: 2) {
                (given[place].features, given[place].feature_count) = (nil, 0)
            }
            var connected = given
            valuation_connect(given, count, feature, offsets, &connected)
            var campaigns = valuation_campaigns(
                hash: index.pointer.pointee.hashes.campaigns.function, pilots: index.pointer.pointee.campaignPilots,
                slots: index.pointer.pointee.campaignSlots)
            func arrays(_ candidates: [valuation_candidate], _ offsets: UnsafePointer<UInt32>?) -> [[UInt64]] {
                var arrays = Arrays()
                let found = arrays.with { block in
                    (block.offsets, block.array) = (offsets, UnsafeRawPointer(feature))
                    kernels.loops.read(candidates, count, &campaigns, 0, &block)
                    return [block.wants_clicks, block.wants_conversions, block.longest].map(UInt64.init)
                }
                let features = arrays.features.prefix(count).map { UInt64(UInt(bitPattern: $0)) }
                return [found, features, arrays.lengths.prefix(RowPlaces.roundedUp(count)).map(UInt64.init)]
                    + [arrays.clickModels, arrays.conversionModels, arrays.flags].map {
                        $0.prefix(count).map(UInt64.init)
                    }
            }
            #expect(offsets.withUnsafeBufferPointer { arrays(given, $0.baseAddress) } == arrays(connected, nil))
            for place in 0..<count where given[place].features == nil && given[place].feature_count == 0 {
                #expect(connected[place].features == feature + Int(offsets[place]))
                #expect(connected[place].feature_count == offsets[place + 1] - offsets[place])
            }
        }
    }

    @Test(arguments: Kernels.all, counts) func aValueIsItsPricingsFormulaToTheBit(kernels: Kernels, count: Int) throws {
        var generator = SeededGenerator(seed: UInt64(count) + 1000)
        let feature = valuation_feature(key: 1, number: 1)
        withUnsafePointer(to: feature) { feature in
            let candidates = candidates(count, feature, &generator)
            var arrays = Arrays()
            for place in 0..<Scratch.blockSize {
                let isPriced = place >= count || Pricing(rawValue: candidates[place].pricing) != nil
                arrays.clickModels[place] = UInt32.random(in: 0...Self.absent.click, using: &generator)
                arrays.conversionModels[place] = UInt32.random(in: 0...Self.absent.conversion, using: &generator)
                let flags: [Flags] = [[], [], .clamped, .invalidBid, [.invalidCandidate, .unknownCampaign]]
                let flag = flags.randomElement(using: &generator)!
                arrays.flags[place] = (isPriced ? flag : .invalidCandidate).rawValue
            }
            func probabilities() -> [Float] {
                (0..<Scratch.blockSize).map { _ in Float.random(in: 1e-30...1, using: &generator) }
            }
            let (clicks, conversions) = (probabilities(), probabilities())
            let unwritten = [UInt64](repeating: 0x7777, count: 3)
            let words = kernels.written(over: unwritten[0], 3 * count) { words in
                arrays.with { block in
                    kernels.loops.write(candidates, &block, clicks, conversions, count, words)
                }
            }
            let values = words.withUnsafeBytes { Array($0.bindMemory(to: valuation_value.self)) }
            for (place, value) in values.enumerated() {
                let click = arrays.clickModels[place] == Self.absent.click ? .nan : clicks[place]
                let conversion =
                    arrays.conversionModels[place] == Self.absent.conversion ? .nan : conversions[place]
                let flags = Flags(rawValue: arrays.flags[place])
                let bid = candidates[place].bid
                let revenue: Double =
                    switch Pricing(rawValue: candidates[place].pricing) {
                    case .cpm: bid / 1000
                    case .cpc: bid * Double(click)
                    case .cpa: bid * Double(click) * Double(conversion)
                    case nil: 0
                    }
                let isValid = flags.isDisjoint(with: [.invalidBid, .invalidCandidate])
                let expected = isValid && revenue > 0 ? revenue : 0
                #expect(value.expected_revenue.bitPattern == expected.bitPattern, "\(candidates[place])")
                #expect(value.pctr.bitPattern == click.bitPattern && value.pcvr.bitPattern == conversion.bitPattern)
                #expect(value.flags == flags.rawValue && value.source == 77)
            }
        }
    }
}
