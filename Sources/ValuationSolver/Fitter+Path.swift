// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// From one penalty to the next.
extension Fitter {
    /// Outcomes may be all alike, so the loss may be near 0; the accuracy is never finer than its share of this.
    private static var leastScale: Double { 1e-6 }

    /// Fits the intercept and what is never penalised, and computes the gradient there.
    ///
    /// - Parameter tolerance: the share of the loss that is accurate enough from here on.
    /// - Returns: the least penalty at which every penalised coefficient is 0.
    mutating func fitNull(_ problem: Problem, tolerance: Double, maximumIterations: Int) throws(Failure) -> Double {
        for column in 0..<columns.count where penaltyFactor(column) == 0 && isPossible(column) { addWorking(column) }
        // The minimum of the loss of the mean outcome, except for the offset.
        var (positives, offset) = (0.0, 0.0)
        for row in 0..<columns.rowCount {
            positives += weights[row] * outcomes[row]
            offset += weights[row] * (problem.offset?[row] ?? 0)
        }
        let mean = Double.minimum(Double.maximum(positives, 1e-9), 1 - 1e-9)
        moveTo(problem, intercept: log(mean / (1 - mean)) - offset)
        for _ in 0..<2 {
            accuracy = tolerance / 10 * Double.maximum(loss.value, Fitter.leastScale)
            var iterations = maximumIterations
            _ = try minimise(&iterations)
        }
        try computeGradient()
        var largest = 0.0
        for column in 0..<columns.count where penaltyFactor(column) > 0 && isPossible(column) {
            largest = Double.maximum(largest, gradient[column].magnitude / penaltyFactor(column))
        }
        return largest
    }

    /// Fits one penalty, starting from the current model, whose gradient is known.
    ///
    /// - Parameter former: the penalty that the model was fitted to, or the same one if to none.
    mutating func fit(penalty: Double, former: Double, maximumIterations: Int) throws(Failure) -> Fit {
        chooseWorking(penalty, former)
        var iterations = maximumIterations
        var hasConverged = false
        while iterations > 0 {
            let isMinimal = try minimise(&iterations)
            try computeGradient()
            if addViolating() == 0 {
                hasConverged = isMinimal
                break
            }
        }
        return Fit(
            penalty: penalty, objective: smoothObjective + self.penalty(), violation: violation(),
            iterations: maximumIterations &- iterations, hasConverged: hasConverged)
    }

    struct Fit {
        let penalty: Double
        let objective: Double
        let violation: Double
        let iterations: Int
        let hasConverged: Bool
    }

    private mutating func addWorking(_ column: Int) {
        isWorking[column] = true
        working[workingCount] = Int32(truncatingIfNeeded: column)
        workingCount &+= 1
    }

    /// Chooses the columns that are not 0, and by the sequential strong rule those that may come in (Tibshirani et al., "Strong rules for
    /// discarding predictors in lasso-type problems", 2012): a derivative rarely grows faster than the penalty falls.
    private mutating func chooseWorking(_ penalty: Double, _ former: Double) {
        workingCount = 0
        let least = 2 * penalty - Double.maximum(former, penalty)
        for column in 0..<columns.count {
            let factor = penaltyFactor(column)
            isWorking[column] = false
            limits[column] = penalty * factor
            if !isPossible(column) { continue }
            if coefficients[column] != 0 || gradient[column].magnitude >= factor * least {
                addWorking(column)
            }
        }
    }

    /// Adds columns that the rule has left out but that belong in. - Returns: how many.
    private mutating func addViolating() -> Int {
        let before = workingCount
        for column in 0..<columns.count where !isWorking[column] && isPossible(column) {
            if gradient[column].magnitude > limits[column] * (1 + 1e-9) { addWorking(column) }
        }
        return workingCount &- before
    }

    /// The largest violation of the conditions of the minimum (Karush, Kuhn, Tucker).
    private func violation() -> Double {
        var most = (loss.gradient - interceptPrecision * intercept).magnitude
        for column in 0..<columns.count where isPossible(column) {
            let coefficient = coefficients[column]
            let derivative = gradient[column] - precisions[column] * coefficient
            let limit = limits[column]
            let missed =
                coefficient == 0
                ? derivative.magnitude - limit : (derivative - (coefficient > 0 ? limit : -limit)).magnitude
            most = Double.maximum(most, missed)
        }
        return most
    }
}
