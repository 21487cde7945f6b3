// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Valuation

/// The standard normal distribution against known values and against itself.
@Suite struct NormalDistributionTests {
    /// From Wichura's paper, from tables, and from Python's `statistics`.
    @Test(arguments: [
        (0.5, 0), (0.25, -0.674_489_750_196_081_7), (0.001, -3.090_232_306_167_813_5), (1e-20, -9.262_340_089_798_408),
        (0.975, 1.959_963_984_540_054), (0.841_344_746_068_542_9, 1), (0.9, 1.281_551_565_544_600_4),
        (1e-300, -37.047_096_299_361_2), (0x1p-54, -8.292_361_075_813_592),
    ])
    func quantilesAreThoseOfTheTables(_ probability: Double, _ expected: Double) {
        let found = NormalDistribution.quantile(probability)
        #expect(abs(found - expected) <= 4e-16 * max(1, abs(expected)) * 4, "\(found)")
    }

    @Test func theQuantileInvertsTheDistributionFunction() {
        for step in -80...80 {
            let z = Double(step) / 10
            let probability = 0.5 * erfc(-z / 2.0.squareRoot())
            if probability == 1 { continue }
            let found = NormalDistribution.quantile(probability)
            // Near 1 a probability has few significant digits left.
            let tolerance = 1e-14 + (z > 0 ? 4e-16 / (exp(-z * z / 2) * 0.4) : 0)
            #expect(abs(found - z) <= tolerance * max(1, abs(z)), "\(z): \(found)")
        }
    }

    @Test func quantilesRiseAndAreSymmetric() {
        var last = -Double.infinity
        for step in 1..<4096 {
            let probability = Double(step) / 4096
            let found = NormalDistribution.quantile(probability)
            #expect(found > last && found == -NormalDistribution.quantile(1 - probability))
            last = found
        }
    }
}
