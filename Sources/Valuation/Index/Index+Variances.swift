// SPDX-License-Identifier: Apache-2.0
import CKernels

/// How uncertain the weights of models are: the variance of each weight's posterior, 0 where nobody said.
///
/// Models are numbered as in `descriptions`. What a model adds to a logit is of its bases, too, each of which has variances of its
/// own.
extension Index {
    /// Beyond any sound one: how far a number can move a logit.
    private static let largestDeviation = 262_144.0

    /// Whether any is known.
    @inline(__always)
    var hasVariances: Bool { counts.variances > 0 }

    /// Of the weight that a model has for a category or a cross; for a number, of its slope. - Complexity: O(1): two cache misses.
    @inline(__always)
    func variance(ofLabel key: UInt64, model: UInt32) -> Float {
        if !hasVariances { return 0 }
        let key = VarianceSlot.key(ofLabel: key, model: model)
        let slot = varianceSlots + hashes.variances.place(of: key, variancePilots)
        return slot.pointee.key == key ? slot.pointee.variance : 0
    }

    /// By how much a standard deviation of its weight moves what a label adds to the logit of a model: of a number, times its distance
    /// from the mean. - Parameter number: finite. - Complexity: as `variance` and `contribution`.
    func deviation(of slot: UnsafePointer<LabelSlot>, number: Double, model: UInt32) -> Double {
        let variance = variance(ofLabel: slot.pointee.key, model: model)
        if variance == 0 { return 0 }
        let deviation = Double(variance).squareRoot()
        if !slot.pointee.isNumber { return deviation }
        let (target, own) = local(model)
        guard let place = numberPlace(slot.pointee.row(target), own) else { return 0 }
        let distance = deviation * (number - numberParameters[place].mean)
        return max(-Index.largestDeviation, min(Index.largestDeviation, distance))
    }

    func interceptDeviation(model: UInt32) -> Double {
        Double(variance(ofLabel: 0, model: model)).squareRoot()
    }
}

extension valuation_variance {
    /// Tells the weights of a label for different models apart; a label's key is spread already.
    @inline(__always)
    static func key(ofLabel key: UInt64, model: UInt32) -> UInt64 {
        key &+ (UInt64(model) &+ 1) &* 0x9e37_79b9_7f4a_7c15
    }
}
