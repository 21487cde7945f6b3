// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// The loss at some predictor, and its first two derivatives along the intercept.
struct Loss {
    var value = 0.0
    /// Minus the first derivative.
    var gradient = 0.0
    var curvature = 0.0
}

/// Computes the loss at a predictor, and its quadratic approximation for each row.
///
/// - Parameters:
///   - weights: with a sum of 1.
///   - residuals: receives w (y - p).
///   - curvatures: receives w p (1 - p).
/// - Complexity: O(rows), an exponential and a logarithm each.
@inline(never)
func approximate(
    _ count: Int, predictor: UnsafePointer<Double>, outcomes: UnsafePointer<Double>, weights: UnsafePointer<Double>,
    residuals: UnsafeMutablePointer<Double>, curvatures: UnsafeMutablePointer<Double>
) -> Loss {
    // A row's step is bounded by a million: far from its outcome, the quadratic would be misleading.
    let leastShare = 1e-6
    var loss = Loss()
    for row in 0..<count {
        let (eta, y, w) = (predictor[row], outcomes[row], weights[row])
        // Of exp(-|eta|), which does not overflow: 1 / (1 + a) is the greater of p and 1 - p.
        let a = exp(-eta.magnitude)
        let sum = 1 + a
        let greater = 1 / sum
        let lesser = a * greater
        let p = eta >= 0 ? greater : lesser
        // log(1 + a) to its last bit: the logarithm of the rounded sum, and what the rounding lost.
        let logarithm = log(sum) + (a - (sum - 1)) * greater
        loss.value += w * (logarithm + (eta > 0 ? eta : 0) - y * eta)
        let residual = w * (y - p)
        let curvature = Double.maximum(w * lesser * greater, leastShare * residual.magnitude)
        residuals[row] = residual
        curvatures[row] = curvature
        loss.gradient += residual
        loss.curvature += curvature
    }
    return loss
}
