// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import Valuation

#if arch(x86_64)
    /// 64 bits of significand against the answer's 24.
    private typealias Wide = Float80
    private func exponential(_ x: Wide) -> Wide { expl(x) }
#else
    /// 53 bits of significand: still 2^29 times finer than the answer.
    private typealias Wide = Double
    private func exponential(_ x: Wide) -> Wide { exp(x) }
#endif

@Suite struct SigmoidTests {
    /// The relative difference of `probability` from 1 / (1 + e^(−z)).
    private func error(_ probability: Float, _ logit: Double) -> Double {
        let exact = 1 / (1 + exponential(-Wide(logit)))
        return Double((Wide(probability) - exact).magnitude / exact)
    }

    /// The greatest error over these 120,000 logits is 1.19e-7, which is two roundings to Float. The bound asserted
    /// here, and stated by `Sigmoid`, is 1.2e-7.
    @Test(arguments: Kernels.all) func isWithinItsBoundOverItsWholeRange(kernels: Kernels) {
        let bound = Sigmoid.bound
        var generator = SeededGenerator(seed: 1)
        var logits = (0...80_000).map { -bound + 2 * bound * Double($0) / 80_000 }
        logits += (0..<40_000).map { _ in Double.random(in: -bound...bound, using: &generator) }
        // Where 1 + e^(−z) is about 1 or about e^(−z), and around the points at which the reduction changes its
        // integer.
        logits += [-bound, bound, 0, -0.0, .leastNonzeroMagnitude, 1e-300, -1e-300, 16.6, -16.6, 36.7, -36.7]
        for step in -115...115 {
            let edge = (Double(step) + 0.5) * 0.6931471805599453
            logits += [edge.nextDown, edge, edge.nextUp]
        }
        logits = logits.filter { $0.magnitude <= bound }
        var greatest = 0.0
        for (logit, probability) in zip(logits, kernels.sigmoid(logits)) {
            greatest = max(greatest, error(probability, logit))
        }
        #expect(greatest <= 1.2e-7)
        // A much smaller error would mean that the measurement is wrong: some results must fall between two Floats.
        #expect(greatest > 5e-8)
    }

    @Test(arguments: Kernels.all) func givesTheSameBitsOnEveryInstructionSet(kernels: Kernels) {
        var generator = SeededGenerator(seed: 3)
        let logits = (0..<10_000).map { _ in Double.random(in: -80...80, using: &generator) }
        #expect(kernels.sigmoid(logits) == Kernels.all[0].sigmoid(logits))
    }

    @Test(arguments: Kernels.all) func givesTheSameBitsAloneAndAtAnyPlaceOfABlock(kernels: Kernels) {
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<50 {
            let logit = Double.random(in: -80...80, using: &generator)
            let alone = kernels.sigmoid([logit])[0].bitPattern
            for place in 0..<20 {
                var block = (0..<20).map { _ in Double.random(in: -80...80, using: &generator) }
                block[place] = logit
                #expect(kernels.sigmoid(block)[place].bitPattern == alone, "logit \(logit) at place \(place)")
            }
        }
    }

    @Test(arguments: Kernels.all, [0, 7, 8, 40, 79])
    func aLogitBeyondTheBoundIsClampedAndReportedAtAnyPlace(kernels: Kernels, place: Int) {
        let bound = Sigmoid.bound
        for (logit, isCut) in [
            (bound, false), (bound.nextUp, true), (-bound, false), (-bound.nextUp, true), (-1e300, true),
        ] {
            var logits = [Double](repeating: 1, count: 80)
            logits[place] = logit
            let found = kernels.sigmoid(logits, bound: bound)
            #expect(found.wasCut == isCut, "\(logit)")
            #expect(found.probabilities[place] == kernels.sigmoid([max(-bound, min(bound, logit))])[0])
        }
    }

    @Test(arguments: Kernels.all) func isOneHalfAtZeroAndNeverDecreases(kernels: Kernels) {
        #expect(kernels.sigmoid([0]) == [0.5])
        let probabilities = kernels.sigmoid((-8000...8000).map { Double($0) / 100 })
        #expect(zip(probabilities, probabilities.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(probabilities.first! > 0 && probabilities.first!.isNormal)
        #expect(probabilities.last! == 1)
    }
}
