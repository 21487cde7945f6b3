// SPDX-License-Identifier: Apache-2.0
@testable import Valuation

/// Labels' weights for models of one target, from none to one for each model, scattered or contiguous.
struct RandomColumns {
    let columns: [Column]

    /// Two columns for each number of weights. - Parameter shares: numbers of weights as parts of the number of models.
    init(models: Int, counts: [Int], shares: [Double], seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var columns: [Column] = []
        let all = counts + shares.map { Int((Double(models) * $0).rounded(.up)) }
        for (position, count) in all.map({ min($0, models) }).enumerated() {
            columns.append(RandomColumns.spread(count, models, &generator))
            // Contiguous from the first model on, up to the last one, or between.
            let between = Int.random(in: 0...(models - count), using: &generator)
            let first = [0, models - count, between][position % 3]
            let neighbours = (first..<(first + count)).map { UInt32($0) }
            columns.append(RandomColumns.column(neighbours, &generator))
        }
        // Only the first and the last model.
        columns.append(RandomColumns.column([0, UInt32(models - 1)], &generator))
        self.columns = columns
    }

    private static func spread(_ count: Int, _ models: Int, _ generator: inout SeededGenerator) -> Column {
        if count * 2 > models {
            return column((0..<UInt32(models)).shuffled(using: &generator).prefix(count), &generator)
        }
        var chosen = Set<UInt32>()
        while chosen.count < count { chosen.insert(UInt32.random(in: 0..<UInt32(models), using: &generator)) }
        return column(chosen, &generator)
    }

    /// Random weights that are not 0; they include the largest and the smallest.
    private static func column(_ models: some Sequence<UInt32>, _ generator: inout SeededGenerator) -> Column {
        var column = Column()
        for model in models {
            switch Int.random(in: 0..<20, using: &generator) {
            case 0: column[model] = .min
            case 1: column[model] = .max
            default: column[model] = Int32(truncatingIfNeeded: generator.next()) | 1
            }
        }
        return column
    }
}
