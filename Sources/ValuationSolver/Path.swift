// SPDX-License-Identifier: Apache-2.0
import CValuationSolver

/// Where the results are written.
struct Output {
    let fits: UnsafeMutablePointer<valuation_solver_fit>
    let coefficients: UnsafeMutablePointer<Double>
    let largestPenalty: UnsafeMutablePointer<Double>?
    let fittedCount: UnsafeMutablePointer<Int64>?
}

/// Fits a path: see valuation_solver_fit_path.
func fitPath(_ problem: Problem, _ settings: Settings, weightSum: Double, _ output: Output) throws(Failure) {
    guard let outcomes = problem.outcomes else { return }
    var memory = Memory()
    defer { memory.giveBack() }
    var fitter = try Fitter(
        problem, outcomes: outcomes, weightSum: weightSum, interceptPrecision: settings.interceptPrecision,
        stop: settings.stop, &memory)
    let largest = try fitter.fitNull(
        problem, tolerance: settings.tolerance, maximumIterations: settings.maximumIterations)
    output.largestPenalty?.pointee = largest
    if let initial = settings.initialCoefficients { try fitter.begin(problem, initial, settings.initialIntercept) }
    let count = problem.coefficientCount
    var former = settings.initialCoefficients == nil ? largest : 0
    for index in 0..<settings.penaltyCount {
        let penalty = settings.series[index] * (settings.areRatios ? largest : 1)
        let found = try fitter.fit(
            penalty: penalty, former: former, maximumIterations: settings.maximumIterations)
        let coefficients = output.coefficients + index &* count
        coefficients.update(from: fitter.coefficients, count: count)
        output.fits[index] = valuation_solver_fit(
            penalty: penalty, intercept: fitter.intercept, objective: found.objective, loss: fitter.loss.value,
            violation: found.violation, iterations: Int32(truncatingIfNeeded: found.iterations),
            converged: found.hasConverged ? 1 : 0)
        output.fittedCount?.pointee = Int64(index &+ 1)
        if let proceed = settings.proceed, !proceed(settings.context, output.fits + index, coefficients) { return }
        former = penalty
    }
}

extension Fitter {
    /// Moves to a caller's coefficients, except for those of columns that cannot have one.
    fileprivate mutating func begin(
        _ problem: Problem, _ initial: UnsafePointer<Double>, _ intercept: Double
    ) throws(Failure) {
        for column in 0..<columns.count { coefficients[column] = isPossible(column) ? initial[column] : 0 }
        moveTo(problem, intercept: intercept)
        try computeGradient()
    }
}
