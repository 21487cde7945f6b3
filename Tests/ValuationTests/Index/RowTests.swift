// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation
import Testing

@testable import Valuation

/// Whatever the shape of a row, each weight is found where it was put and nowhere else.
@Suite struct RowTests {
    /// The number of click models. With more than 65,536 models, lists use 32 bits for a model's number.
    private static let counts = [1, 15, 16, 17, 100, 1000, 65_537]

    /// Columns and their index. Each is built once for all tests.
    private final class World: Sendable {
        static let all = Dictionary(
            uniqueKeysWithValues: counts.map { count in (count, Result { try World(clickModels: count) }) })

        let index: BuiltIndex
        /// The number of weights of each label.
        let weightCounts: [(click: Int, conversion: Int)]
        /// For each label the weight of each model, or 0.
        private let weights: [(click: [Int64], conversion: [Int64])]

        private init(clickModels: Int) throws {
            let models = (click: clickModels, conversion: 130)
            let isWide = clickModels > 65_536
            let counts = isWide ? [0, 1, 16, 17] : [0, 1, 15, 16, 17, 33]
            let shares = isWide ? [0.01, 0.26] : [0.01, 0.05, 0.24, 0.25, 0.26, 1]
            let clicks = RandomColumns(models: models.click, counts: counts, shares: shares, seed: 40).columns
            let conversions = RandomColumns(models: models.conversion, counts: counts, shares: shares, seed: 41).columns
            // In reverse, so that a label has different rows for its targets, and an empty one beside one that is not.
            let columns = zip(clicks, conversions.reversed()).map { (click: $0, conversion: $1) }
            index = try BuiltIndex(models: models, columns: columns)
            weightCounts = columns.map { (click: $0.click.count, conversion: $0.conversion.count) }
            weights = columns.map { column in
                (
                    click: World.weights(of: column.click, models.click),
                    conversion: World.weights(of: column.conversion, models.conversion)
                )
            }
        }

        private static func weights(of column: Column, _ models: Int) -> [Int64] {
            var weights = [Int64](repeating: 0, count: models)
            for (model, mantissa) in column { weights[Int(model)] = Int64(mantissa) }
            return weights
        }

        var memory: valuation_rows { index.pointer.pointee.rows }

        func models(_ target: Target) -> Int { index.pointer.pointee.counts.models[target] }

        func weights(_ label: Int, _ target: Target) -> [Int64] {
            target == .click ? weights[label].click : weights[label].conversion
        }

        /// The labels that the index knows, and the rows of their weights.
        func rows(_ target: Target) -> [(label: Int, row: Index.Row)] {
            weights.indices.compactMap { label in index.row(of: label, target).map { (label: label, row: $0) } }
        }
    }

    private static func world(_ clickModels: Int) throws -> World {
        try #require(World.all[clickModels]).get()
    }

    @Test(arguments: counts) func labelsWithoutAnyWeightAreUnknown(clickModels: Int) throws {
        let world = try Self.world(clickModels)
        let known = world.rows(.click).map(\.label)
        let counts = world.weightCounts
        #expect(known == counts.indices.filter { counts[$0].click + counts[$0].conversion > 0 })
    }

    @Test(arguments: counts) func theWeightOfEveryModelIsFoundOneByOne(clickModels: Int) throws {
        let world = try Self.world(clickModels)
        for target in [Target.click, .conversion] {
            for (label, row) in world.rows(target) {
                let found = (0..<world.models(target)).map { world.index.pointer.pointee.weight(row, $0) }
                let difference = firstDifference(found, world.weights(label, target))
                #expect(difference == nil, "label \(label), \(target)")
            }
        }
    }

    /// The rows of neighbouring models alternate.
    @Test(arguments: counts) func theWeightsOfAnyModelsInAnyRowsAreFoundTogether(clickModels: Int) throws {
        var generator = SeededGenerator(seed: 42)
        let world = try Self.world(clickModels)
        for target in [Target.click, .conversion] {
            let models = (0..<UInt32(world.models(target))).shuffled(using: &generator).prefix(Scratch.blockSize)
            let sums = models.map { (Int64($0) - 30) << 20 }
            let known = world.rows(target)
            let weights = known.map { world.weights($0.label, target) }
            for turn in known.indices {
                let places = models.indices.map { ($0 + turn) % known.count }
                let rows = places.map { known[$0].row }
                let expected = models.indices.map { sums[$0] + weights[places[$0]][Int(models[$0])] }
                for kernels in Kernels.all {
                    let found = kernels.lookUp([rows], of: Array(models), to: sums, in: world.memory)
                    #expect(firstDifference(found, expected) == nil, "\(target), \(kernels.testDescription)")
                }
            }
        }
    }

