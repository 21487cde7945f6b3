// SPDX-License-Identifier: Apache-2.0

/// A JSON string as it is in the text, between its quotes, checked but not decoded.
struct RawString {
    var body: Text
    var hasEscapes: Bool
}

extension JSONCursor {
    /// Reads a string and checks its escapes and its UTF-8. - Precondition: the next byte is the opening quote.
    @inline(always)
    mutating func string() throws(Failure) -> RawString {
        let start = offset &+ 1
        let end = plainEnd(from: start)
        if end < text.count && text[end] == UInt8(ascii: "\"") {
            moveTo(end &+ 1)
            return RawString(body: text.slice(start, end), hasEscapes: false)
        }
        var ahead = self
        let string = try ahead.uncommonString(from: start, at: end)
        moveTo(ahead.offset)
        return string
    }

    /// Continues reading at the first byte that needs attention.
    @inline(never)
    private mutating func uncommonString(from start: Int, at place: Int) throws(Failure) -> RawString {
        moveTo(place)
        var hasEscapes = false
        while true {
            switch byte {
            case UInt8(ascii: "\""):
                let body = text.slice(start, offset)
                advance()
                return RawString(body: body, hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try checkEscape()
            case 0x80...0xff:
                try checkUTF8()
            default:
                if offset >= text.count { throw failure(.jsonSyntax, "The text ends inside a string.") }
                throw failure(.jsonSyntax, "A control character inside a string; write it as \\u00XX.")
            }
            moveTo(plainEnd(from: offset))
        }
    }

    /// The end of the ASCII bytes from `start` on that need no attention; reads sixteen bytes at a time if there are as
    /// many.
    @inline(always)
    private func plainEnd(from start: Int) -> Int {
        var place = start
        while place &+ 16 <= text.count {
            let block = UnsafeRawPointer(text.start + place).loadUnaligned(as: SIMD16<Int8>.self)
            // As signed numbers, control characters and the bytes of multi-byte characters are both below 32. Both
            // sides are vectors, because no single instruction compares with a scalar.
            let special =
                (block .< SIMD16<Int8>(repeating: 32)) .| (block .== SIMD16<Int8>(repeating: 0x22))
                .| (block .== SIMD16<Int8>(repeating: 0x5c))
            let words = unsafeBitCast(special, to: SIMD2<UInt64>.self)
            if words[0] != 0 { return place &+ words[0].littleEndian.trailingZeroBitCount &>> 3 }
            if words[1] != 0 { return place &+ 8 &+ words[1].littleEndian.trailingZeroBitCount &>> 3 }
            place &+= 16
        }
        while place < text.count {
            let next = text[place]
            if next < 32 || next == 0x22 || next == 0x5c || next >= 0x80 { break }
            place &+= 1
        }
        return place
    }

    private mutating func checkEscape() throws(Failure) {
        advance()
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            advance()
        case UInt8(ascii: "u"):
            advance()
            let unit = try hexadecimal()
            if unit & 0xfc00 == 0xdc00 { throw failure(.jsonSyntax, "Half of a surrogate pair in a \\u escape.") }
            if unit & 0xfc00 == 0xd800 {
                guard byte == UInt8(ascii: "\\") else {
                    throw failure(.jsonSyntax, "Half of a surrogate pair in a \\u escape.")
                }
                advance()
                guard byte == UInt8(ascii: "u") else {
                    throw failure(.jsonSyntax, "Half of a surrogate pair in a \\u escape.")
                }
                advance()
                if try hexadecimal() & 0xfc00 != 0xdc00 {
                    throw failure(.jsonSyntax, "Half of a surrogate pair in a \\u escape.")
                }
            }
        default: throw failure(.jsonSyntax, "Unknown escape in a string.")
        }
    }

    private mutating func hexadecimal() throws(Failure) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = hexadecimalDigit(byte) else {
                throw failure(.jsonSyntax, "A \\u escape has four hexadecimal digits.")
            }
            unit = unit &* 16 &+ digit
            advance()
        }
        return unit
    }

    /// Checks one character of several bytes.
    private mutating func checkUTF8() throws(Failure) {
        let length = text.characterLength(at: offset)
        if length == 0 { throw failure(.jsonSyntax, "A byte that is not UTF-8.") }
        moveTo(offset &+ length)
    }
}

extension RawString {
    /// The text itself: the body if it has no escapes; otherwise it is decoded into `buffer` and is a part of it.
    @inline(always)
    func decoded(into buffer: inout Buffer<UInt8>) throws(Failure) -> Text {
        if !hasEscapes { return body }
        buffer.removeAll()
        try decodeEscapes(behind: &buffer)
        return buffer.text
    }

    /// Appends the decoded text, which is never longer than its escapes.
    func decodeEscapes(behind buffer: inout Buffer<UInt8>) throws(Failure) {
        try buffer.reserve(buffer.count &+ body.count)
        var index = 0
        while index < body.count {
            let byte = body[index]
            index &+= 1
            if byte != UInt8(ascii: "\\") {
                try buffer.append(byte)
                continue
            }
            let escape = body[index]
            index &+= 1
            switch escape {
            case UInt8(ascii: "b"): try buffer.append(8)
            case UInt8(ascii: "f"): try buffer.append(12)
            case UInt8(ascii: "n"): try buffer.append(10)
            case UInt8(ascii: "r"): try buffer.append(13)
            case UInt8(ascii: "t"): try buffer.append(9)
            case UInt8(ascii: "u"):
                var scalar = unit(at: index)
                index &+= 4
                if scalar & 0xfc00 == 0xd800 {
                    scalar = 0x10000 &+ (scalar & 0x3ff) &<< 10 &+ (unit(at: index &+ 2) & 0x3ff)
                    index &+= 6
                }
                try append(scalar, to: &buffer)
            default: try buffer.append(escape)
            }
        }
    }

    private func unit(at index: Int) -> UInt32 {
        var unit: UInt32 = 0
        for place in index..<(index &+ 4) { unit = unit &* 16 &+ (hexadecimalDigit(body[place]) ?? 0) }
        return unit
    }

    private func append(_ scalar: UInt32, to buffer: inout Buffer<UInt8>) throws(Failure) {
        func continuation(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: 0x80 | (scalar &>> shift) & 0x3f) }
        switch scalar {
        case 0..<0x80:
            try buffer.append(UInt8(truncatingIfNeeded: scalar))
        case 0x80..<0x800:
            try buffer.append(UInt8(truncatingIfNeeded: 0xc0 | scalar &>> 6))
            try buffer.append(continuation(0))
        case 0x800..<0x10000:
            try buffer.append(UInt8(truncatingIfNeeded: 0xe0 | scalar &>> 12))
            try buffer.append(continuation(6))
            try buffer.append(continuation(0))
        default:
            try buffer.append(UInt8(truncatingIfNeeded: 0xf0 | scalar &>> 18))
            try buffer.append(continuation(12))
            try buffer.append(continuation(6))
            try buffer.append(continuation(0))
        }
    }
}

private func hexadecimalDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte &- UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte &- UInt8(ascii: "a") &+ 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte &- UInt8(ascii: "A") &+ 10)
    default: nil
    }
}
