// SPDX-License-Identifier: Apache-2.0
import CValuationSolver

/// How a path is to be fitted: a caller's settings, once they have been checked.
struct Settings {
    let maximumIterations: Int
    let penaltyCount: Int
    /// Penalties, or ratios of the largest one.
    let series: UnsafePointer<Double>
    let areRatios: Bool
    let tolerance: Double
    let interceptPrecision: Double
    let initialCoefficients: UnsafePointer<Double>?
    let initialIntercept: Double
    let stop: UnsafePointer<Int32>?
    let proceed: valuation_solver_proceed?
    let context: UnsafeMutableRawPointer?

    init(
        _ pointer: UnsafePointer<valuation_solver_settings>?, _ problem: Problem, weightSum: Double
    ) throws(Failure) {
        guard let pointer else { throw Failure(.invalidArgument, "The settings are NULL.") }
        try checkSize(pointer, pointer.pointee.struct_size)
        let given = pointer.pointee
        guard given.maximum_iterations > 0 else {
            throw .member("maximum_iterations", "at least 1 is needed.")
        }
        guard given.penalty_count > 0 else {
            throw .member("penalty_count", "a path has at least 1 penalty.")
        }
        guard given.tolerance >= 1e-14 && given.tolerance <= 1e-2 else {
            throw .member("tolerance", "it lies between 1e-14 and 1e-2.")
        }
        guard given.intercept_precision >= 0 && given.intercept_precision <= Problem.mostPrecision * weightSum else {
            throw .member("intercept_precision", "it lies between 0 and 1e12 times the sum of the weights.")
        }
        maximumIterations = Int(min(given.maximum_iterations, UInt32(Int32.max)))
        penaltyCount = Int(given.penalty_count)
        tolerance = given.tolerance
        interceptPrecision = given.intercept_precision
        stop = given.stop
        proceed = given.proceed
        context = given.context
        switch (given.penalties, given.ratios) {
        case (let penalties?, nil): (series, areRatios) = (penalties, false)
        case (nil, let ratios?): (series, areRatios) = (ratios, true)
        default: throw Failure(.invalidArgument, "Give either penalties or ratios, and NULL for the other.")
        }
        initialCoefficients = given.initial_coefficients
        initialIntercept = initialCoefficients == nil ? 0 : given.initial_intercept
        try Settings.checkSeries(series, penaltyCount, areRatios)
        let range = -Problem.bound...Problem.bound
        if let initialCoefficients {
            try check(
                "initial_coefficients", initialCoefficients, problem.coefficientCount, of: .columns, range,
                "it lies between -1e6 and 1e6.")
        }
        guard range.contains(initialIntercept) else {
            throw .member("initial_intercept", "it lies between -1e6 and 1e6.")
        }
    }

    private static func checkSeries(
        _ series: UnsafePointer<Double>, _ count: Int, _ areRatios: Bool
    ) throws(Failure) {
        let name: StaticString = areRatios ? "ratios" : "penalties"
        for index in 0..<count {
            let value = series[index]
            if areRatios && !(value > 0 && value <= Problem.bound) {
                throw .value(name, index, "a ratio is above 0 and at most 1e6.")
            }
            if !(value >= 0 && value <= 1e100) { throw .value(name, index, "a penalty lies between 0 and 1e100.") }
            if index > 0 && value >= series[index &- 1] {
                throw .value(name, index, "each must be less than the one before.")
            }
        }
    }
}
