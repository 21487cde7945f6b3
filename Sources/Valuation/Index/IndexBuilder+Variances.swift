// SPDX-License-Identifier: Apache-2.0
import CKernels

/// How uncertain weights are, laid out as one table for all models.
extension IndexBuilder {
    struct AddedVariance {
        /// The label's, or 0 for the intercept.
        var key: UInt64
        /// The model's number in the order of adding.
        var model: UInt32
        var variance: Float
    }

    mutating func addVariances(of model: borrowing Model, number: UInt32) throws(Failure) {
        try variances.reserve(variances.count &+ model.variances.count)
        for position in 0..<model.variances.count {
            let variance = model.variances[position]
            try variances.append(AddedVariance(key: variance.key, model: number, variance: variance.variance))
        }
    }

    func hashOfVariances(_ numbering: borrowing ModelNumbering) throws(Failure) -> PerfectHashBuilder {
        var keys = Buffer<UInt64>()
        try keys.reserve(variances.count)
        for number in 0..<variances.count { try keys.append(key(of: variances[number], numbering)) }
        return try PerfectHashBuilder(keys)
    }

    func placeVariances(
        in index: borrowing Index, _ hash: borrowing PerfectHashBuilder, _ numbering: borrowing ModelNumbering
    ) {
        if variances.count == 0 { return }
        index.variancePilots.update(from: hash.pilots.base.unsafelyUnwrapped, count: hash.pilots.count)
        for number in 0..<variances.count {
            let key = key(of: variances[number], numbering)
            let slot = index.varianceSlots + hash.hash.place(of: key, index.variancePilots)
            // Two weights with one key, of which there is none among billions: the more cautious of the two.
            let variance = max(slot.pointee.variance, variances[number].variance)
            slot.pointee = Index.VarianceSlot(key: key, variance: variance, reserved: 0)
        }
    }

    private func key(of variance: AddedVariance, _ numbering: borrowing ModelNumbering) -> UInt64 {
        Index.VarianceSlot.key(ofLabel: variance.key, model: numbering.indexNumber[Int(variance.model)])
    }
}
