// SPDX-License-Identifier: Apache-2.0

/// The weights of one row while it is laid out: added in any order, returned in that of the models.
struct RowWeights: ~Copyable {
    struct Weight {
        var model: UInt32
        var mantissa: Int32
        var deviation: Float
    }

    private var weights = Buffer<Weight>()
    private var isSorted = true

    /// - Parameter capacity: the largest number of weights of a row.
    init(capacity: Int) throws(Failure) {
        try weights.reserve(capacity)
    }

    mutating func removeAll() {
        weights.removeAll()
        isSorted = true
    }

    /// - Precondition: there is capacity left.
    @inline(__always)
    mutating func add(_ model: UInt32, _ mantissa: Int32, _ deviation: Float) {
        if weights.count > 0 && weights[weights.count &- 1].model > model { isSorted = false }
        weights.spare.pointee = Weight(model: model, mantissa: mantissa, deviation: deviation)
        weights.appendWritten(1)
    }

    /// - Complexity: O(weights); O(weights × log weights) if they were not added in the order of the models.
    mutating func forEach(_ body: (Weight) -> Void) {
        if !isSorted { sort() }
        for position in 0..<weights.count { body(weights[position]) }
    }

    private mutating func sort() {
        Heap.sort(weights.elements) { $0.model > $1.model }
        isSorted = true
    }
}
