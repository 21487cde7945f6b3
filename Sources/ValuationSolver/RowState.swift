// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// What the quadratic approximation of the loss knows of a row. Side by side, for whoever needs one often needs the other.
struct RowState {
    /// What is left of w (y - p) / W once the steps taken since are accounted for.
    var residual: Double
    /// w p (1 - p) / W.
    var curvature: Double
}

/// The loss at some predictor, and its first two derivatives along the intercept.
struct Loss {
    var value = 0.0
    /// Minus the first derivative.
    var gradient = 0.0
    var curvature = 0.0
}

/// Computes the loss and each row's state.
///
/// - Parameter weights: with a sum of 1.
/// - Complexity: O(rows), an exponential and a logarithm each.
@inline(never)
func approximate(
    _ count: Int, predictor: UnsafePointer<Double>, outcomes: UnsafePointer<Double>, weights: UnsafePointer<Double>,
    _ states: UnsafeMutablePointer<RowState>
) -> Loss {
    // A row's step is bounded by a million: the quadratic would lead astray where an outcome is far from what is predicted.
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
        states[row] = RowState(residual: residual, curvature: curvature)
        loss.gradient += residual
        loss.curvature += curvature
    }
    return loss
}

extension UnsafePointer<RowState> {
    /// Sums what `value` says of rows.
    ///
    /// Four sums at a time, for an addition takes longer than a read; always the same four, so that the bits are the same.
    @inline(__always)
    func sum(_ rows: UnsafeBufferPointer<Int32>, _ value: (RowState) -> Double) -> Double {
        guard let start = rows.baseAddress else { return 0 }
        var (first, second, third, fourth) = (0.0, 0.0, 0.0, 0.0)
        var index = 0
        let end = rows.count & ~3
        while index < end {
            first += value(self[Int(start[index])])
            second += value(self[Int(start[index &+ 1])])
            third += value(self[Int(start[index &+ 2])])
            fourth += value(self[Int(start[index &+ 3])])
            index &+= 4
        }
        while index < rows.count {
            first += value(self[Int(start[index])])
            index &+= 1
        }
        return (first + second) + (third + fourth)
    }

    /// Sums what `value` says of each row and its number.
    @inline(__always)
    func sum(_ numbers: UnsafePointer<Double>, _ count: Int, _ value: (RowState, Double) -> Double) -> Double {
        var (first, second, third, fourth) = (0.0, 0.0, 0.0, 0.0)
        var row = 0
        let end = count & ~3
        while row < end {
            first += value(self[row], numbers[row])
            second += value(self[row &+ 1], numbers[row &+ 1])
            third += value(self[row &+ 2], numbers[row &+ 2])
            fourth += value(self[row &+ 3], numbers[row &+ 3])
            row &+= 4
        }
        while row < count {
            first += value(self[row], numbers[row])
            row &+= 1
        }
        return (first + second) + (third + fourth)
    }
}
