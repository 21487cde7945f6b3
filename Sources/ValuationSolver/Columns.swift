// SPDX-License-Identifier: Apache-2.0

/// The problem in column order: for each column the rows that name it, in their order, and the numbers column after
/// column.
///
/// - Complexity: 4 bytes an entry, 8 a number, 9 a column; O(entries + numbers) time to build.
struct Columns {
    let rowCount: Int
    /// The number of columns that are lists of rows; those after them are numbers.
    let listCount: Int
    let count: Int
    private let starts: UnsafeMutablePointer<Int>
    private let rows: UnsafeMutablePointer<Int32>
    private let repeats: UnsafeMutablePointer<Bool>
    private let numbers: UnsafeMutablePointer<Double>

    init(_ problem: Problem, _ memory: inout Memory) throws(Failure) {
        let (n, p, m) = (problem.rowCount, problem.columnCount, problem.numberCount)
        (rowCount, listCount, count) = (n, p, p &+ m)
        let entryCount = p > 0 ? problem.entries(n &- 1).upperBound : 0
        starts = try memory.take(p &+ 2)
        rows = try memory.take(entryCount)
        repeats = try memory.take(p)
        numbers = try memory.take(n &* m)
        if let columns = problem.columns, entryCount > 0 { list(problem, columns, entryCount) }
        if let numbers = problem.numbers, m > 0 { transpose(numbers) }
    }

    /// A counting sort of the entries by column. The starts are stored one element later while rows are written. At the
    /// end, each has moved to the end of its column, which is the start of the next.
    private func list(_ problem: Problem, _ columns: UnsafePointer<Int32>, _ entryCount: Int) {
        for entry in 0..<entryCount { starts[Int(columns[entry]) &+ 2] &+= 1 }
        for column in 0..<listCount { starts[column &+ 2] &+= starts[column &+ 1] }
        for row in 0..<rowCount {
            for entry in problem.entries(row) {
                let column = Int(columns[entry])
                let place = starts[column &+ 1]
                starts[column &+ 1] = place &+ 1
                rows[place] = Int32(truncatingIfNeeded: row)
            }
        }
        for column in 0..<listCount {
            var place = starts[column] &+ 1
            let end = starts[column &+ 1]
            while place < end {
                if rows[place] == rows[place &- 1] { repeats[column] = true }
                place &+= 1
            }
        }
    }

    private func transpose(_ numbers: UnsafePointer<Double>) {
        let m = count &- listCount
        for row in 0..<rowCount {
            for number in 0..<m { self.numbers[number &* rowCount &+ row] = numbers[row &* m &+ number] }
        }
    }

    /// The rows of a column that is a list.
    @inline(__always)
    func rows(_ column: Int) -> UnsafeBufferPointer<Int32> {
        let start = starts[column]
        return UnsafeBufferPointer(
            start: rows + start, count: starts[column &+ 1] &- start)
    }

    /// The values of a column of numbers, one for each row.
    @inline(__always)
    func numbers(_ column: Int) -> UnsafePointer<Double> {
        UnsafePointer(numbers + (column &- listCount) &* rowCount)
    }

    /// Whether no row has more of a column than 1.
    @inline(__always)
    func isBinary(_ column: Int) -> Bool { column < listCount && !repeats[column] }

    /// Whether a column is 0 in all rows.
    @inline(__always)
    func isEmpty(_ column: Int) -> Bool {
        column < listCount && starts[column &+ 1] == starts[column]
    }
}
