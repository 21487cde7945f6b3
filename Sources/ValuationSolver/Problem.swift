// SPDX-License-Identifier: Apache-2.0
import CValuationSolver

/// A caller's problem, once its counts have been checked: see valuation_solver.h for the members.
struct Problem {
    /// The bound of numbers, offsets and initial coefficients, so that no sum of them overflows.
    static let bound = 1e6
    /// The bound of the precision of a prior, for a sum of the weights of 1.
    static let mostPrecision = 1e12

    let rowCount: Int
    /// The columns that rows name.
    let columnCount: Int
    let numberCount: Int
    let starts: UnsafePointer<Int64>?
    let columns: UnsafePointer<Int32>?
    let numbers: UnsafePointer<Double>?
    let outcomes: UnsafePointer<Double>?
    let weights: UnsafePointer<Double>?
    let offset: UnsafePointer<Double>?
    let penaltyFactors: UnsafePointer<Double>?
    let precisions: UnsafePointer<Double>?

    /// All columns, numbers included.
    var coefficientCount: Int { columnCount &+ numberCount }

    /// The entries of row `row`.
    @inline(__always)
    func entries(_ row: Int) -> Range<Int> {
        guard columnCount > 0, let starts else { return 0..<0 }
        return Range(uncheckedBounds: (Int(starts[row]), Int(starts[row &+ 1])))
    }

    /// Checks the counts, and that required arrays are not NULL.
    init(_ pointer: UnsafePointer<valuation_solver_problem>?) throws(Failure) {
        guard let pointer else { throw Failure(.invalidArgument, "The problem is NULL.") }
        let size = pointer.pointee.struct_size
        try checkSize(pointer, size, added: MemoryLayout<UnsafePointer<Double>?>.size)
        // A caller of the first version has no precisions.
        var given = valuation_solver_problem()
        withUnsafeMutableBytes(of: &given) { bytes in
            let known = min(Int(size), bytes.count)
            bytes.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: known))
        }
        let most = Int64(Int32.max)
        guard given.row_count > 0 && given.row_count <= most else {
            throw .member("row_count", "a problem has from 1 to 2147483647 rows.")
        }
        guard given.number_count <= 1_000_000 else {
            throw .member("number_count", "a row has at most 1000000 numbers.")
        }
        guard given.column_count >= 0 && given.column_count <= most - Int64(given.number_count) else {
            throw .member("column_count", "a problem has from 0 to 2147483647 columns, numbers included.")
        }
        rowCount = Int(given.row_count)
        columnCount = Int(given.column_count)
        numberCount = Int(given.number_count)
        starts = given.starts
        columns = given.columns
        numbers = given.numbers
        outcomes = given.outcomes
        weights = given.weights
        offset = given.offset
        penaltyFactors = given.penalty_factors
        precisions = given.precisions
    }

    /// Checks every row's entries, numbers and offset.
    func checkRows() throws(Failure) {
        if columnCount > 0 { try checkEntries() }
        if numberCount > 0 {
            guard let numbers else {
                throw .member("numbers", "it is NULL, but number_count is not 0.")
            }
            try check(
                "numbers", numbers, rowCount &* numberCount, of: .numbers(perRow: numberCount, first: columnCount),
                -Problem.bound...Problem.bound,
                "a number is finite and from -1e6 to 1e6; standardise the column.")
        }
        if let offset {
            try check(
                "offset", offset, rowCount, of: .rows, -Problem.bound...Problem.bound,
                "an offset is finite and from -1e6 to 1e6.")
        }
    }

    /// - Returns: the sum of all weights.
    @discardableResult
    func checkOutcomes() throws(Failure) -> Double {
        guard let outcomes else { throw .member("outcomes", "it is NULL; every row has an outcome.") }
        try check("outcomes", outcomes, rowCount, of: .rows, 0...1, "an outcome is a number from 0 to 1.")
        if let penaltyFactors {
            try check(
                "penalty_factors", penaltyFactors, coefficientCount, of: .columns, 0...Double.infinity,
                "a penalty factor is 0 or more; infinity keeps a column out.")
        }
        let weightSum = try checkWeights()
        if let precisions {
            try check(
                "precisions", precisions, coefficientCount, of: .columns, 0...Problem.mostPrecision * weightSum,
                "a precision lies between 0 and 1e12 times the sum of the weights.")
        }
        return weightSum
    }

    /// - Returns: their sum.
    @discardableResult
    func checkWeights() throws(Failure) -> Double {
        guard let weights else { return Double(rowCount) }
        try check(
            "weights", weights, rowCount, of: .rows, 0...Double.greatestFiniteMagnitude,
            "a weight is finite and 0 or more.")
        var sum = 0.0
        for row in 0..<rowCount { sum += weights[row] }
        guard sum >= 1e-200 && sum <= 1e200 else {
            throw .value(
                "weights", -1, "their sum must lie between 1e-200 and 1e200; at least one row needs a weight above 0.")
        }
        return sum
    }

    private func checkEntries() throws(Failure) {
        guard let starts else { throw .member("starts", "it is NULL, but column_count is not 0.") }
        guard starts[0] == 0 else { throw .value("starts", 0, "the first row begins at 0.") }
        for row in 0..<rowCount where starts[row &+ 1] < starts[row] {
            throw .value("starts", row &+ 1, row: row, "a row cannot end before it begins; starts must not fall.")
        }
        let count = starts[rowCount]
        guard count > 0 else { return }
        guard let columns else { throw .member("columns", "it is NULL, but rows have entries.") }
        guard count <= Int64(Int.max) / 8 else { throw .value("starts", rowCount, "there cannot be so many entries.") }
        let bound = UInt32(truncatingIfNeeded: columnCount)
        for entry in 0..<Int(count) where UInt32(bitPattern: columns[entry]) >= bound {
            throw .value("columns", entry, row: row(ofEntry: entry), "a column is from 0 to column_count - 1.")
        }
    }

    /// - Complexity: O(log rows).
    private func row(ofEntry entry: Int) -> Int {
        guard let starts else { return -1 }
        var (low, high) = (0, rowCount)
        while high &- low > 1 {
            let middle = (low &+ high) / 2
            if starts[middle] <= entry { low = middle } else { high = middle }
        }
        return low
    }
}

/// The owners of an array's values, in order.
enum Owners {
    case rows
    case columns
    /// For each row in turn the columns from `first` on.
    case numbers(perRow: Int, first: Int)
}

/// Finds values out of range; NaN is out of every range.
func check(
    _ name: StaticString, _ values: UnsafePointer<Double>, _ count: Int, of owners: Owners,
    _ range: ClosedRange<Double>,
    _ message: StaticString
) throws(Failure) {
    let (low, high) = (range.lowerBound, range.upperBound)
    for index in 0..<count {
        let value = values[index]
        if value >= low && value <= high { continue }
        switch owners {
        case .rows: throw .value(name, index, row: index, message)
        case .columns: throw .value(name, index, column: index, message)
        case .numbers(let perRow, let first):
            throw .value(name, index, row: index / perRow, column: first &+ index % perRow, message)
        }
    }
}
