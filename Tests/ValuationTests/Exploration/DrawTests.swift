// SPDX-License-Identifier: Apache-2.0
import CValuation
import Foundation
import Testing

@testable import Valuation

/// A weight's draw: the same for the same seed, and normally distributed over seeds, labels and campaigns.
@Suite struct DrawTests {
    private func draw(seed: UInt64, _ features: [NamedFeature] = []) -> Draw {
        features.map(\.feature).withUnsafeBufferPointer { features in
            var request = Request(features: features.baseAddress, featureCount: features.count, timeBudget: 0)
            request.seed = seed
            return Draw(request)
        }
    }

    private func z(
        _ seed: UInt64, _ label: UInt64, _ campaign: UInt64, _ target: Target = .click, level: Int = 0
    ) -> Double {
        let label = Draw.label(Draw(seed: seed).half(ofLabel: label), target, level: level)
        return Double(Draw.z(label, UInt32(truncatingIfNeeded: campaign)))
    }

    /// `Fingerprint64` of the 16 bytes of both numbers, each little-endian.
    private func fingerprint(_ first: UInt64, _ second: UInt64) -> UInt64 {
        let bytes = [first, second].flatMap { number in withUnsafeBytes(of: number.littleEndian) { Array($0) } }
        return withText(bytes) { fingerprint64($0) }
    }

    @Test func aDrawFollowsTheHeadersFormula() {
        let campaign = valuation_campaign_key(nil, "1042", 4)
        for (seed, label, level) in [(1, 0, 0), (77, 5, 1), (UInt64.max, 1 << 60, 2)] {
            for (target, number) in [(Target.click, UInt64(0)), (.conversion, 1)] {
                let product = (UInt64(label) ^ fingerprint(seed, 0)) &* 0x9e37_79b9_7f4a_7c15
                var x = (product >> 32 ^ (UInt64(2 * level) + number) * 0x9e37_79b9) & 0xffff_ffff | 1
                x = x &* (campaign | 1) & 0xffff_ffff
                x = (x ^ x >> 15) &* 0x846c_a68b & 0xffff_ffff
                let sum = 7936 * (x & 255) + 8064 * (x >> 8 & 255) + 8128 * (x >> 16 & 255) + 7747 * (x >> 24)
                let t = Double(sum) - 4_064_062.5
                let expected = t * (8.20729833e-7 + t * t * (3.06492405e-21 + t * t * 7.69688015e-34))
                #expect(abs(z(seed, UInt64(label), campaign, target, level: level) - expected) < 2e-6)
            }
        }
    }

