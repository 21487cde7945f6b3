// SPDX-License-Identifier: Apache-2.0
import CValuationSolver

/// Fuzz target of the solver.
///
/// Whatever the arrays hold, the solver must refuse them with a place and a reason, or fit finite models that are no
/// worse than a model without coefficients; a second fit must give the same ones.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    var bytes = Bytes(UnsafeBufferPointer(start: start, count: count))
    let example = Example(&bytes)
    example.check()
    return 0
}

/// The input, followed by zeros.
private struct Bytes {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var next = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    mutating func take() -> Int {
        if next >= bytes.count { return 0 }
        defer { next += 1 }
        return Int(bytes[next])
    }

    /// The number that a byte stands for: most are ordinary, some are not.
    mutating func number() -> Double {
        let strange: [Double] = [
            .nan, .infinity, -.infinity, 1e308, -1e308, .leastNonzeroMagnitude, -0.0, 1e6, -1e6, 1.1e6, 1e-160, 1e150,
            1e-200,
            1e200,
        ]
        let byte = take()
        if byte >= 256 - strange.count { return strange[byte - 256 + strange.count] }
        return Double(byte - 64) / 32
    }

    /// The same, mostly from 0 to 1.
    mutating func share() -> Double {
        let number = number()
        return number >= -2 && number <= 5.5 ? (number + 2) / 7.5 : number
    }

    mutating func numbers(_ count: Int) -> [Double] { (0..<count).map { _ in number() } }
    mutating func shares(_ count: Int) -> [Double] { (0..<count).map { _ in share() } }
}

/// The result of a fit, as bits.
private struct Answer: Equatable {
    var status: valuation_solver_status = 0
    var fitted: Int64 = 0
    var largest: UInt64 = 0
    var numbers: [UInt64] = []
}

private struct Example {
    private let starts: [Int64]
    private let columns: [Int32]
    private let columnCount: Int
    private let numberCount: Int
    private let numbers: [Double]
    private let outcomes: [Double]
    private let weights: [Double]?
    private let offset: [Double]?
    private let factors: [Double]?
    private let precisions: [Double]?
    private let initial: [Double]?
    private let series: [Double]
    private let areRatios: Bool
    private let precision: Double
    private let iterations: UInt32
    private let tolerance: Double

    private var rowCount: Int { starts.count - 1 }
    private var coefficientCount: Int { columnCount + numberCount }

    init(_ bytes: inout Bytes) {
        let flags = bytes.take()
        let n = bytes.take() % 24 + 1
        var (starts, columns): ([Int64], [Int32]) = ([0], [])
        columnCount = bytes.take() % 9
        numberCount = bytes.take() % 4
        // One byte more than there are columns: some are out of range.
        for _ in 0..<n {
            for _ in 0..<bytes.take() % 5 where columnCount > 0 {
                columns.append(Int32(bytes.take() % (columnCount * 8 + 1) / 8))
            }
            starts.append(Int64(columns.count))
        }
        if flags & 1 != 0 && bytes.take() == 7 { starts[bytes.take() % n] = Int64(bytes.take()) - 100 }
        (self.starts, self.columns) = (starts, columns)
        numbers = bytes.numbers(n * numberCount)
        outcomes = bytes.shares(n)
        weights = flags & 2 != 0 ? bytes.shares(n) : nil
        offset = flags & 4 != 0 ? bytes.numbers(n).map { $0 * 8 } : nil
        factors = flags & 8 != 0 ? bytes.shares(columnCount + numberCount) : nil
        initial = flags & 16 != 0 ? bytes.numbers(columnCount + numberCount) : nil
        areRatios = flags & 32 != 0
        precision = flags & 64 != 0 ? bytes.share() * 10 : 0
        iterations = flags & 128 != 0 ? 3 : 100
        tolerance = [1e-9, 1e-14, 1e-2, bytes.share()][bytes.take() % 4]
        let first = bytes.share()
        series = [first, first / 3, bytes.take() == 9 ? bytes.number() : first / 100, first / 1e9]
        precisions = bytes.take() & 1 != 0 ? bytes.shares(columnCount + numberCount).map { $0 * 10 } : nil
    }

    func check() {
        let first = fit()
        precondition(fit() == first, "a second run gives other bits")
        if first.status != Status.ok.rawValue { return }
        precondition(first.fitted == Int64(series.count), "not every penalty was fitted")
        precondition(first.numbers.allSatisfy { Double(bitPattern: $0).isFinite }, "a result is not finite")
    }

