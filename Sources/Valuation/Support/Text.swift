// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// Bytes that somebody else owns, usually UTF-8: the core's view of every name, label and document.
///
/// Swift's own String would need Unicode tables for comparing, which the Embedded library leaves out, and would copy.
struct Text {
    let start: UnsafePointer<UInt8>
    let count: Int

    init(_ start: UnsafePointer<UInt8>, _ count: Int) {
        self.start = start
        self.count = count
    }

    /// The text of a literal; lives for ever.
    init(_ literal: StaticString) {
        self.init(literal.utf8Start, literal.utf8CodeUnitCount)
    }

    /// A NUL-terminated C string.
    init(cString: UnsafePointer<CChar>) {
        self.init(UnsafeRawPointer(cString).assumingMemoryBound(to: UInt8.self), strlen(cString))
    }

    static var empty: Text { Text("") }

    @inline(__always)
    subscript(index: Int) -> UInt8 { start[index] }

    /// The bytes `from ..< to`.
    func slice(_ from: Int, _ to: Int) -> Text {
        assert(0 <= from && from <= to && to <= count)
        return Text(start + from, to &- from)
    }

    func contains(_ byte: UInt8) -> Bool {
        memchr(start, Int32(byte), count) != nil
    }

    func hasSuffix(_ suffix: StaticString) -> Bool {
        let other = Text(suffix)
        return count >= other.count && slice(count - other.count, count) == other
    }

    static func == (first: Text, second: Text) -> Bool {
        first.count == second.count && memcmp(first.start, second.start, first.count) == 0
    }

    static func != (first: Text, second: Text) -> Bool {
        !(first == second)
    }

    /// Whether the bytes come before the others' in the order of their values.
    static func < (first: Text, second: Text) -> Bool {
        let common = memcmp(first.start, second.start, min(first.count, second.count))
        return common == 0 ? first.count < second.count : common < 0
    }

    /// A copy for messages; bytes that are not UTF-8 become U+FFFD.
    var string: String {
        String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }
}
