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

    /// Heapsort (Williams 1964): it needs no memory, which might not be available.
    private mutating func sort() {
        for root in stride(from: weights.count / 2 &- 1, through: 0, by: -1) { siftDown(from: root, to: weights.count) }
        for last in stride(from: weights.count &- 1, to: 0, by: -1) {
            exchange(0, last)
            siftDown(from: 0, to: last)
        }
        isSorted = true
    }

    private mutating func siftDown(from start: Int, to end: Int) {
        var root = start
        while true {
            var child = root &* 2 &+ 1
            if child >= end { return }
            if child &+ 1 < end && weights[child].model < weights[child &+ 1].model { child &+= 1 }
            if weights[root].model >= weights[child].model { return }
            exchange(root, child)
            root = child
        }
    }

    private mutating func exchange(_ first: Int, _ second: Int) {
        (weights[first], weights[second]) = (weights[second], weights[first])
    }
}
