// SPDX-License-Identifier: Apache-2.0

/// Skipping what nobody asks for. Every byte is still checked, so malformed text is refused wherever it is.
extension JSONCursor {
    /// How many objects and arrays may be open at once.
    static let maximumDepth = 64

    private static let tooManyValues: StaticString =
        "More than 4,000,000 values, an object or an array counted as four; shorten it."

    /// Skips one value of a request. - Returns: its bytes.
    @inline(always)
    mutating func skipValue() throws(Failure) -> Text {
        let first = nextByte()
        let start = offset
        if first == UInt8(ascii: "\"") {
            _ = try string()
        } else {
            var ahead = self
            try ahead.skipAny()
            moveTo(ahead.offset)
        }
        return text.slice(start, offset)
    }

    @inline(never)
    private mutating func skipAny() throws(Failure) {
        var unlimited = Int.max
        try skip(isDocument: false, depth: 0, &unlimited)
    }

    /// Skips one value of a document. It must not contain a NUL, a number beyond a double, or an integer beyond 64
    /// bits.
    ///
    /// - Parameters:
    ///   - depth: how many objects and arrays are open already.
    ///   - remaining: how many more values are allowed, an object or an array counted as four; decreased by those
    ///     skipped.
    @inline(never)
    @_optimize(speed)
    mutating func skipDocumentValue(depth: Int, remaining: inout Int) throws(Failure) {
        try skip(isDocument: true, depth: depth, &remaining)
    }

    /// One bit for each open bracket says whether it is an object's, so a deep text needs no stack.
    @inline(always)
    private mutating func skip(isDocument: Bool, depth outerDepth: Int, _ remaining: inout Int) throws(Failure) {
        var cursor = self
        var depth = outerDepth
        var objects: UInt64 = 0
        while true {
            let first = cursor.nextByte()
            let isNesting = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
            if isDocument {
                remaining &-= isNesting ? 4 : 1
                if remaining < 0 { throw cursor.failure(.limitExceeded, JSONCursor.tooManyValues) }
            }
            if isNesting {
                if depth == JSONCursor.maximumDepth {
                    throw cursor.failure(.limitExceeded, "The JSON is nested more than 64 deep.")
                }
                let isObject = first == UInt8(ascii: "{")
                if cursor.enter(closing: isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    depth &+= 1
                    objects = objects &<< 1 | (isObject ? 1 : 0)
                    if isObject { try cursor.skipName(isDocument: isDocument) }
                    continue
                }
            } else {
                try cursor.skipScalar(first, isDocument: isDocument)
            }
            // After a value, which may be the last of the open objects or arrays.
            while depth > outerDepth {
                if objects & 1 == 0 {
                    if try cursor.nextElement(closing: UInt8(ascii: "]")) { break }
                } else if try cursor.nextElement(closing: UInt8(ascii: "}")) {
                    try cursor.skipName(isDocument: isDocument)
                    break
                }
                depth &-= 1
                objects &>>= 1
            }
            if depth == outerDepth { break }
        }
        moveTo(cursor.offset)
    }

    @inline(always)
    private mutating func skipScalar(_ first: UInt8, isDocument: Bool) throws(Failure) {
        if first == UInt8(ascii: "\"") {
            let start = offset
            let string = try string()
            if isDocument { try refuseNUL(in: string, at: start) }
        } else if JSONCursor.isNumber(first) {
            let start = offset
            let number = try number()
            if isDocument { try refuseRange(of: number, at: start) }
        } else {
            _ = try literal()
        }
    }

    /// Skips a member's name in a document and the colon after it.
    @inline(always)
    private mutating func skipName(isDocument: Bool) throws(Failure) {
        if isDocument { _ = try documentMemberName() } else { _ = try memberName() }
    }

    /// A member's name in a document, which must not contain a NUL, and the colon after it.
    @inline(always)
    mutating func documentMemberName() throws(Failure) -> RawString {
        _ = nextByte()
        let start = offset
        let name = try memberName()
        try refuseNUL(in: name, at: start)
        return name
    }

    @inline(always)
    private func refuseNUL(in string: RawString, at place: Int) throws(Failure) {
        if string.hasEscapes && string.body.holdsNULEscape {
            throw failure(.jsonSyntax, "A NUL character inside a string; leave it out.", at: place)
        }
    }

    @inline(always)
    private func refuseRange(of number: RawNumber, at place: Int) throws(Failure) {
        if !number.isSurelyInRange, !number.isInRange {
            throw failure(.nonFinite, "The number is beyond a double, or an integer beyond 64 bits.", at: place)
        }
    }

    /// Refuses a text that begins with a byte order mark, which some editors add and nobody sees.
    func refuseByteOrderMark() throws(Failure) {
        if text.count >= 3 && text[0] == 0xef && text[1] == 0xbb && text[2] == 0xbf {
            throw failure(.jsonSyntax, "The text begins with a byte order mark; save it without.")
        }
    }
}

extension Text {
    /// Whether a string between its quotes, with valid escapes, has an escape for NUL.
    fileprivate var holdsNULEscape: Bool {
        var index = 0
        while index < count {
            if self[index] != UInt8(ascii: "\\") {
                index &+= 1
                continue
            }
            if slice(index, count).hasPrefix("\\u0000") { return true }
            index &+= 2
        }
        return false
    }
}
