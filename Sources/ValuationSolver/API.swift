// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuationSolver

// The exported functions: see valuation_solver.h.

/// See valuation_solver.h.
@c @implementation
public func valuation_solver_version() -> UnsafePointer<CChar>! {
    valuation_version_text()
}

/// See valuation_solver.h.
@c @implementation
public func valuation_solver_abi_version() -> UInt32 {
    UInt32(VALUATION_SOLVER_ABI_VERSION)
}

/// See valuation_solver.h.
@c @implementation
public func valuation_solver_check(
    _ problem: UnsafePointer<valuation_solver_problem>!, _ error: UnsafeMutablePointer<valuation_solver_error>!
) -> valuation_solver_status {
    call(error) { () throws(Failure) in
        let problem = try Problem(problem)
        try problem.checkRows()
        try problem.checkOutcomes()
    }
}

/// See valuation_solver.h.
@c @implementation
public func valuation_solver_fit_path(
    _ problem: UnsafePointer<valuation_solver_problem>!, _ settings: UnsafePointer<valuation_solver_settings>!,
    _ fits: UnsafeMutablePointer<valuation_solver_fit>!, _ coefficients: UnsafeMutablePointer<Double>!,
    _ largest_penalty: UnsafeMutablePointer<Double>!, _ fitted_count: UnsafeMutablePointer<Int64>!,
    _ error: UnsafeMutablePointer<valuation_solver_error>!
) -> valuation_solver_status {
    fitted_count?.pointee = 0
    return call(error) { () throws(Failure) in
        let problem = try Problem(problem)
        try problem.checkRows()
        let weightSum = try problem.checkOutcomes()
        let settings = try Settings(settings, problem, weightSum: weightSum)
        guard let fits, let coefficients = coefficients ?? (problem.coefficientCount == 0 ? .init(bitPattern: 8) : nil)
        else { throw Failure(.invalidArgument, "There is no memory for fits or coefficients; it is NULL.") }
        try fitPath(
            problem, settings, weightSum: weightSum,
            Output(
                fits: fits, coefficients: coefficients, largestPenalty: largest_penalty, fittedCount: fitted_count))
    }
}

/// See valuation_solver.h.
@c @implementation
public func valuation_solver_linear_predictor(
    _ problem: UnsafePointer<valuation_solver_problem>!, _ intercept: Double, _ coefficients: UnsafePointer<Double>!,
    _ predictor: UnsafeMutablePointer<Double>!, _ error: UnsafeMutablePointer<valuation_solver_error>!
) -> valuation_solver_status {
    call(error) { () throws(Failure) in
        let problem = try Problem(problem)
        try problem.checkRows()
        let model = try Model(intercept, coefficients, problem)
        guard let predictor else {
            throw Failure(.invalidArgument, "There is no memory for the predictor; it is NULL.")
        }
        for row in 0..<problem.rowCount { predictor[row] = model.predictor(row) }
    }
}

/// See valuation_solver.h.
@c @implementation
public func valuation_solver_curvature(
    _ problem: UnsafePointer<valuation_solver_problem>!, _ intercept: Double, _ coefficients: UnsafePointer<Double>!,
    _ intercept_curvature: UnsafeMutablePointer<Double>!, _ curvatures: UnsafeMutablePointer<Double>!,
    _ error: UnsafeMutablePointer<valuation_solver_error>!
) -> valuation_solver_status {
    call(error) { () throws(Failure) in
        let problem = try Problem(problem)
        try problem.checkRows()
        try problem.checkWeights()
        let model = try Model(intercept, coefficients, problem)
        guard let intercept_curvature,
            let curvatures = curvatures ?? (problem.coefficientCount == 0 ? .init(bitPattern: 8) : nil)
        else { throw Failure(.invalidArgument, "There is no memory for the curvatures; it is NULL.") }
        try model.writeCurvatures(curvatures, ofIntercept: intercept_curvature)
    }
}
