// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// A growable array of plain values that reports a failed allocation instead of ending the host's process, and whose
/// elements are reached without reference counting or exclusivity checks.
///
/// Indices are the caller's responsibility: they are checked in debug builds only.
struct Buffer<Element: BitwiseCopyable>: ~Copyable {
    private(set) var base: UnsafeMutablePointer<Element>?
    private(set) var count = 0
    private var capacity = 0

    init() {
        base = nil
    }

    deinit {
        free(base)
    }

    subscript(index: Int) -> Element {
        @inline(__always) get {
            assert(index >= 0 && index < count)
            return base.unsafelyUnwrapped[index]
        }
        @inline(__always) set {
            assert(index >= 0 && index < count)
            base.unsafelyUnwrapped[index] = newValue
        }
    }

    /// The elements; valid until the next call that may grow the buffer.
    var elements: UnsafeMutableBufferPointer<Element> {
        UnsafeMutableBufferPointer(start: base, count: count)
    }

    /// Makes room for `minimumCapacity` elements. - Complexity: O(count) when it grows, at least doubling.
    @inline(__always)
    mutating func reserve(_ minimumCapacity: Int) throws(Failure) {
        if minimumCapacity > capacity { try grow(minimumCapacity) }
    }

    @inline(never)
    private mutating func grow(_ minimumCapacity: Int) throws(Failure) {
        let (doubled, overflow) = capacity.multipliedReportingOverflow(by: 2)
        let grown = max(16, minimumCapacity, overflow ? minimumCapacity : doubled)
        let (bytes, tooLarge) = grown.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        guard !tooLarge, let memory = realloc(base, bytes) else { throw .outOfMemory }
        base = memory.assumingMemoryBound(to: Element.self)
        capacity = grown
    }

    /// - Complexity: O(1) amortised.
    @inline(__always)
    mutating func append(_ element: Element) throws(Failure) {
        if count == capacity { try reserve(count &+ 1) }
        base.unsafelyUnwrapped[count] = element
        count &+= 1
    }

    /// Appends `length` elements from `source`, which is outside this buffer. - Complexity: O(length) amortised.
    mutating func append(_ source: UnsafePointer<Element>, count length: Int) throws(Failure) {
        if length == 0 { return }
        try reserve(count &+ length)
        memcpy(base.unsafelyUnwrapped + count, source, length &* MemoryLayout<Element>.stride)
        count &+= length
    }

    /// Sets the count; new elements are `element`. - Complexity: O(newCount).
    mutating func resize(_ newCount: Int, filling element: Element) throws(Failure) {
        try reserve(newCount)
        var index = count
        while index < newCount {
            base.unsafelyUnwrapped[index] = element
            index &+= 1
        }
        count = newCount
    }

    /// Where the next element goes; valid for as many elements as were reserved.
    var spare: UnsafeMutablePointer<Element> {
        assert(base != nil)
        return base.unsafelyUnwrapped + count
    }

    /// Counts `length` more elements, which the caller has written after the last one in reserved memory.
    mutating func appendWritten(_ length: Int) {
        assert(count + length <= capacity)
        count &+= length
    }

    /// Removes the elements from `newCount` on and keeps the memory. - Complexity: O(1).
    mutating func truncate(_ newCount: Int) {
        assert(newCount >= 0 && newCount <= count)
        count = newCount
    }

    /// Removes every element and keeps the memory. - Complexity: O(1).
    mutating func removeAll() {
        count = 0
    }
}

extension Buffer where Element == UInt8 {
    /// - Complexity: O(text).
    @inline(never)
    mutating func append(_ text: StaticString) throws(Failure) {
        try append(text.utf8Start, count: text.utf8CodeUnitCount)
    }

    /// - Complexity: O(text).
    @inline(never)
    mutating func append(_ text: Text) throws(Failure) {
        try append(text.start, count: text.count)
    }

    /// The bytes as borrowed text, followed by a NUL byte that its length does not include.
    mutating func terminated() throws(Failure) -> Text {
        try append(0)
        truncate(count - 1)
        return text
    }

    /// The bytes as borrowed text; valid until the next call that may grow the buffer.
    var text: Text {
        Text(base.map { UnsafePointer($0) } ?? Text.empty.start, count)
    }
}
