// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

/// Weights go in model by model and come out label by label.
@Suite struct WeightRunsTests {
    /// The smallest number of weights that is sorted into a run.
    private static let smallestRun = 1 << 18

    private struct Posting: Equatable {
        var model: UInt32
        var mantissa: Int32
    }

    /// A row's weights, one after the other.
    private typealias Rows = [UInt32: [Posting]]

    /// The weights of one model.
    private typealias Weights = [(row: UInt32, mantissa: Int32)]

    private func append(
        _ model: UInt32, _ weights: Weights, to runs: inout WeightRuns, _ rows: inout Rows
    ) throws {
        for (row, mantissa) in weights {
            try runs.append(WeightRuns.Weight(row: row, model: model, mantissa: mantissa))
            rows[row, default: []].append(Posting(model: model, mantissa: mantissa))
        }
    }

    /// Takes `rows` and their neighbours in ascending order; returns only rows that have weights.
    private func take(_ asked: some Sequence<UInt32>, from runs: inout WeightRuns) throws -> Rows {
        try runs.finish()
        var rows = Rows()
        for row in Set(asked.flatMap { [$0 &- 1, $0, $0 &+ 1] }).sorted() {
            runs.take(row: row) { model, mantissa in
                rows[row, default: []].append(Posting(model: model, mantissa: mantissa))
            }
        }
        return rows
    }

    /// Random weights of random rows, some of them popular; a model has each row at most once.
    private func randomWeights(_ count: Int, using generator: inout SeededGenerator) -> Weights {
        var rows = Set<UInt32>()
        while rows.count < count {
            let bits = Int.random(in: 1...13, using: &generator)
            rows.insert(UInt32(truncatingIfNeeded: generator.next()) & (1 << bits - 1))
        }
        return rows.map { (row: $0, mantissa: Int32(truncatingIfNeeded: generator.next())) }
    }

    @Test func withoutWeightsNoRowHasAny() throws {
        var runs = WeightRuns()
        try runs.settle()
        #expect(runs.count == 0)
        #expect(try take([0, 1, 5], from: &runs).isEmpty)
    }

    @Test(arguments: [(1, 0), (1000, 0), (smallestRun + 3000, 1)])
    func weightsComeOutByRowInTheOrderOfModels(count: Int, runsBeforeTheLast: Int) throws {
        var generator = SeededGenerator(seed: UInt64(count))
        var runs = WeightRuns()
        var expected = Rows()
        var timesSettled = 0
        var rest = count
        var model: UInt32 = 0
        while rest > 0 {
            let weights = randomWeights(min(rest, Int.random(in: 0...500, using: &generator)), using: &generator)
            try append(model, weights, to: &runs, &expected)
            rest -= weights.count
            let settled = runs.unsettledCount
            try runs.append(WeightRuns.Weight(row: 5, model: model + 1, mantissa: 7))
            runs.truncateUnsettled(settled)
            model += UInt32.random(in: 1...300, using: &generator)
            try runs.settle()
            if weights.count > 0 && runs.unsettledCount == 0 { timesSettled += 1 }
        }
        #expect(runs.count == count)
        #expect(timesSettled == runsBeforeTheLast)
        #expect(try take(expected.keys, from: &runs) == expected)
        #expect(runs.count == count)
    }

    @Test func rowsThatAModelGivesInDescendingOrderComeOutAscending() throws {
        var runs = WeightRuns()
        var expected = Rows()
        for model in 0..<3 as Range<UInt32> {
            let weights = (0..<5000 as Range<UInt32>).reversed().map { (row: $0 * 7, mantissa: Int32($0) + 1) }
            try append(model, weights, to: &runs, &expected)
        }
        #expect(try take(expected.keys, from: &runs) == expected)
    }

    /// Rows are sorted by a few bits at a time.
    @Test(arguments: 0..<32 as Range<UInt32>) func rowsOfAnyNumberOfBitsComeOutAscending(bits: UInt32) throws {
        var runs = WeightRuns()
        var expected = Rows()
        let highest: UInt32 = 1 << bits
        let rows = Set([0, highest / 3, highest - 1, highest]).sorted().reversed()
        for model in 0..<3 as Range<UInt32> {
            try append(model, rows.map { (row: $0, mantissa: Int32(model + 1)) }, to: &runs, &expected)
        }
        #expect(try take(rows, from: &runs) == expected)
    }

    /// A distance takes one to five bytes.
    @Test func theExtremesOfRowsModelsAndWeightsSurvive() throws {
        let edges = [0, 7, 14, 21, 28].flatMap { bits in
            [(1 << bits) - 1, 1 << bits, (1 << bits) + 1].map { UInt32($0) }
        }
        let numbers = Set(edges + [.max, .max - 1]).sorted()
        let mantissas: [Int32] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]
        var runs = WeightRuns()
        var expected = Rows()
        for (position, model) in numbers.enumerated() {
            let weights = numbers.enumerated().map { place, row in
                (row: row, mantissa: mantissas[(position * 3 + place) % mantissas.count])
            }
            try append(model, weights, to: &runs, &expected)
        }
        let taken = try take(numbers, from: &runs)
        #expect(taken == expected)
        #expect(Set(taken.values.joined().map(\.mantissa)) == Set(mantissas))
    }

    /// One row holds everything: its length takes three bytes, and it spans two runs. The first run starts as early as it
    /// may.
    @Test func aRowMayHoldEveryWeight() throws {
        var generator = SeededGenerator(seed: 33)
        var runs = WeightRuns()
        var expected = Rows()
        for model in 0..<UInt32(Self.smallestRun + 20_000) {
            let weights = [(row: UInt32(77), mantissa: Int32(truncatingIfNeeded: generator.next()))]
            try append(model * 3, weights, to: &runs, &expected)
            try runs.settle()
        }
        #expect(runs.unsettledCount == 20_000)
        #expect(try take([77], from: &runs) == expected)
    }

    /// A model whose fault is found half way through is removed, and the next one gets its number.
    @Test func truncatedWeightsLeaveNothingBehind() throws {
        var generator = SeededGenerator(seed: 34)
        var runs = WeightRuns()
        var expected = Rows()
        var wrongRows = Set<UInt32>()
        for model in 0..<20 as Range<UInt32> {
            let (total, first) = (runs.count, runs.unsettledCount)
            var refused = Rows()
            let wrong = randomWeights(300, using: &generator)
            try append(model, wrong, to: &runs, &refused)
            #expect((first..<runs.unsettledCount).map { runs.unsettled($0).row } == wrong.map(\.row))
            runs.truncateUnsettled(first)
            #expect(runs.count == total && runs.unsettledCount == first)
            try append(model, randomWeights(100, using: &generator), to: &runs, &expected)
            wrongRows.formUnion(refused.keys)
        }
        #expect(try take(wrongRows.union(expected.keys), from: &runs) == expected)
    }
}
