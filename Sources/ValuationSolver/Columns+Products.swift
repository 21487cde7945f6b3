// SPDX-License-Identifier: Apache-2.0

/// Products of a column with one value for each row. Each takes O(entries of the column).
///
/// There are four partial sums, because an addition takes longer than a read; always the same four, so that the bits
/// are the same.
extension Columns {
    /// The sum of a column's x times the values.
    @inline(__always)
    func product(_ column: Int, _ values: UnsafePointer<Double>) -> Double {
        if column >= listCount {
            let numbers = numbers(column)
            return Columns.sum(rowCount) { numbers[$0] * values[$0] }
        }
        let rows = rows(column)
        guard let start = rows.baseAddress else { return 0 }
        return Columns.sum(rows.count) { values[Int(start[$0])] }
    }

    /// The sum of a column's x² times the values.
    @inline(__always)
    func squareProduct(_ column: Int, _ values: UnsafePointer<Double>) -> Double {
        if column >= listCount {
            let numbers = numbers(column)
            return Columns.sum(rowCount) { numbers[$0] * numbers[$0] * values[$0] }
        }
        // A row that names the column more than once occurs as often, in sequence.
        let rows = rows(column)
        var sum = 0.0
        var start = 0
        while start < rows.count {
            var end = start &+ 1
            while end < rows.count && rows[end] == rows[start] { end &+= 1 }
            let times = Double(end &- start)
            sum += times * times * values[Int(rows[start])]
            start = end
        }
        return sum
    }

    /// Adds a multiple of a column's x to the values.
    @inline(__always)
    func add(_ factor: Double, of column: Int, to values: UnsafeMutablePointer<Double>) {
        if column >= listCount {
            let numbers = numbers(column)
            for row in 0..<rowCount { values[row] += factor * numbers[row] }
        } else {
            for row in rows(column) { values[Int(row)] += factor }
        }
    }

    /// Subtracts a multiple of a column's x, each times its row's scale, from the values.
    @inline(__always)
    func subtract(
        _ factor: Double, of column: Int, times scales: UnsafePointer<Double>, from values: UnsafeMutablePointer<Double>
    ) {
        if column >= listCount {
            let numbers = numbers(column)
            for row in 0..<rowCount { values[row] -= factor * numbers[row] * scales[row] }
        } else {
            for row in rows(column) { values[Int(row)] -= factor * scales[Int(row)] }
        }
    }

    @inline(__always)
    private static func sum(_ count: Int, _ term: (Int) -> Double) -> Double {
        var (first, second, third, fourth) = (0.0, 0.0, 0.0, 0.0)
        var index = 0
        let end = count & ~3
        while index < end {
            first += term(index)
            second += term(index &+ 1)
            third += term(index &+ 2)
            fourth += term(index &+ 3)
            index &+= 4
        }
        while index < count {
            first += term(index)
            index &+= 1
        }
        return (first + second) + (third + fourth)
    }
}