    @Test(arguments: counts) func theWeightsOfAnyModelsInOneRowAreAddedToTheirSums(clickModels: Int) throws {
        var generator = SeededGenerator(seed: 43)
        let world = try Self.world(clickModels)
        for target in [Target.click, .conversion] {
            let models = (0..<UInt32(world.models(target))).shuffled(using: &generator)
            let sums = models.map { (Int64($0) - 30) << 20 }
            for (label, row) in world.rows(target) {
                let weights = world.weights(label, target)
                let expected = zip(models, sums).map { model, sum in sum + weights[Int(model)] }
                for kernels in Kernels.all {
                    let added = kernels.addRows([row], of: models, to: sums, in: world.memory)
                    let difference = firstDifference(added, expected)
                    #expect(difference == nil, "label \(label), \(target), \(kernels.testDescription)")
                }
            }
        }
    }

    /// As with so many candidates that adding every row to the sums of all models pays. Each label is given five times;
    /// otherwise a row of one weight would not pay.
    @Test(arguments: counts) func theSumsOfAllModelsAreTheWeightsOfEachLabelAndOfAll(clickModels: Int) throws {
        let world = try Self.world(clickModels)
        let scratch = try Scratch.allocate(Kernels.withFixedPrices)
        defer { Memory.destroy(scratch) }
        try scratch.pointee.prepare(world.index.pointer.pointee.counts)
        for target in [Target.click, .conversion] {
            var total = [Int64](repeating: 0, count: world.models(target))
            for (label, row) in world.rows(target) where !row.isEmpty {
                let expected = world.weights(label, target).map { 5 * $0 }
                let sums = sums(of: [label], target, world.index, scratch)
                #expect(firstDifference(sums, expected) == nil, "label \(label), \(target)")
                total = zip(total, expected).map { $0 + $1 }
            }
            let sums = sums(of: world.rows(target).map(\.label), target, world.index, scratch)
            #expect(firstDifference(sums, total) == nil, "\(target)")
        }
    }

    private func sums(
        of labels: [Int], _ target: Target, _ index: BuiltIndex, _ scratch: UnsafeMutablePointer<Scratch>
    ) -> [Int64] {
        let features = labels.flatMap { label in
            [valuation_feature](repeating: valuation_feature(key: BuiltIndex.key(of: label), number: 1), count: 5)
        }
        return features.withUnsafeBufferPointer { features in
            let request = Request(features: features.baseAddress, featureCount: features.count, timeBudget: 0)
            let candidates = 100_000_000
            var deadline = request.deadline
            let scoring = Scoring(
                request, candidates: candidates, index: index.pointer, scratch: scratch,
                campaigns: index.pointer.pointee.campaignTable)
            var targetScoring = target == .click ? scoring.click : scoring.conversion
            targetScoring.plan(scoring.terms, candidates: candidates, scratch, &deadline)
            let sums = target == .click ? scratch.pointee.click.sums.elements : scratch.pointee.conversion.sums.elements
            defer { targetScoring.finish(isLate: false) }
            return Array(sums.prefix(index.pointer.pointee.counts.models[target]))
        }
    }

    /// If all rows were alike, the tests above would prove little.
    @Test func rowsWithAQuarterOfTheirPlacesUsedAreDenseAndOthersAreLists() throws {
        let world = try Self.world(1000)
        var shapes: [String: Int] = [:]
        for (label, row) in world.rows(.click) {
            let count = world.weightCounts[label].click
            // 1,000 models take 1,008 places.
            #expect(row.isDense == (count >= 252))
            #expect(row.hasDirectory == (count > 16 && count < 252))
            #expect(row.isEmpty == (count == 0))
            #expect(row.isDense || world.index.pointer.pointee.length(of: row, .click) == count)
            let shape = row.isEmpty ? "empty" : row.isDense ? "dense" : row.hasDirectory ? "directory" : "short"
            shapes[shape, default: 0] += 1
        }
        #expect(shapes.count == 4 && shapes.values.allSatisfy { $0 >= 2 }, "\(shapes)")
    }

    @Test(arguments: counts) func modelNumbersTakeThirtyTwoBitsOnlyIfSixteenAreTooFew(clickModels: Int) throws {
        let world = try Self.world(clickModels)
        #expect((world.memory.is_wide != 0) == (clickModels == 65_537))
    }
}
