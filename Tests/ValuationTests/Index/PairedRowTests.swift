// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation
import Testing

@testable import Valuation

/// Rows of which both targets' weights lie side by side.
@Suite struct PairedRowTests {
    private static let models = 300

    /// A label's numbers of weights for clicks and conversions; 300 models take 304 places.
    private static let labels: [(click: Int, conversion: Int, isPaired: Bool)] = [
        (300, 300, true), (76, 76, true), (76, 38, true), (38, 76, true), (300, 38, true), (76, 37, false),
        (37, 300, false),
        (75, 75, false), (300, 0, false), (0, 300, false), (16, 300, false), (38, 38, false),
    ]

    private func columns() -> [(click: Column, conversion: Column)] {
        var generator = SeededGenerator(seed: 71)
        func column(_ count: Int) -> Column {
            let models = (0..<UInt32(Self.models)).shuffled(using: &generator).prefix(count)
            return Column(uniqueKeysWithValues: models.map { ($0, Int32(truncatingIfNeeded: generator.next()) | 1) })
        }
        return Self.labels.map { (click: column($0.click), conversion: column($0.conversion)) }
    }

    @Test func rowsArePairedWhereOneIsDenseAndTheOtherHasAnEighthOfItsPlacesUsed() throws {
        let index = try BuiltIndex(models: (click: Self.models, conversion: Self.models), columns: columns())
        for (label, expected) in Self.labels.enumerated() {
            let click = try #require(index.row(of: label, .click))
            let conversion = try #require(index.row(of: label, .conversion))
            #expect(click.isPaired == expected.isPaired && conversion.isPaired == expected.isPaired, "\(expected)")
            if expected.isPaired {
                #expect(conversion.start == click.start + UInt32(VALUATION_ROW_TOGETHER))
                #expect(click.start % 16 == 0, "not on a cache line of its own")
            }
        }
    }

    @Test(arguments: Kernels.all) func eachWeightIsFoundInThePairOfItsTargetAlone(kernels: Kernels) throws {
        let columns = columns()
        let index = try BuiltIndex(models: (click: Self.models, conversion: Self.models), columns: columns)
        let memory = index.pointer.pointee.rows
        for (label, column) in columns.enumerated() {
            for (target, weights) in [(Target.click, column.click), (.conversion, column.conversion)] {
                let row = try #require(index.row(of: label, target))
                let expected = (0..<UInt32(Self.models)).map { Int64(weights[$0] ?? 0) }
                let models = Array(0..<UInt32(Self.models))
                let zeros = [Int64](repeating: 0, count: Self.models)
                #expect(models.map { index.pointer.pointee.weight(row, Int($0)) } == expected)
                #expect(kernels.addRow(row, of: models, to: zeros, in: memory) == expected)
                for start in stride(from: 0, to: Self.models, by: Scratch.blockSize) {
                    let block = Array(models[start..<min(Self.models, start + Scratch.blockSize)])
                    let rows = [[Index.Row]](repeating: [Index.Row](repeating: row, count: block.count), count: 2)
                    let found = kernels.lookUp(rows, of: block, to: block.map { _ in 0 }, in: memory)
                    #expect(found == block.map { 2 * expected[Int($0)] })
                }
            }
        }
    }

    /// Whatever the order of the files, and whether or not every campaign has both models.
    @Test func bothModelsOfACampaignHaveTheSameNumber() throws {
        var builder = IndexBuilder()
        let clicks = [5, 0, 7, 1, 2, 9], conversions = [9, 3, 1, 7, 4, 0]
        for number in conversions { try BuiltIndex.add(number, .conversion, [(label: 0, mantissa: 1)], to: &builder) }
        for number in clicks { try BuiltIndex.add(number, .click, [(label: 0, mantissa: 1)], to: &builder) }
        let index = try BuiltIndex(&builder)
        let numbers = (0..<10).map { number -> (click: UInt32, conversion: UInt32) in
            let name = Array("\(number)".utf8)
            let key = name.withUnsafeBufferPointer { Key.campaign(Text($0.baseAddress!, $0.count)) }
            let slot = index.pointer.pointee.campaign(key).pointee
            return (click: slot.click_model, conversion: slot.conversion_model)
        }
        for number in Set(clicks).intersection(conversions) {
            #expect(numbers[number].click == numbers[number].conversion, "campaign \(number)")
        }
        #expect(Set(clicks.map { numbers[$0].click }) == Set(0..<6))
        #expect(Set(conversions.map { numbers[$0].conversion }) == Set(0..<6))
        // 6 stands for none.
        #expect([2, 5].allSatisfy { numbers[$0].conversion == 6 } && [3, 4].allSatisfy { numbers[$0].click == 6 })
    }
}
