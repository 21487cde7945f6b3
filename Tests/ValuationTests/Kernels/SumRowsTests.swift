// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

@Suite struct SumRowsTests {
    /// Multiples of 16, not all of them multiples of what a loop takes at once.
    private static let widths = [0, 16, 48, 64, 80, 1024, 4112]

    @Test(arguments: Kernels.all, widths) func eachSumIsThatOfItsColumn(kernels: Kernels, width: Int) {
        var generator = SeededGenerator(seed: UInt64(width))
        for rowCount in [0, 1, 5, 40] {
            let rows = (0..<rowCount).map { _ in
                (0..<width).map { _ in Int32(truncatingIfNeeded: generator.next()) }
            }
            let expected = (0..<width).map { column in rows.reduce(0) { $0 + Int64($1[column]) } }
            for paired in Set([0, rowCount / 3, rowCount]) {
                let difference = firstDifference(kernels.sumRows(rows, paired: paired, width: width), expected)
                #expect(difference == nil, "\(rowCount) rows, \(paired) of them of pairs")
            }
        }
    }

    @Test(arguments: Kernels.all, [Int32.min, .max])
    func manyOfTheLargestAndOfTheSmallestWeightsDoNotOverflow(kernels: Kernels, weight: Int32) {
        for rowCount in [1, 5, 40, 3000] {
            let rows = [[Int32]](repeating: [Int32](repeating: weight, count: 80), count: rowCount)
            let expected = [Int64](repeating: Int64(weight) * Int64(rowCount), count: 80)
            #expect(kernels.sumRows(rows, width: 80) == expected)
        }
    }
}
