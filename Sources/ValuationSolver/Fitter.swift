// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// A model being fitted: its current state and working memory.
///
/// Arrays with an element for each column have `columns.count` elements, those with one for each row
/// `columns.rowCount`.
struct Fitter {
    let columns: Columns
    let outcomes: UnsafePointer<Double>
    let penaltyFactors: UnsafePointer<Double>?
    private let stop: UnsafePointer<Int32>?

    /// With a sum of 1.
    let weights: UnsafeMutablePointer<Double>
    /// The precisions of the priors, for the mean loss.
    let interceptPrecision: Double
    let precisions: UnsafeMutablePointer<Double>
    /// A Newton step that gains no more than this is the last one.
    var accuracy = 0.0

    var intercept = 0.0
    let coefficients: UnsafeMutablePointer<Double>
    /// At the coefficients.
    var predictor: UnsafeMutablePointer<Double>
    /// At the predictor.
    var loss = Loss()
    /// Of the quadratic approximation at the predictor, one for each row: w (y - p), less the effect of later steps,
    /// and w p (1 - p).
    let residuals: UnsafeMutablePointer<Double>
    let rowCurvatures: UnsafeMutablePointer<Double>

    /// The start of a step, and the predictor at its end.
    let formerCoefficients: UnsafeMutablePointer<Double>
    var nextPredictor: UnsafeMutablePointer<Double>
    /// How far the intercept has moved in a step; not yet in the residuals.
    var shift = 0.0

    /// Of the quadratic: how the intercept's derivative changes with a coefficient, and the second derivative with the
    /// intercept always at its optimum.
    let slopes: UnsafeMutablePointer<Double>
    let curvatures: UnsafeMutablePointer<Double>
    /// Minus the loss's derivatives.
    let gradient: UnsafeMutablePointer<Double>
    /// How large a derivative must be before a coefficient is worth its penalty.
    let limits: UnsafeMutablePointer<Double>

    /// The working columns, and those of them that are not 0.
    let working: UnsafeMutablePointer<Int32>
    var workingCount = 0
    let isWorking: UnsafeMutablePointer<Bool>
    let active: UnsafeMutablePointer<Int32>
    var activeCount = 0

    /// Starts with everything at 0.
    ///
    /// - Parameter sum: of all weights.
    init(
        _ problem: Problem, outcomes: UnsafePointer<Double>, weightSum sum: Double, interceptPrecision: Double,
        stop: UnsafePointer<Int32>?, _ memory: inout Memory
    ) throws(Failure) {
        columns = try Columns(problem, &memory)
        let (n, count) = (columns.rowCount, columns.count)
        self.outcomes = outcomes
        self.stop = stop
        self.interceptPrecision = interceptPrecision / sum
        penaltyFactors = problem.penaltyFactors
        precisions = try memory.take(count)
        weights = try memory.take(n)
        coefficients = try memory.take(count)
        predictor = try memory.take(n)
        residuals = try memory.take(n)
        rowCurvatures = try memory.take(n)
        formerCoefficients = try memory.take(count)
        nextPredictor = try memory.take(n)
        slopes = try memory.take(count)
        curvatures = try memory.take(count)
        gradient = try memory.take(count)
        limits = try memory.take(count)
        working = try memory.take(count)
        isWorking = try memory.take(count)
        active = try memory.take(count)
        for row in 0..<n { weights[row] = (problem.weights?[row] ?? 1) / sum }
        if let given = problem.precisions {
            for column in 0..<count { precisions[column] = given[column] / sum }
        }
    }

    @inline(__always)
    func penaltyFactor(_ column: Int) -> Double { penaltyFactors?[column] ?? 1 }

    /// Whether a column may have a coefficient at all.
    func isPossible(_ column: Int) -> Bool { penaltyFactor(column) < .infinity && !columns.isEmpty(column) }

    /// Moves the predictor and everything that depends on it to the coefficients. - Complexity: O(entries of columns
    /// that are not 0).
    mutating func moveTo(_ problem: Problem, intercept: Double) {
        self.intercept = intercept
        for row in 0..<columns.rowCount { predictor[row] = (problem.offset?[row] ?? 0) + intercept }
        for column in 0..<columns.count where coefficients[column] != 0 {
            columns.add(coefficients[column], of: column, to: predictor)
        }
        loss = approximate(predictor)
    }

    func approximate(_ predictor: UnsafePointer<Double>) -> Loss {
        ValuationSolver.approximate(
            columns.rowCount, predictor: predictor, outcomes: outcomes, weights: weights, residuals: residuals,
            curvatures: rowCurvatures)
    }

    /// Computes all derivatives at the coefficients. - Complexity: O(entries).
    @inline(never)
    mutating func computeGradient() throws(Failure) {
        try poll()
        for column in 0..<columns.count { gradient[column] = columns.product(column, residuals) }
    }

    /// The objective without the penalty on coefficients and their priors.
    var smoothObjective: Double { loss.value + interceptPrecision / 2 * intercept * intercept }

    /// Whether the caller has asked to stop.
    @inline(__always)
    func poll() throws(Failure) {
        if let stop, valuation_platform_load(stop) != 0 { throw .stopped }
    }
}
