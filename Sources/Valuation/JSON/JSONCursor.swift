// SPDX-License-Identifier: Apache-2.0

/// A pull reader of JSON (RFC 8259). It goes through a text once, returns what the caller asks for, skips the rest, and
/// allocates nothing. It reads requests and models; jansson reads policies and manifests (Documentation/design.md says
/// why).
///
/// It checks what it skips, so a text is refused wherever it is malformed.
///
/// Common paths are inlined and keep a cursor in registers. Rare ones work on a copy, because a cursor whose address a
/// call takes is in memory from then on.
struct JSONCursor {
    let text: Text
    /// Index of the next byte.
    private(set) var offset = 0

    init(_ text: Text, at offset: Int = 0) {
        self.text = text
        self.offset = offset
    }

    /// The next byte, or 0 at the end; a NUL byte is not JSON either.
    @inline(always)
    var byte: UInt8 { offset < text.count ? text[offset] : 0 }

    @inline(always)
    mutating func advance() {
        offset &+= 1
    }

    @inline(always)
    mutating func moveTo(_ place: Int) {
        offset = place
    }

    /// - Complexity: no loop if there is at most one space.
    @inline(always)
    mutating func skipSpace() {
        if byte > 32 { return }
        if byte == 32 {
            offset &+= 1
            if byte > 32 { return }
        }
        offset = spaceEnd()
    }

    /// Goes to the next byte that is not a space. - Returns: that byte, or 0 at the end.
    @inline(always)
    mutating func nextByte() -> UInt8 {
        let first = byte
        if first > 32 { return first }
        skipSpace()
        return byte
    }

    @inline(never)
    private func spaceEnd() -> Int {
        var place = offset
        while place < text.count {
            switch text[place] {
            case 32, 10, 13, 9: place &+= 1
            default: return place
            }
        }
        return place
    }

    /// The type of the next value, by its first byte.
    enum Kind: UInt8 {
        case object, array, string, number, literal, nothing
    }

    /// Whether the literal at the cursor is null, if it is a literal at all.
    @inline(always)
    var isNull: Bool { byte == UInt8(ascii: "n") }

    @inline(always)
    mutating func kind() -> Kind {
        nextByte() == UInt8(ascii: "\"") ? .string : otherKind
    }

    /// Whether a value is a number, by its first byte.
    @inline(always)
    static func isNumber(_ first: UInt8) -> Bool { first &- UInt8(ascii: "0") < 10 || first == UInt8(ascii: "-") }

    private var otherKind: Kind {
        switch byte {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"): return .literal
        default: return .nothing
        }
    }

    @inline(always)
    mutating func expect(_ expected: UInt8, _ message: StaticString) throws(Failure) {
        if nextByte() != expected { throw unexpected(message) }
        offset &+= 1
    }

    /// Goes to the first element after "{" or "["; returns false if there is none.
    @inline(always)
    mutating func enter(closing: UInt8) -> Bool {
        offset &+= 1
        if nextByte() != closing { return true }
        offset &+= 1
        return false
    }

    /// Goes to the next element. Returns false at the closing bracket, which it skips.
    @inline(always)
    mutating func nextElement(closing: UInt8) throws(Failure) -> Bool {
        let next = nextByte()
        if next == UInt8(ascii: ",") {
            offset &+= 1
            return true
        }
        if next != closing {
            throw unexpected(
                closing == UInt8(ascii: "}") ? "Expected \",\" or \"}\" here." : "Expected \",\" or \"]\" here.")
        }
        offset &+= 1
        return false
    }

    /// A member's name and the colon after it.
    @inline(always)
    mutating func memberName() throws(Failure) -> RawString {
        if nextByte() != UInt8(ascii: "\"") { throw unexpected("Expected a member's name in quotes here.") }
        let name = try string()
        try expect(UInt8(ascii: ":"), "Expected \":\" here.")
        return name
    }

    /// `true`, `false` or `null`.
    enum Literal: UInt8 {
        case yes, no, null
    }

    @inline(always)
    mutating func literal() throws(Failure) -> Literal {
        if take(Text("true")) { return .yes }
        if take(Text("false")) { return .no }
        if take(Text("null")) { return .null }
        throw unexpected("Expected a value here.")
    }

    /// Skips `bytes` if they come next.
    @inline(always)
    mutating func take(_ bytes: Text) -> Bool {
        guard offset &+ bytes.count <= text.count, bytes.isAt(text.start + offset) else { return false }
        offset &+= bytes.count
        return true
    }

    /// Refuses anything but white space up to the end.
    mutating func expectEnd() throws(Failure) {
        skipSpace()
        if offset < text.count { throw unexpected("Expected the end of the text here.") }
    }

    // MARK: Failures

    /// A failure at the cursor, with its line and column.
    @inline(never)
    func failure(_ status: Status, _ message: StaticString, at place: Int? = nil) -> Failure {
        var failure = Failure(status, message)
        let end = min(place ?? offset, text.count)
        var line: UInt32 = 1
        var lineStart = 0
        for index in 0..<end where text[index] == 10 {
            line &+= 1
            lineStart = index &+ 1
        }
        failure.line = line
        failure.column = UInt32(clamping: end &- lineStart &+ 1)
        return failure
    }

    /// A failure of syntax at the cursor. - Parameter expected: the message, for example `Expected a digit here.`
    @inline(never)
    func unexpected(_ expected: StaticString) -> Failure {
        failure(.jsonSyntax, offset < text.count ? expected : "The text ends too early.")
    }
}
