// SPDX-License-Identifier: Apache-2.0

/// A binary heap in existing memory: no element is above its parent (Williams, "Heapsort", 1964). The standard
/// library's sort allocates.
enum Heap {
    /// Sifts the element at `root` down among those up to `end`. - Complexity: O(log end).
    @inline(__always)
    static func siftDown<Element: BitwiseCopyable>(
        _ elements: UnsafeMutableBufferPointer<Element>, _ root: Int, _ end: Int,
        _ isAbove: (Element, Element) -> Bool
    ) {
        var root = root
        let moved = elements[root]
        while true {
            var child = 2 &* root &+ 1
            if child >= end { break }
            if child &+ 1 < end && isAbove(elements[child &+ 1], elements[child]) { child &+= 1 }
            if !isAbove(elements[child], moved) { break }
            elements[root] = elements[child]
            root = child
        }
        elements[root] = moved
    }

    /// Builds a heap. - Complexity: O(elements).
    @inline(__always)
    static func make<Element: BitwiseCopyable>(
        _ elements: UnsafeMutableBufferPointer<Element>, _ isAbove: (Element, Element) -> Bool
    ) {
        for root in stride(from: elements.count / 2 - 1, through: 0, by: -1) {
            siftDown(elements, root, elements.count, isAbove)
        }
    }

    /// Sorts; the element above all others comes last. - Complexity: O(elements × log elements).
    @inline(__always)
    static func sort<Element: BitwiseCopyable>(
        _ elements: UnsafeMutableBufferPointer<Element>, _ isAbove: (Element, Element) -> Bool
    ) {
        var unlimited = Deadline(budget: 0)
        _ = sort(elements, &unlimited, isAbove)
    }

    /// The same before a deadline. - Returns: false if the time was over before the end.
    /// - Complexity: O(elements × log elements).
    @inline(__always)
    static func sort<Element: BitwiseCopyable>(
        _ elements: UnsafeMutableBufferPointer<Element>, _ deadline: inout Deadline,
        _ isAbove: (Element, Element) -> Bool
    ) -> Bool {
        var start = elements.count / 2
        while start > 0 {
            if deadline.check(after: 4) { return false }
            start &-= 1
            siftDown(elements, start, elements.count, isAbove)
        }
        var end = elements.count
        while end > 1 {
            if deadline.check(after: 8) { return false }
            end &-= 1
            (elements[0], elements[end]) = (elements[end], elements[0])
            siftDown(elements, 0, end, isAbove)
        }
        return true
    }
}
