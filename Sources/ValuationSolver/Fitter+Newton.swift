// SPDX-License-Identifier: Apache-2.0

/// Proximal Newton steps over the working columns (Yuan, Ho, Lin, "An improved GLMNET for L1-regularized logistic regression", 2012).
extension Fitter {
    /// More passes in one step are useless: the quadratic is nearly minimal, or not worth it.
    private static var mostPasses: Int { 1_000 }
    private static var mostHalvings: Int { 40 }
    /// The quadratic is only an approximation: a remainder below this share is not worth a pass.
    private static var negligible: Double { 0.05 }

    private enum Step {
        /// There may be more to gain.
        case further
        /// It has gained no more than the accuracy.
        case last
        /// No fraction of it gains anything: the precision of numbers is exhausted.
        case vain
    }

    /// Takes steps until one gains no more than the accuracy.
    ///
    /// - Parameter iterations: how many steps may still be taken.
    /// - Returns: whether that was reached before the steps or the precision of numbers ran out.
    mutating func minimise(_ iterations: inout Int) throws(Failure) -> Bool {
        while iterations > 0 {
            iterations &-= 1
            switch try step() {
            case .further: continue
            case .last: return true
            case .vain: return false
            }
        }
        return false
    }

    /// Minimises the quadratic, and goes to its minimum, or half the way, a quarter, and so on, until that gains a
    /// share of the prediction.
    private mutating func step() throws(Failure) -> Step {
        let before = smoothObjective + prepare()
        let won = try minimiseQuadratic()
        let formerIntercept = intercept
        intercept += shift
        writeNextPredictor()
        // Rounding may hide a small gain.
        let noise = 1e-15 * (1 + before.magnitude)
        var share = 1.0
        for _ in 0..<Fitter.mostHalvings {
            loss = approximate(nextPredictor)
            if smoothObjective + penalty() <= before - 1e-3 * share * won + noise {
                swap(&predictor, &nextPredictor)
                return won <= accuracy ? .last : .further
            }
            try poll()
            share /= 2
            halve(formerIntercept)
        }
        for place in 0..<workingCount {
            let column = Int(working[place])
            coefficients[column] = formerCoefficients[column]
        }
        intercept = formerIntercept
        loss = approximate(predictor)
        return .vain
    }

    /// The penalty of the working coefficients, with their priors'; the others are 0.
    func penalty() -> Double {
        var penalty = 0.0
        for place in 0..<workingCount {
            let column = Int(working[place])
            let coefficient = coefficients[column]
            if coefficient != 0 {
                penalty += limits[column] * coefficient.magnitude
                penalty += precisions[column] / 2 * coefficient * coefficient
            }
        }
        return penalty
    }

    /// Computes the quadratic at the coefficients. - Returns: their penalty.
    @inline(never)
    private mutating func prepare() -> Double {
        let (slopes, curvatures) = (slopes, curvatures)
        let total = loss.curvature + interceptPrecision
        shift = total > 0 ? (loss.gradient - interceptPrecision * intercept) / total : 0
        for place in 0..<workingCount {
            let column = Int(working[place])
            formerCoefficients[column] = coefficients[column]
            let slope = columns.product(column, rowCurvatures)
            let square = columns.isBinary(column) ? slope : columns.squareProduct(column, rowCurvatures)
            slopes[column] = slope
            // A column that is in every row is equivalent to the intercept: nothing would be left of its curvature.
            curvatures[column] = total > 0 ? Double.maximum(square - slope * slope / total, 1e-6 * square) : square
        }
        return penalty()
    }

    /// Alternates between passes over all working columns, and over those that are not 0 until they settle.
    ///
    /// - Returns: a lower bound of the decrease of the quadratic.
    private mutating func minimiseQuadratic() throws(Failure) -> Double {
        var won = (loss.curvature + interceptPrecision) / 2 * shift * shift
        var isFull = true
        var former = 0.0
        var ratio = 0.0
        for _ in 0..<Fitter.mostPasses {
            try poll()
            let part = isFull ? descend(working, workingCount) : descend(active, activeCount)
            won += part
            // Passes over the same columns gain less and less, in the end by a constant ratio, which gives the
            // remaining gain.
            if former > 0 { ratio = Double.minimum(part / former, 0.999) }
            let isEnough = part / (1 - ratio) <= Double.maximum(accuracy / 10, won * Fitter.negligible)
            if isFull {
                if isEnough { break }
                collectActive()
                isFull = false
                former = 0
            } else {
                isFull = isEnough
                former = isEnough ? 0 : part
            }
        }
        return won
    }

    private mutating func collectActive() {
        activeCount = 0
        for place in 0..<workingCount {
            let column = working[place]
            if coefficients[Int(column)] == 0 { continue }
            active[activeCount] = column
            activeCount &+= 1
        }
    }

    /// - Complexity: O(rows + entries of columns that have moved).
    @inline(never)
    private func writeNextPredictor() {
        let next = nextPredictor
        for row in 0..<columns.rowCount { next[row] = predictor[row] + shift }
        for place in 0..<workingCount {
            let column = Int(working[place])
            let step = coefficients[column] - formerCoefficients[column]
            if step != 0 { columns.add(step, of: column, to: next) }
        }
    }

    /// Goes half the way back.
    private mutating func halve(_ formerIntercept: Double) {
        for row in 0..<columns.rowCount {
            nextPredictor[row] = (nextPredictor[row] + predictor[row]) / 2
        }
        for place in 0..<workingCount {
            let column = Int(working[place])
            coefficients[column] = (coefficients[column] + formerCoefficients[column]) / 2
        }
        intercept = (intercept + formerIntercept) / 2
    }
}
