// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// Bytes with another owner, usually UTF-8: the core's view of every name, label and document.
///
/// Comparing Swift's own String needs Unicode tables, which the Embedded library leaves out, and String would copy.
struct Text {
    let start: UnsafePointer<UInt8>
    let count: Int

    init(_ start: UnsafePointer<UInt8>, _ count: Int) {
        self.start = start
        self.count = count
    }

    /// The text of a literal; lives forever.
    init(_ literal: StaticString) {
        self.init(literal.utf8Start, literal.utf8CodeUnitCount)
    }

    /// The text of C's characters.
    init(_ start: UnsafePointer<CChar>, _ count: Int) {
        self.init(UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self), count)
    }

    /// A NUL-terminated C string.
    init(cString: UnsafePointer<CChar>) {
        self.init(cString, strlen(cString))
    }

    /// The bytes as C's characters, which end with a NUL only if the owner wrote one.
    var characters: UnsafePointer<CChar> { UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self) }

    static var empty: Text { Text("") }

    @inline(__always)
    subscript(index: Int) -> UInt8 { start[index] }

    /// The address after the last byte.
    var end: UnsafePointer<UInt8> { start + count }

    /// The bytes `from ..< to`.
    @inline(__always)
    func slice(_ from: Int, _ to: Int) -> Text {
        assert(0 <= from && from <= to && to <= count)
        return Text(start + from, to &- from)
    }

    func contains(_ byte: UInt8) -> Bool {
        memchr(start, Int32(byte), count) != nil
    }

    /// The last position of another text, or nil.
    func last(_ other: Text) -> Int? {
        var place = count &- other.count
        while place >= 0 {
            if slice(place, place &+ other.count) == other { return place }
            place &-= 1
        }
        return nil
    }

    /// Where the last component of a path begins: after its last slash.
    var lastComponent: Int {
        var start = count
        while start > 0 && self[start &- 1] != UInt8(ascii: "/") { start &-= 1 }
        return start
    }

    func hasPrefix(_ prefix: StaticString) -> Bool {
        let other = Text(prefix)
        return count >= other.count && slice(0, other.count) == other
    }

    func hasSuffix(_ suffix: StaticString) -> Bool {
        let other = Text(suffix)
        return count >= other.count && slice(count - other.count, count) == other
    }

    /// Whether the bytes at `place` are the same; there must be as many. Without a call, because most texts have a few
    /// bytes.
    @inline(__always)
    func isAt(_ place: UnsafePointer<UInt8>) -> Bool {
        if count < 8 { return isShortAt(place) }
        if !isSame(place, 0, as: UInt64.self) || !isSame(place, count &- 8, as: UInt64.self) { return false }
        return count <= 16 || memcmp(start + 8, place + 8, count &- 16) == 0
    }

    @inline(__always)
    private func isShortAt(_ place: UnsafePointer<UInt8>) -> Bool {
        if count >= 4 { return isSame(place, 0, as: UInt32.self) && isSame(place, count &- 4, as: UInt32.self) }
        for index in 0..<count where self[index] != place[index] { return false }
        return true
    }

    @inline(__always)
    private func isSame<Word: FixedWidthInteger & BitwiseCopyable>(
        _ place: UnsafePointer<UInt8>, _ index: Int, as _: Word.Type
    ) -> Bool {
        let other = UnsafeRawPointer(place + index).loadUnaligned(as: Word.self)
        return UnsafeRawPointer(start + index).loadUnaligned(as: Word.self) == other
    }

    @inline(__always)
    static func == (first: Text, second: Text) -> Bool {
        first.count == second.count && second.isAt(first.start)
    }

    static func != (first: Text, second: Text) -> Bool {
        !(first == second)
    }

    var isUTF8: Bool {
        var index = 0
        while index < count {
            let length = characterLength(at: index)
            if length == 0 { return false }
            index &+= length
        }
        return true
    }

    /// How many bytes the character at `index` has, or 0 where the bytes are not UTF-8 (Unicode 16, table 3-7).
    func characterLength(at index: Int) -> Int {
        let first = self[index]
        if first < 0x80 { return 1 }
        let length: Int
        var lowest: UInt8 = 0x80
        var highest: UInt8 = 0xbf
        switch first {
        case 0xc2...0xdf: length = 2
        case 0xe0: (length, lowest) = (3, 0xa0)
        case 0xed: (length, highest) = (3, 0x9f)
        case 0xe1...0xef: length = 3
        case 0xf0: (length, lowest) = (4, 0x90)
        case 0xf4: (length, highest) = (4, 0x8f)
        case 0xf1...0xf3: length = 4
        default: return 0
        }
        if index &+ length > count { return 0 }
        for place in (index &+ 1)..<(index &+ length) {
            if self[place] < lowest || self[place] > highest { return 0 }
            (lowest, highest) = (0x80, 0xbf)
        }
        return length
    }
}
