// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation
import Testing

@testable import Valuation

/// Rows in which the weights of both targets lie side by side.
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

    @Test(arguments: Kernels.all) func eachWeightIsFoundOnlyInTheHalfOfItsTarget(kernels: Kernels) throws {
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
                #expect(kernels.addRows([row], of: models, to: zeros, in: memory) == expected)
                for start in stride(from: 0, to: Self.models, by: Scratch.blockSize) {
                    let block = Array(models[start..<min(Self.models, start + Scratch.blockSize)])
                    let rows = [[Index.Row]](repeating: [Index.Row](repeating: row, count: block.count), count: 2)
                    let found = kernels.lookUp(rows, of: block, to: block.map { _ in 0 }, in: memory)
                    #expect(found == block.map { 2 * expected[Int($0)] })
                }
            }
        }
    }

    /// A lookup for the absent model reads whatever lies behind a row, which counts for nothing: the model's unit is 0.
    @Test(arguments: Kernels.all) func theAbsentModelMayBeLookedUpInAnyRow(kernels: Kernels) throws {
        for models in [16, Self.models] {
            let columns = columns().map { column in
                (
                    click: column.click.filter { $0.key < models },
                    conversion: column.conversion.filter { $0.key < models }
                )
            }
            let index = try BuiltIndex(models: (click: models, conversion: models), columns: columns)
            let absent = [UInt32](repeating: UInt32(models), count: 17)
            for target in [Target.click, .conversion] {
                #expect(index.pointer.pointee.scales[target][models].unit == 0)
                for label in columns.indices {
                    guard let row = index.row(of: label, target) else { continue }
                    let rows = [[Index.Row](repeating: row, count: 17)]
                    let zeros = [Int64](repeating: 0, count: 17)
                    let added = kernels.addRows([row], of: absent, to: zeros, in: index.pointer.pointee.rows)
                    #expect(kernels.lookUp(rows, of: absent, to: zeros, in: index.pointer.pointee.rows) == added)
                    #expect(row.isDense || added == zeros)
                }
            }
        }
    }

    /// With a time budget, rows are summed piece by piece.
    @Test func aTimeBudgetThatIsNotReachedChangesNoBit() throws {
        let models = 4_000
        var generator = SeededGenerator(seed: 72)
        let labels = 400
        let columns = (0..<labels).map { label -> (click: Column, conversion: Column) in
            func column(_ share: UInt32) -> Column {
                let chosen = stride(from: UInt32(label % 3), to: UInt32(models), by: Int(share))
                return Column(
                    uniqueKeysWithValues: chosen.map { ($0, Int32(truncatingIfNeeded: generator.next()) | 1) })
            }
            // A third of them without a pair.
            return (click: column(3), conversion: column(label % 3 == 0 ? 20 : 4))
        }
        let index = try BuiltIndex(models: (click: models, conversion: models), columns: columns)
        #expect(index.row(of: 0, .click)?.isPaired == false && index.row(of: 1, .click)?.isPaired == true)
        let features = (0..<labels).map { valuation_feature(key: BuiltIndex.key(of: $0), number: 1) }
        let candidates = (0..<models).map { number in
            let name = Array("\(number)".utf8)
            let key = name.withUnsafeBufferPointer { Secret.standard.campaign(Text($0.baseAddress!, $0.count)) }
            return valuation_candidate(
                campaign: key, features: nil, feature_count: 0, pricing: Pricing.cpa.rawValue, bid: 1)
        }
        let scratch = try Scratch.allocate()
        defer { Memory.destroy(scratch) }
        try scratch.pointee.prepare(index.pointer.pointee.counts)
        func logits(_ timeBudget: UInt64) -> [Float] {
            var values = [valuation_value](repeating: valuation_value(), count: models)
            features.withUnsafeBufferPointer { features in
                let request = Request(
                    features: features.baseAddress, featureCount: features.count, timeBudget: timeBudget)
                Scoring.score(
                    request, Candidates(candidates, count: models), into: &values, index: index.pointer,
                    scratch: scratch)
            }
            return values.flatMap { [$0.pctr, $0.pcvr] }
        }
        #expect(logits(1_000_000_000_000) == logits(0))
        #expect(Set(logits(0)).count > models)
    }

    /// Whatever the order of the files, and whether or not every campaign has both models.
    @Test func bothModelsOfACampaignHaveTheSameNumber() throws {
        var builder = IndexBuilder(.standard)
        let clicks = [5, 0, 7, 1, 2, 9], conversions = [9, 3, 1, 7, 4, 0]
        for number in conversions { try BuiltIndex.add(number, .conversion, [(label: 0, mantissa: 1)], to: &builder) }
        for number in clicks { try BuiltIndex.add(number, .click, [(label: 0, mantissa: 1)], to: &builder) }
        let index = try BuiltIndex(&builder)
        let numbers = (0..<10).map { number -> (click: UInt32, conversion: UInt32) in
            let name = Array("\(number)".utf8)
            let key = name.withUnsafeBufferPointer { Secret.standard.campaign(Text($0.baseAddress!, $0.count)) }
            let slot = index.pointer.pointee.campaign(key).pointee
            return (click: slot.click_model, conversion: slot.conversion_model)
        }
        for number in Set(clicks).intersection(conversions) {
            #expect(numbers[number].click == numbers[number].conversion, "campaign \(number)")
        }
        #expect(Set(clicks.map { numbers[$0].click }) == Set(0..<6))
        #expect(Set(conversions.map { numbers[$0].conversion }) == Set(0..<6))
        // 6 stands for no model.
        #expect([2, 5].allSatisfy { numbers[$0].conversion == 6 } && [3, 4].allSatisfy { numbers[$0].click == 6 })
    }
}
