// SPDX-License-Identifier: Apache-2.0
import CValuation
import Foundation
import Testing

@testable import Valuation

/// What chance gives a campaign: the same for the same seed, and normally distributed over seeds.
@Suite struct DrawTests {
    private func draw(seed: UInt64, _ features: [NamedFeature] = []) -> Draw {
        features.map(\.feature).withUnsafeBufferPointer { features in
            var request = Request(features: features.baseAddress, featureCount: features.count, timeBudget: 0)
            request.seed = seed
            return Draw(request)
        }
    }

    /// `Fingerprint64` of the 16 bytes of the smaller and the larger number, each little-endian.
    private func fingerprint(_ first: UInt64, _ second: UInt64) -> UInt64 {
        let bytes = [min(first, second), max(first, second)].flatMap { number in
            withUnsafeBytes(of: number.littleEndian) { Array($0) }
        }
        return withText(bytes) { fingerprint64($0) }
    }

    @Test func itIsTheQuantileThatTheHeaderNames() {
        let campaign = valuation_campaign_key(nil, "1042", 4)
        for seed in [1, 77, UInt64.max] {
            let click = fingerprint(seed, campaign)
            for (target, hash) in [(Target.click, click), (.conversion, fingerprint(click, campaign))] {
                let expected = NormalDistribution.quantile((Double(hash / 2048) + 0.5) / 9_007_199_254_740_992)
                #expect(draw(seed: seed).normal(campaign, target) == expected)
            }
        }
    }

    @Test func withoutASeedTheFeaturesAreTheSeed() {
        let slot = NamedFeature.category("slot", "12")
        let seeds = [[], [slot], [slot, slot], [slot, .number("age", 1)], [slot, .number("age", 2)]].map {
            draw(seed: 0, $0).seed
        }
        #expect(Set(seeds).count == seeds.count)
        #expect(draw(seed: 0, [slot]).seed == seeds[1] && draw(seed: 5, [slot]).seed == 5)
    }

    @Test func everyHashIsAFiniteDraw() {
        for hash in [0, 1, 2047, 2048, UInt64.max, UInt64.max - 2048, 1 << 63] {
            let z = Draw.normal(ofHash: hash)
            #expect(z.isFinite && abs(z) < 8.3)
        }
    }

    @Test func drawsAreNormalAndIndependent() {
        let campaigns = [valuation_campaign_key(nil, "1", 1), valuation_campaign_key(nil, "2", 1)]
        let count = 20_000
        var sums = [Double](repeating: 0, count: 4)
        var squares = [Double](repeating: 0, count: 4)
        var products = [Double](repeating: 0, count: 3)
        for seed in 1...UInt64(count) {
            let draw = draw(seed: seed &* 0x9e37_79b9_7f4a_7c15)
            let z = campaigns.flatMap { [draw.normal($0, .click), draw.normal($0, .conversion)] }
            for place in 0..<4 {
                sums[place] += z[place]
                squares[place] += z[place] * z[place]
            }
            for place in 0..<3 { products[place] += z[0] * z[place + 1] }
        }
        let error = 5 / Double(count).squareRoot()
        for place in 0..<4 {
            #expect(abs(sums[place] / Double(count)) < error)
            #expect(abs(squares[place] / Double(count) - 1) < 1.5 * error)
        }
        for product in products { #expect(abs(product / Double(count)) < error) }
    }
}
