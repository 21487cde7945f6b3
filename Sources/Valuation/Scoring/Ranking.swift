// SPDX-License-Identifier: Apache-2.0
import CValuation

/// The best few of many values, kept as a heap with the worst on top (Williams 1964), in the caller's memory.
///
/// - Complexity: O(log capacity) a value, O(capacity × log capacity) to finish.
struct Ranking: ~Copyable {
    private let indices: UnsafeMutablePointer<Int>
    private let values: UnsafeMutablePointer<valuation_value>
    private let capacity: Int
    private(set) var count = 0

    /// - Precondition: both have `capacity` elements.
    init(indices: UnsafeMutablePointer<Int>, values: UnsafeMutablePointer<valuation_value>, capacity: Int) {
        (self.indices, self.values, self.capacity) = (indices, values, capacity)
    }

    mutating func add(_ value: valuation_value, index: Int) {
        if count < capacity {
            place(value, index, at: count)
            count &+= 1
            siftUp(count &- 1)
        } else if capacity > 0, isWorse(values[0], indices[0], than: value, index) {
            place(value, index, at: 0)
            siftDown(from: 0, to: count)
        }
    }

    /// Sorts the kept values, best first.
    mutating func finish() {
        var last = count
        while last > 1 {
            last &-= 1
            exchange(0, last)
            siftDown(from: 0, to: last)
        }
    }

    private func isWorse(_ value: valuation_value, _ index: Int, than other: valuation_value, _ otherIndex: Int) -> Bool
    {
        value.expected_revenue == other.expected_revenue
            ? index > otherIndex : value.expected_revenue < other.expected_revenue
    }

    private func isWorse(_ first: Int, than second: Int) -> Bool {
        isWorse(values[first], indices[first], than: values[second], indices[second])
    }

    private func place(_ value: valuation_value, _ index: Int, at position: Int) {
        values[position] = value
        indices[position] = index
    }

    private func exchange(_ first: Int, _ second: Int) {
        let (value, index) = (values[first], indices[first])
        place(values[second], indices[second], at: first)
        place(value, index, at: second)
    }

    private func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child &- 1) / 2
            if !isWorse(child, than: parent) { return }
            exchange(child, parent)
            child = parent
        }
    }

    private func siftDown(from start: Int, to end: Int) {
        var root = start
        while true {
            var child = root &* 2 &+ 1
            if child >= end { return }
            if child &+ 1 < end, isWorse(child &+ 1, than: child) { child &+= 1 }
            if !isWorse(child, than: root) { return }
            exchange(root, child)
            root = child
        }
    }
}
