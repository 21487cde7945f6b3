// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

@testable import Valuation

/// The mean of several probabilities for each candidate, on each instruction set.
@Suite struct AverageTests {
    /// Each member's sum in double, member by member, one division, one rounding; NaN has the bits of the language's.
    private func mean(_ members: [(probabilities: [Float], models: [UInt32], absent: UInt32)], _ place: Int) -> Float {
        let known = members.filter { $0.models[place] != $0.absent && !$0.probabilities[place].isNaN }
        if known.isEmpty { return .nan }
        return Float(known.map { Double($0.probabilities[place]) }.reduce(0, +) / Double(known.count))
    }

    @Test(arguments: Kernels.all, [1, 2, 3, 16])
    func eachMeanHasTheBitsOfTheFormula(kernels: Kernels, count: Int) {
        var generator = SeededGenerator(seed: UInt64(count))
        for width in [8, 16, 48, 128] {
            let members = (0..<count).map { _ in
                let absent = UInt32.random(in: 0...3, using: &generator)
                let models = (0..<width).map { _ in UInt32.random(in: 0...3, using: &generator) }
                let probabilities = (0..<width).map { _ -> Float in
                    generator.once(in: 9) ? .nan : Float.random(in: 0...1, using: &generator)
                }
                return (probabilities: probabilities, models: models, absent: absent)
            }
            let expected = (0..<width).map { mean(members, $0).bitPattern }
            let found = kernels.average(members).map(\.bitPattern)
            #expect(firstDifference(found, expected) == nil)
        }
    }
}
