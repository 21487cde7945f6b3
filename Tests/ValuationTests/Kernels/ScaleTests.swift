// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

@testable import Valuation

@Suite struct ScaleTests {
    private static let widths = [0, 16, 48, 64, 80, 1024]

    /// Sums from one weight to far more than any request has, and scales that make logits on both sides of the bound.
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

    /// One multiplication and one addition, each rounded by itself: a fused one has other bits where units are no powers of two.
    @Test(arguments: Kernels.all, widths) func eachLogitHasTheBitsOfTheFormula(kernels: Kernels, width: Int) {
        var generator = SeededGenerator(seed: UInt64(width))
        for bound in [80, 1e300] {
            let (sums, scales) = random(width, &generator)
            let uncut = zip(sums, scales).map { sum, scale in scale.constant + scale.unit * Double(sum) }
            let logits = uncut.map { min(bound, max(-bound, $0)) }
            let found = kernels.scale(sums, scales, bound: bound)
            #expect(found.logits.map(\.bitPattern) == logits.map(\.bitPattern))
            #expect(found.wasCut == (logits != uncut))
            #expect(width == 0 || found.wasCut == (bound == 80))
        }
    }

    @Test(arguments: Kernels.all, [0, 7, 8, 40, 79]) func aSingleCutIsSeenWhereverItIs(kernels: Kernels, place: Int) {
        let bound = 80.0
        for (logit, isCut) in [(bound, false), (bound.nextUp, true), (-bound, false), (-bound.nextUp, true)] {
            var scales = [valuation_scale](repeating: valuation_scale(constant: 1, unit: 0), count: 80)
            scales[place].constant = logit
            let found = kernels.scale([Int64](repeating: .max, count: 80), scales, bound: bound)
            #expect(found.wasCut == isCut)
            #expect(found.logits[place] == max(-bound, min(bound, logit)))
        }
    }
}
