// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Valuation

/// The whole memory of an index: labels, campaigns, models and directories besides the weights.
@Suite struct IndexMemoryTests {
    private static let labelCount = 20_000

    /// Labels of which the first few are drawn often and most of them rarely (Zipf's law with exponent 1).
    private struct Labels {
        private let logarithm = log(Double(labelCount))
        /// The number of the last draw in which a label was drawn.
        private var lastDraw = [Int](repeating: 0, count: labelCount)
        private var draws = 0

        /// Draws `count` different labels.
        mutating func draw(_ count: Int, using generator: inout SeededGenerator) -> [Int] {
            draws += 1
            var drawn: [Int] = []
            drawn.reserveCapacity(count)
            while drawn.count < count {
                let fraction = Double(generator.next() >> 11) * 0x1p-53
                let label = Int(exp(fraction * logarithm)) - 1
                if lastDraw[label] == draws { continue }
                lastDraw[label] = draws
                drawn.append(label)
            }
            return drawn
        }
    }

    @Test func isAtMostTenBytesAWeightForManyCampaignsAndLabelsOfZipfPopularity() throws {
        let campaigns = 2000
        var labels = Labels()
        var generator = SeededGenerator(seed: 81)
        var builder = IndexBuilder(.standard)
        var count = 0
        for campaign in 0..<campaigns {
            for (target, weightCount) in [(Target.click, 400), (.conversion, 100)] {
                let weights = labels.draw(weightCount, using: &generator).map { label in
                    (label: label, mantissa: Int32(truncatingIfNeeded: generator.next()) | 1)
                }
                count += weights.count
                try BuiltIndex.add(campaign, target, weights, to: &builder)
            }
        }
        let index = try BuiltIndex(&builder)
        #expect(index.pointer.pointee.counts.weights == count && count == campaigns * 500)
        let bytesAWeight = Double(index.pointer.pointee.byteCount) / Double(count)
        #expect(bytesAWeight <= 10)
        // If it were less than a weight, its model and the label's share of a slot, something would be missing.
        #expect(bytesAWeight > 4)
    }
}
