// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

@Suite struct RowWeightsTests {
    @Test(arguments: [0, 1, 2, 3, 4, 7, 100, 1000]) func weightsComeInTheOrderOfTheirModelsHoweverTheyWereAdded(
        count: Int
    ) throws {
        var generator = SeededGenerator(seed: UInt64(count))
        var row = try RowWeights(capacity: count)
        let models = (0..<UInt32(count)).map { 3 * $0 }
        for order in [
            models, models.reversed(), models.shuffled(using: &generator), models.shuffled(using: &generator),
        ] {
            row.removeAll()
            for model in order { row.add(model, -Int32(model), Float(model) / 2) }
            var found: [UInt32] = []
            row.forEach { weight in
                #expect(weight.mantissa == -Int32(weight.model) && weight.deviation == Float(weight.model) / 2)
                found.append(weight.model)
            }
            #expect(found == models)
        }
    }
}