    @Test func aPartsNumberIsItsMedian() throws {
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

    @Test func drawsAreNormalAndIndependent() {
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
                        z.append(self.z(seed &* 0x9e37_79b9_7f4a_7c15, label, campaign, target))
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

    /// Consecutive keys and seeds also draw each of 64 equally likely parts of the normal distribution equally often.
    @Test func allPartsAreDrawnEquallyOften() {
        var counts = [Double](repeating: 0, count: 64)
        let bounds = (1..<64).map { NormalDistribution.quantile(Double($0) / 64) }
        let total = 100_000
        for number in 0..<total {
            let z = z(UInt64(number % 1000), UInt64(number / 1000), 7)
            counts[bounds.firstIndex { z < $0 } ?? 63] += 1
        }
        let expected = Double(total) / 64
        let chiSquare = counts.reduce(0) { $0 + ($1 - expected) * ($1 - expected) / expected }
        // With 63 degrees of freedom, exceeded once in a million cases.
        #expect(chiSquare < 130)
    }

    /// Over all values of the four bytes: how many have a sum that draws less than a number.
    @Test func theDistributionIsNormal() {
        func z(_ sum: Double) -> Double {
            let t = sum - 4_064_062.5
            return t * (8.20729833e-7 + t * t * (3.06492405e-21 + t * t * 7.69688015e-34))
        }
        func sums(_ first: Int, _ second: Int) -> [Int] {
            (0..<65_536).map { first * ($0 & 255) + second * ($0 >> 8) }.sorted()
        }
        let (low, high) = (sums(7936, 8064), sums(8128, 7747))
        for tenth in -43...43 {
            let number = Double(tenth) / 10
            // The greatest sum that draws less; z is increasing.
            var (least, greatest) = (0, 8_128_125)
            while least < greatest {
                let middle = (least + greatest + 1) / 2
                if z(Double(middle)) < number { least = middle } else { greatest = middle - 1 }
            }
            var (count, end) = (0, high.count)
            for sum in low {
                while end > 0 && sum + high[end - 1] > least { end -= 1 }
                count += end
            }
            let share = Double(count) / 0x1p32
            #expect(abs(share - 0.5 * erfc(-number / 2.0.squareRoot())) < 0.0007)
        }
        #expect(z(8_128_125) < 4.395)
    }

    /// For random labels and campaigns, and for campaigns whose keys form an arithmetic progression: two, three or four
    /// draws are uncorrelated, in their values and in their squares.
    @Test func smallGroupsOfDrawsAreUncorrelated() {
        var generator = SeededGenerator(seed: 13)
        let (pairs, count) = (20, 40_000)
        for _ in 0..<pairs {
            let labels = (0..<2).map { _ in UInt32.random(in: 0 ... .max, using: &generator) }
            let step = UInt32.random(in: 0 ... .max, using: &generator)
            var sums = [Double](repeating: 0, count: 6)
            for _ in 0..<count {
                let campaign = UInt32.random(in: 0 ... .max, using: &generator)
                func z(_ label: UInt32, _ target: Target, _ steps: UInt32) -> Double {
                    Double(Draw.z(Draw.label(label, target, level: 0), campaign &+ steps &* step))
                }
                let (a, b) = (z(labels[0], .click, 0), z(labels[1], .click, 0))
                let (c, d) = (z(labels[0], .click, 1), z(labels[1], .click, 1))
                sums[0] += a * b
                sums[1] += a * c
                sums[2] += a * z(labels[0], .conversion, 0)
                sums[3] += (a * a - 1) * (b * b - 1) / 2
                sums[4] += a * c * z(labels[0], .click, 2)
                sums[5] += a * b * c * d
            }
            // Correlations: if the draws are independent, each product has mean 0 and variance 1. The standard error is
            // 0.005.
            for sum in sums { #expect(abs(sum) / Double(count) < 0.06) }
        }
    }

    @Test(arguments: Kernels.all) func aLaneDrawsTheSameAmongOthersAsAlone(kernels: Kernels) {
        var generator = SeededGenerator(seed: 11)
        for width in [8, 16, 40, 128] {
            for rowCount in [0, 1, 7, 9, 20, 32] {
                let rows = (0..<rowCount).map { _ in
                    (
                        deviations: (0..<300).map { _ in
                            Bool.random(using: &generator) ? 0 : Float.random(in: -3...100, using: &generator)
                        }, label: UInt32.random(in: 0 ... .max, using: &generator)
                    )
                }
                let places = (0..<width).map { _ in UInt32.random(in: 0..<300, using: &generator) }
                let campaigns = (0..<width).map { _ in UInt32.random(in: 0 ... .max, using: &generator) }
                for (given, arePaired) in [(places, false), (nil, false), (nil, true)] {
                    let drawn = kernels.draw(rows, at: given, arePaired: arePaired, campaigns, onTopOf: 0.25)
                    let alone = kernels.draw(
                        rows, at: given, arePaired: arePaired, campaigns, notesVariances: false, onTopOf: 0.25)
                    #expect(alone.moved == drawn.moved && alone.variances.allSatisfy { $0 == 0.25 })
                    for count in 1...3 {
                        let few = kernels.draw(
                            rows, at: given, arePaired: arePaired, campaigns, count: count, notesVariances: false,
                            onTopOf: 0.25)
                        #expect(few.moved.prefix(count) == drawn.moved.prefix(count))
                    }
                    for lane in 0..<width {
                        var (moved, spread) = (0.25, Float(0))
                        // Eight of one target, eight of the other.
                        let place = given.map { Int($0[lane]) } ?? (arePaired ? lane / 8 * 16 + lane % 8 : lane)
                        for row in rows {
                            let deviation = row.deviations[place]
                            moved += Draw.move(deviation, Draw.z(row.label, campaigns[lane]))
                            spread += deviation * deviation
                        }
                        #expect(drawn.moved[lane] == moved && drawn.variances[lane] == 0.25 + Double(spread))
                    }
                }
            }
        }
    }

    /// Within 2^-31 of the product, and exact in any order.
    @Test func movesAreRoundedSoThatTheirSumIsExactInAnyOrder() {
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

    /// As many rows as are drawn from at once, with the largest possible deviations.
    @Test(arguments: Kernels.all) func theLargestMovesAreExact(kernels: Kernels) {
        // Once mixed it is four bytes of 255: this applies the inverses of both steps.
        let mixed = UInt32.max &* 0x4302_1123
        let (label, campaign) = (mixed ^ mixed >> 15 ^ mixed >> 30, UInt32(1))
        let z = Draw.z(label, campaign)
        #expect(z > 4.39)
        for sign: Float in [1, -1] {
            let deviation = sign * Index.largestDeviation
            let rows = [(deviations: [Float], label: UInt32)](
                repeating: ([Float](repeating: deviation, count: 8), label), count: DrawnRows.count)
            let drawn = kernels.draw(rows, at: nil, [UInt32](repeating: campaign, count: 8), onTopOf: 0)
            let expected = Double(DrawnRows.count) * Draw.move(deviation, z)
            #expect(drawn.moved == [Double](repeating: expected, count: 8))
        }
    }
}
