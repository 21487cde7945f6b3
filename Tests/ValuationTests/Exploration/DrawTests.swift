// SPDX-License-Identifier: Apache-2.0
import CValuation
import Foundation
import Testing

@testable import Valuation

/// What chance gives a weight: the same for the same seed, and normally distributed over seeds, labels and campaigns.
@Suite struct DrawTests {
    private func draw(seed: UInt64, _ features: [NamedFeature] = []) -> Draw {
        features.map(\.feature).withUnsafeBufferPointer { features in
            var request = Request(features: features.baseAddress, featureCount: features.count, timeBudget: 0)
            request.seed = seed
            return Draw(request)
        }
    }

    private func z(
        _ seed: UInt64, _ label: UInt64, _ campaign: UInt64, _ target: Target, _ table: borrowing NormalTable
    )
        -> Double
    {
        let half = Draw.half(ofCampaign: campaign, target, level: 0)
        return table.normals[Draw.part(Draw(seed: seed).half(ofLabel: label), half)]
    }

    /// `Fingerprint64` of the 16 bytes of both numbers, each little-endian.
    private func fingerprint(_ first: UInt64, _ second: UInt64) -> UInt64 {
        let bytes = [first, second].flatMap { number in withUnsafeBytes(of: number.littleEndian) { Array($0) } }
        return withText(bytes) { fingerprint64($0) }
    }

    @Test func aPartIsTheOneThatTheHeaderNames() {
        let campaign = valuation_campaign_key(nil, "1042", 4)
        for (seed, label, level) in [(1, 0, 0), (77, 5, 1), (UInt64.max, 1 << 60, 2)] {
            for (target, number) in [(Target.click, UInt64(0)), (.conversion, 1)] {
                let model = campaign ^ (UInt64(2 * level) + number) * 0x9e37_79b9
                let product = (UInt64(label) ^ fingerprint(seed, 0)) &* 0x9e37_79b9_7f4a_7c15
                var x = (product >> 32 ^ model) & 0xffff_ffff
                x = (x ^ x >> 16) &* 0x7feb_352d & 0xffff_ffff
                x = (x ^ x >> 15) &* 0x846c_a68b & 0xffff_ffff
                x ^= x >> 16
                let half = Draw.half(ofCampaign: campaign, target, level: level)
                #expect(Draw.part(draw(seed: seed).half(ofLabel: UInt64(label)), half) == Int(x >> 19))
            }
        }
    }

    @Test func aPartsNumberIsItsMiddleByProbability() throws {
        let normals = try NormalTable(isNeeded: true)
        for part in 0..<NormalTable.count {
            let expected = NormalDistribution.quantile((Double(part) + 0.5) / Double(NormalTable.count))
            #expect(abs(normals.normals[part] - expected) < 3e-7)
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

    @Test func drawsAreNormalAndIndependent() throws {
        let table = try NormalTable(isNeeded: true)
        let campaigns = [valuation_campaign_key(nil, "1", 1), valuation_campaign_key(nil, "2", 1)]
        let labels = [Draw.intercept, NamedFeature.category("slot", "12").feature.key]
        let (count, places) = (20_000, 8)
        var sums = [Double](repeating: 0, count: places)
        var squares = [Double](repeating: 0, count: places)
        var products = [Double](repeating: 0, count: places * places)
        for seed in 1...UInt64(count) {
            var z: [Double] = []
            for campaign in campaigns {
                for label in labels {
                    for target in [Target.click, .conversion] {
                        z.append(self.z(seed &* 0x9e37_79b9_7f4a_7c15, label, campaign, target, table))
                    }
                }
            }
            for place in 0..<places {
                sums[place] += z[place]
                squares[place] += z[place] * z[place]
                for other in 0..<place { products[place * places + other] += z[place] * z[other] }
            }
        }
        let error = 5 / Double(count).squareRoot()
        for place in 0..<places {
            #expect(abs(sums[place] / Double(count)) < error)
            #expect(abs(squares[place] / Double(count) - 1) < 1.5 * error)
        }
        for product in products { #expect(abs(product / Double(count)) < error) }
    }

    /// Consecutive keys and seeds, too, have every part equally often.
    @Test func everyPartIsDrawnAsOftenAsAnyOther() {
        var counts = [Double](repeating: 0, count: 64)
        let half = Draw.half(ofCampaign: 7, .click, level: 0)
        let total = 400_000
        for number in 0..<total {
            let draw = Draw(seed: UInt64(number % 1000))
            counts[Draw.part(draw.half(ofLabel: UInt64(number / 1000)), half) / 128] += 1
        }
        let expected = Double(total) / 64
        let chiSquare = counts.reduce(0) { $0 + ($1 - expected) * ($1 - expected) / expected }
        // Of 63 degrees of freedom: beyond in one of a million cases.
        #expect(chiSquare < 130)
    }

    /// Weights are drawn for many campaigns at once, each with the number of its part.
    @Test(arguments: Kernels.all) func manyLanesDrawWhatEachWouldAlone(kernels: Kernels) throws {
        let table = try NormalTable(isNeeded: true)
        let normals = table.normals
        var generator = SeededGenerator(seed: 11)
        for width in [8, 16, 40, 128] {
            for rowCount in [0, 1, 7, 32] {
                let rows = (0..<rowCount).map { _ in
                    (
                        deviations: (0..<300).map { _ in
                            Bool.random(using: &generator) ? 0 : Float.random(in: -3...100, using: &generator)
                        }, label: UInt32.random(in: 0 ... .max, using: &generator)
                    )
                }
                let places = (0..<width).map { _ in UInt32.random(in: 0..<300, using: &generator) }
                let halves = (0..<width).map { _ in UInt32.random(in: 0 ... .max, using: &generator) }
                for (given, arePaired) in [(places, false), (nil, false), (nil, true)] {
                    let drawn = kernels.draw(rows, at: given, arePaired: arePaired, halves, normals, onTopOf: 0.25)
                    for lane in 0..<width {
                        var (moved, spread) = (0.25, Float(0))
                        // Eight of one target, eight of the other.
                        let place = given.map { Int($0[lane]) } ?? (arePaired ? lane / 8 * 16 + lane % 8 : lane)
                        for row in rows {
                            let deviation = row.deviations[place]
                            moved += Draw.move(deviation, normals.single(Draw.part(row.label, halves[lane])))
                            spread += deviation * deviation
                        }
                        #expect(drawn.moved[lane] == moved && drawn.variances[lane] == 0.25 + Double(spread))
                    }
                }
            }
        }
    }

    /// Within half a part of 2^30 of the product, and exact in any order.
    @Test func movesAreRoundedSoThatTheirSumIsExact() {
        var generator = SeededGenerator(seed: 12)
        let moves = (0..<10_000).map { _ in
            let (deviation, z) = (
                Float.random(in: 0...300, using: &generator), Float.random(in: -4...4, using: &generator)
            )
            let move = Draw.move(deviation, z)
            #expect(abs(move - Double(deviation * z)) <= 0x1p-31 && (move * 0x1p30).rounded() == move * 0x1p30)
            return move
        }
        let sum = moves.reduce(0, +)
        for _ in 0..<10 { #expect(moves.shuffled(using: &generator).reduce(0, +) == sum) }
        #expect(Draw.move(1e-12, 1) == 0 && Draw.move(0, 3) == 0 && Draw.move(262_144, -3.84).isFinite)
    }
}
