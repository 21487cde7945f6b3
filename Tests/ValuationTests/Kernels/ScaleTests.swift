// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

@testable import Valuation

@Suite struct ScaleTests {
    private static let widths = [0, 16, 48, 64, 80, 1024]

    /// Sums from one weight to far more than any request has, with scales that put logits on both sides of the bound.
    private func random(_ width: Int, _ generator: inout SeededGenerator) -> (sums: [Int64], scales: [valuation_scale])
    {
        let sums = (0..<width).map { _ in
            Int64(truncatingIfNeeded: generator.next()) >> Int64.random(in: 0...60, using: &generator)
        }
        let scales = (0..<width).map { _ in
            let significand = Double.random(in: 1..<2, using: &generator)
            let exponent = Int.random(in: -62 ... -20, using: &generator)
            return valuation_scale(
                constant: Double.random(in: -60...60, using: &generator),
                unit: Double(sign: .plus, exponent: exponent, significand: significand))
        }
        return (sums, scales)
    }

    /// One multiplication and one addition, each rounded: fusing them gives other bits if units are not powers of two.
    @Test(arguments: Kernels.all, widths) func eachLogitHasTheBitsOfTheFormula(kernels: Kernels, width: Int) {
        var generator = SeededGenerator(seed: UInt64(width))
        let (sums, scales) = random(width, &generator)
        let logits = zip(sums, scales).map { sum, scale in scale.constant + scale.unit * Double(sum) }
        #expect(kernels.scale(sums, scales).map(\.bitPattern) == logits.map(\.bitPattern))
    }

    @Test(arguments: Kernels.all, widths) func eachSumIsScaledByItsModel(kernels: Kernels, width: Int) {
        var generator = SeededGenerator(seed: UInt64(width) + 1)
        let (sums, _) = random(width, &generator)
        let (_, scales) = random(40, &generator)
        let models = sums.map { _ in UInt32.random(in: 0..<40, using: &generator) }
        let expected = zip(sums, models).map { sum, model in
            scales[Int(model)].constant + scales[Int(model)].unit * Double(sum)
        }
        #expect(kernels.scale(sums, scales, models: models).map(\.bitPattern) == expected.map(\.bitPattern))
    }
}
