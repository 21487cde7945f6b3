// SPDX-License-Identifier: Apache-2.0
import CKernels

/// The uncertainty of the models' weights: the standard deviation of each weight's posterior, 0 if it was not given.
///
/// Models are numbered as in `descriptions`. A model's logit includes the terms of its bases, whose weights have their
/// own uncertainty.
extension Index {
    /// Larger than any sound one, because a logit is clamped at ±80. `CKernels` `draw` relies on it.
    static let largestDeviation: Float = 8192

    /// Whether any is known.
    @inline(__always)
    var hasVariances: Bool { counts.variances > 0 }

    /// `deviations` in the shape of `rows`. - Precondition: there are some.
    @inline(__always)
    var deviationRows: valuation_rows {
        valuation_rows(
            weights: UnsafeRawPointer(deviations).assumingMemoryBound(to: Int32.self), directory: directory,
            list_models: listModels, is_wide: rows.is_wide,
            is_far: rows.is_far)
    }

    /// How far a standard deviation of its weight moves a label's term of a model's logit; for a number, multiplied by
    /// its distance from the mean. - Parameter number: finite. - Complexity: as `contribution`.
    func deviation(of slot: UnsafePointer<LabelSlot>, number: Double, model: UInt32) -> Float {
        let (target, own) = local(model)
        return deviation(of: slot, number: number, target, own)
    }

    /// - Parameter model: the model's number in its target.
    @inline(__always)
    func deviation(of slot: UnsafePointer<LabelSlot>, number: Double, _ target: Target, _ model: Int) -> Float {
        if !hasVariances { return 0 }
        let row = slot.pointee.row(target)
        if !slot.pointee.isNumber { return deviation(row, model) }
        guard let place = numberPlace(row, model) else { return 0 }
        return deviation(ofNumberAt: place, number: number)
    }

    /// - Parameter place: the index of a number's weight in `numberParameters`.
    @inline(__always)
    func deviation(ofNumberAt place: Int, number: Double) -> Float {
        let distance = Double(numberDeviations[place]) * (number - numberParameters[place].mean)
        return Float(max(-Double(Index.largestDeviation), min(Double(Index.largestDeviation), distance)))
    }

    /// Of a row's weight for a model. - Complexity: as `weight`.
    @inline(__always)
    func deviation(_ row: Row, _ model: Int) -> Float {
        withUnsafePointer(to: deviationRows) {
            Float(bitPattern: UInt32(bitPattern: valuation_rows_weight($0, row, UInt32(truncatingIfNeeded: model))))
        }
    }
}
