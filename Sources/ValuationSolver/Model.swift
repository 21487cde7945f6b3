// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// A fitted model, and rows to apply it to.
struct Model {
    private let problem: Problem
    private let intercept: Double
    private let coefficients: UnsafePointer<Double>

    init(_ intercept: Double, _ coefficients: UnsafePointer<Double>?, _ problem: Problem) throws(Failure) {
        guard intercept.isFinite else { throw .member("intercept", "it is not finite.") }
        let count = problem.coefficientCount
        guard let coefficients = coefficients ?? (count == 0 ? .init(bitPattern: 8) : nil) else {
            throw .member("coefficients", "it is NULL, but there are columns.")
        }
        let most = Double.greatestFiniteMagnitude
        try check("coefficients", coefficients, count, of: .columns, -most...most, "a coefficient is finite.")
        self.problem = problem
        self.intercept = intercept
        self.coefficients = coefficients
    }

    /// - Complexity: O(entries and numbers of the row).
    @inline(__always)
    func predictor(_ row: Int) -> Double {
        var sum = (problem.offset?[row] ?? 0) + intercept
        if let columns = problem.columns {
            for entry in problem.entries(row) { sum += coefficients[Int(columns[entry])] }
        }
        if let numbers = problem.numbers {
            let (first, m) = (numbers + row &* problem.numberCount, problem.numberCount)
            for number in 0..<m { sum += coefficients[problem.columnCount &+ number] * first[number] }
        }
        return sum
    }

    /// Writes what valuation_solver_curvature promises. - Complexity: O(entries + numbers), 8 bytes a column.
    func writeCurvatures(
        _ curvatures: UnsafeMutablePointer<Double>, ofIntercept interceptCurvature: UnsafeMutablePointer<Double>
    ) throws(Failure) {
        var memory = Memory()
        defer { memory.giveBack() }
        // How often the current row has named a column so far, and which row that was.
        let times: UnsafeMutablePointer<Int32> = try memory.take(problem.columnCount)
        let lastRow: UnsafeMutablePointer<Int32> = try memory.take(problem.columnCount)
        for column in 0..<problem.coefficientCount { curvatures[column] = 0 }
        var sum = 0.0
        for row in 0..<problem.rowCount {
            let a = exp(-predictor(row).magnitude)
            let curvature = (problem.weights?[row] ?? 1) * a / ((1 + a) * (1 + a))
            sum += curvature
            // 0 stands for no row.
            let name = Int32(truncatingIfNeeded: row &+ 1)
            if let columns = problem.columns {
                for entry in problem.entries(row) {
                    let column = Int(columns[entry])
                    if lastRow[column] != name {
                        lastRow[column] = name
                        times[column] = 0
                    }
                    // x² grows by the odd numbers: 1, 3, 5.
                    let former = times[column]
                    times[column] = former &+ 1
                    curvatures[column] += curvature * Double(2 &* Int(former) &+ 1)
                }
            }
            if let numbers = problem.numbers {
                let (first, m) = (numbers + row &* problem.numberCount, problem.numberCount)
                for number in 0..<m {
                    curvatures[problem.columnCount &+ number] += curvature * first[number] * first[number]
                }
            }
        }
        interceptCurvature.pointee = sum
    }
}