    /// Passes the problem to `body`.
    private func withProblem<Result>(_ body: (UnsafePointer<valuation_solver_problem>) -> Result) -> Result {
        var problem = valuation_solver_problem()
        problem.struct_size = UInt32(MemoryLayout<valuation_solver_problem>.size)
        problem.row_count = Int64(rowCount)
        problem.column_count = Int64(columnCount)
        problem.number_count = UInt32(numberCount)
        return starts.withUnsafeBufferPointer { starts in
            columns.withUnsafeBufferPointer { columns in
                numbers.withUnsafeBufferPointer { numbers in
                    outcomes.withUnsafeBufferPointer { outcomes in
                        pointer(weights) { weights in
                            pointer(offset) { offset in
                                pointer(factors) { factors in
                                    pointer(precisions) { precisions in
                                        problem.starts = starts.baseAddress
                                        problem.columns = columns.baseAddress
                                        problem.numbers = numbers.baseAddress
                                        problem.outcomes = outcomes.baseAddress
                                        problem.weights = weights
                                        problem.offset = offset
                                        problem.penalty_factors = factors
                                        problem.precisions = precisions
                                        return body(&problem)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    private func fit() -> Answer {
        let (count, series, areRatios, initial) = (coefficientCount, series, areRatios, initial)
        var settings = valuation_solver_settings()
        settings.struct_size = UInt32(MemoryLayout<valuation_solver_settings>.size)
        settings.maximum_iterations = iterations
        settings.penalty_count = Int64(series.count)
        settings.tolerance = tolerance
        settings.intercept_precision = precision
        return withProblem { problem in
            var answer = Answer()
            var error = valuation_solver_error()
            error.struct_size = UInt32(MemoryLayout<valuation_solver_error>.size)
            var largest = 0.0
            var fits = [valuation_solver_fit](repeating: valuation_solver_fit(), count: series.count)
            var coefficients = [Double](repeating: 0, count: series.count * count)
            series.withUnsafeBufferPointer { series in
                pointer(initial) { initial in
                    settings.penalties = areRatios ? nil : series.baseAddress
                    settings.ratios = areRatios ? series.baseAddress : nil
                    settings.initial_coefficients = initial
                    answer.status = valuation_solver_fit_path(
                        problem, &settings, &fits, &coefficients, &largest, &answer.fitted, &error)
                }
            }
            precondition(answer.status == error.status, "the error has another status")
            if answer.status != Status.ok.rawValue {
                precondition(error.message.0 != 0, "a refusal without a reason")
                let isRefusal =
                    answer.status == Status.invalidValue.rawValue || answer.status == Status.invalidArgument.rawValue
                precondition(isRefusal, "a failure that the input does not explain")
                return answer
            }
            precondition(valuation_solver_check(problem, &error) == Status.ok.rawValue, "fitted though refused")
            answer.largest = largest.bitPattern
            answer.numbers = coefficients.map(\.bitPattern)
            for (index, fit) in fits.enumerated() {
                answer.numbers += [fit.penalty, fit.intercept, fit.objective, fit.loss, fit.violation].map(\.bitPattern)
                let model = Array(coefficients[index * count..<(index + 1) * count])
                checkModel(problem, fit, model)
            }
            return answer
        }
    }

    /// The model's predictions for the rows must be numbers, too.
    private func checkModel(
        _ problem: UnsafePointer<valuation_solver_problem>, _ fit: valuation_solver_fit, _ model: [Double]
    ) {
        var predictor = [Double](repeating: 0, count: rowCount)
        var (ofIntercept, curvatures) = (0.0, [Double](repeating: 0, count: max(1, model.count)))
        let isPredicted = valuation_solver_linear_predictor(problem, fit.intercept, model, &predictor, nil)
        let isCurved = valuation_solver_curvature(problem, fit.intercept, model, &ofIntercept, &curvatures, nil)
        precondition(isPredicted == 0 && isCurved == 0, "a fitted model is refused")
        precondition(predictor.allSatisfy(\.isFinite), "a linear predictor is not finite")
        precondition(ofIntercept >= 0 && curvatures.allSatisfy { $0 >= 0 && $0.isFinite }, "a curvature below 0")
    }
}

/// Passes an array's values to `body`, or nil if there is none.
private func pointer<Result>(_ array: [Double]?, _ body: (UnsafePointer<Double>?) -> Result) -> Result {
    guard let array else { return body(nil) }
    return array.withUnsafeBufferPointer { body($0.baseAddress) }
}
