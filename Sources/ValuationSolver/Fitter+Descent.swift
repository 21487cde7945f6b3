// SPDX-License-Identifier: Apache-2.0

/// Cyclic coordinate descent (Friedman, Hastie, Tibshirani, "Regularization paths for generalized linear models via coordinate
/// descent", 2010).
extension Fitter {
    /// Moves each of the listed coefficients to the minimum of quadratic and penalty, with the others fixed and the
    /// intercept always at its optimum.
    ///
    /// With the intercept at its optimum, a coefficient's derivative is g - slope × shift and the second one square -
    /// slope² / total; a step d of the coefficient moves the intercept by -d × slope / total. So rows need no update
    /// for the intercept. A coefficient's prior adds its precision to the curvature.
    ///
    /// - Returns: a lower bound of the gain: half the curvature times each step's square.
    /// - Complexity: O(entries of the columns), once more for those that move.
    @inline(never)
    mutating func descend(_ list: UnsafePointer<Int32>, _ count: Int) -> Double {
        let (coefficients, slopes) = (coefficients, slopes)
        let (curvatures, limits, precisions) = (curvatures, limits, precisions)
        let total = loss.curvature + interceptPrecision
        let perTotal = total > 0 ? 1 / total : 0
        let columns = columns
        let (residuals, rowCurvatures) = (residuals, rowCurvatures)
        var shift = shift
        var won = 0.0
        for place in 0..<count {
            let column = Int(list[place])
            let (former, curvature, limit) = (coefficients[column], curvatures[column], limits[column])
            let target = columns.product(column, residuals) - shift * slopes[column] + curvature * former
            var new = 0.0
            // Without curvature, no coefficient is justified.
            if target.magnitude > limit && curvature > 0 {
                new = (target > 0 ? target - limit : target + limit) / (curvature + precisions[column])
            }
            let step = new - former
            if step == 0 { continue }
            coefficients[column] = new
            shift -= step * slopes[column] * perTotal
            won += 0.5 * (curvature + precisions[column]) * step * step
            columns.subtract(step, of: column, times: rowCurvatures, from: residuals)
        }
        self.shift = shift
        return won
    }
}
