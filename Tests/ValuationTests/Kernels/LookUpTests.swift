// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

@testable import Valuation

/// Looking up any number of weights in rows of any shape.
@Suite struct LookUpTests {
    /// The shapes of the rows, which are handled differently.
    enum Mixture: CaseIterable {
        case dense, withDirectory, short, empty, all
    }

    private static let models: UInt32 = 300
    /// Around the number of lanes and the size of a block, 128.
    private static let counts = [0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 112, 127, 128]

    /// Labels by the number of their weights.
    private static let weightCounts: [Mixture: [Int]] = [
        .dense: [76, 150, 300], .withDirectory: [17, 18, 40, 75], .short: [1, 2, 15, 16], .empty: [0],
        .all: [0, 1, 2, 15, 16, 17, 18, 40, 75, 76, 150, 300],
    ]

    private static func columns(_ mixture: Mixture) -> [Column] {
        var generator = SeededGenerator(seed: 51)
        return weightCounts[mixture, default: []].map { count in
            let models = (0..<models).shuffled(using: &generator).prefix(count)
            return Column(
                uniqueKeysWithValues: models.map { ($0, Int32(truncatingIfNeeded: generator.next()) | 1) })
        }
    }

    /// Each label's row, and its weights by model. Every label has a conversion weight, so that even an empty row is a
    /// row.
    private func world(_ mixture: Mixture) throws -> (index: BuiltIndex, rows: [Index.Row], columns: [Column]) {
        let columns = Self.columns(mixture)
        let index = try BuiltIndex(
            models: (click: Int(Self.models), conversion: 1), columns: columns.map { (click: $0, conversion: [0: 1]) })
        let rows = try columns.indices.map { try #require(index.row(of: $0, .click)) }
        return (index, rows, columns)
    }

    /// A model with a weight, or one that may have none. - Parameter known: the models that have one.
    private func model(_ known: [UInt32], _ generator: inout SeededGenerator) -> UInt32 {
        let model = generator.once(in: 2) ? known.randomElement(using: &generator) : nil
        return model ?? UInt32.random(in: 0..<Self.models, using: &generator)
    }

    @Test(arguments: Mixture.allCases) func theRowsHaveTheShapeIntended(mixture: Mixture) throws {
        let rows = try world(mixture).rows
        switch mixture {
        case .dense: #expect(rows.allSatisfy { $0.isDense })
        case .withDirectory: #expect(rows.allSatisfy { $0.hasDirectory })
        case .short: #expect(rows.allSatisfy { !$0.isDense && !$0.hasDirectory && !$0.isEmpty })
        case .empty: #expect(rows.allSatisfy { $0.isEmpty })
        case .all: #expect(Set(rows.map { [$0.isDense, $0.hasDirectory, $0.isEmpty] }).count == 4)
        }
    }

    @Test(arguments: Kernels.all, Mixture.allCases)
    func theWeightsOfEachModelInRowsOfItsOwnAreAddedToItsSum(kernels: Kernels, mixture: Mixture) throws {
        var generator = SeededGenerator(seed: 52)
        let world = try world(mixture)
        let known = world.columns.map { $0.keys.sorted() }
        for count in Self.counts {
            for depth in [0, 1, 3, 8] {
                let labels = (0..<depth).map { _ in
                    (0..<count).map { _ in Int.random(in: world.columns.indices, using: &generator) }
                }
                let models = (0..<count).map { model(labels.isEmpty ? [0] : known[labels[0][$0]], &generator) }
                let sums = models.map { _ in Int64(truncatingIfNeeded: generator.next()) >> 8 }
                let expected = models.indices.map { place in
                    labels.reduce(sums[place]) { $0 + Int64(world.columns[$1[place]][models[place]] ?? 0) }
                }
                let found = kernels.lookUp(
                    labels.map { $0.map { world.rows[$0] } }, of: models, to: sums,
                    in: world.index.pointer.pointee.rows)
                #expect(firstDifference(found, expected) == nil, "\(count) models, \(depth) rows of each")
            }
        }
    }

    /// The place of each weight once, and in dense rows also of the missing ones, with 0.
    @Test(arguments: Kernels.all, Mixture.allCases)
    func thePlacesOfWeightsAreRecorded(kernels: Kernels, mixture: Mixture) throws {
        var generator = SeededGenerator(seed: 54)
        let world = try world(mixture)
        let known = world.columns.map { $0.keys.sorted() }
        let memory = world.index.pointer.pointee.rows
        for count in Self.counts {
            for depth in [1, 3, 8] {
                let labels = (0..<depth).map { _ in
                    (0..<count).map { _ in Int.random(in: world.columns.indices, using: &generator) }
                }
                let models = labels[0].map { model(known[$0], &generator) }
                let (sums, found) = kernels.lookUpNoting(
                    labels.map { $0.map { world.rows[$0] } }, of: models, in: memory)
                let weights = labels.map { zip($0, models).map { world.columns[$0][$1] ?? 0 } }
                #expect(sums == models.indices.map { sum in weights.reduce(0) { $0 + Int64($1[sum]) } })
                #expect(found.allSatisfy { memory.weights[Int($0.place)] == weights[$0.row][$0.sum] })
                let expected = (0..<depth).flatMap { row in
                    models.indices.filter { weights[row][$0] != 0 || world.rows[labels[row][$0]].isDense }
                        .map { [row, $0] }
                }
                #expect(Set(found.map { [$0.row, $0.sum] }) == Set(expected) && found.count == expected.count)
            }
        }
    }

    @Test(arguments: Kernels.all, Mixture.allCases)
    func theWeightsOfAnyNumberOfRowsAreAddedToAnyNumberOfSums(kernels: Kernels, mixture: Mixture) throws {
        var generator = SeededGenerator(seed: 53)
        let world = try world(mixture)
        for rowCount in [0, 1, 2, 7, 8, 9, 30, 127, 128] {
            for count in Self.counts {
                let labels = (0..<rowCount).map { _ in Int.random(in: world.columns.indices, using: &generator) }
                let known = labels.first.map { world.columns[$0].keys.sorted() } ?? [0]
                let models = (0..<count).map { _ in model(known, &generator) }
                let sums = (0..<count).map { _ in Int64(truncatingIfNeeded: generator.next()) >> 8 }
                let expected = zip(models, sums).map { model, sum in
                    labels.reduce(sum) { $0 + Int64(world.columns[$1][model] ?? 0) }
                }
                let added = kernels.addRows(
                    labels.map { world.rows[$0] }, of: models, to: sums, in: world.index.pointer.pointee.rows)
                #expect(firstDifference(added, expected) == nil, "\(count) sums, \(rowCount) rows")
            }
        }
    }

    /// A candidate alone has its weights of both targets looked up together.
    @Test(arguments: Kernels.all, Mixture.allCases)
    func theWeightsOfOneModelOfEachTargetAreAddedUpTogether(kernels: Kernels, mixture: Mixture) throws {
        var generator = SeededGenerator(seed: 56)
        let world = try world(mixture)
        var memory = world.index.pointer.pointee.rows
        for rowCounts in [(0, 0), (1, 0), (0, 7), (8, 9), (16, 15), (33, 1), (64, 64)] {
            let labels = [rowCounts.0, rowCounts.1].map { count in
                (0..<count).map { _ in Int.random(in: world.columns.indices, using: &generator) }
            }
            let models = labels.map { labels in
                model(labels.first.map { world.columns[$0].keys.sorted() } ?? [0], &generator)
            }
            let expected = zip(labels, models).map { labels, model in
                labels.reduce(0) { $0 + Int64(world.columns[$1][model] ?? 0) }
            }
            for isFar in [Int64(0), 1] {
                memory.is_far = isFar
                let sums = kernels.addPair(labels.map { $0.map { world.rows[$0] } }, of: models, in: memory)
                #expect(sums == expected, "\(rowCounts) rows")
            }
        }
    }

    /// Fetching ahead, which pays in an index that is larger than the caches, changes no result.
    @Test(arguments: Kernels.all)
    func weightsAreTheSameInAnIndexFarAway(kernels: Kernels) throws {
        var generator = SeededGenerator(seed: 55)
        let world = try world(.all)
        let near = world.index.pointer.pointee.rows
        #expect(near.is_far == 0)
        var far = near
        far.is_far = 1
        for count in Self.counts {
            for depth in [0, 1, 3, 8] {
                let models = (0..<count).map { _ in UInt32.random(in: 0..<Self.models, using: &generator) }
                let rows = try (0..<depth).map { _ in
                    try models.map { _ in try #require(world.rows.randomElement(using: &generator)) }
                }
                let sums = [Int64](repeating: 0, count: count)
                #expect(
                    kernels.lookUp(rows, of: models, to: sums, in: far)
                        == kernels.lookUp(rows, of: models, to: sums, in: near))
                #expect(
                    kernels.addRows(world.rows, of: models, to: sums, in: far)
                        == kernels.addRows(world.rows, of: models, to: sums, in: near))
            }
        }
    }
}
