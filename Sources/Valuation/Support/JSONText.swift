// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// Writing JSON.
extension Buffer where Element == UInt8 {
    /// The shortest text that reads back to the same double, without a trailing ".0", or `null` for NaN and infinity.
    @inline(never)
    mutating func append(number: Double) throws(Failure) {
        try reserve(count &+ DecimalText.room)
        appendWritten(DecimalText.write(number, to: spare))
    }

    /// The shortest text that reads back to the same float, or `null` for NaN and infinity.
    mutating func append(float: Float) throws(Failure) {
        try reserve(count &+ DecimalText.room)
        appendWritten(DecimalText.write(float, to: spare))
    }

    /// A member's name as JSON text, and its number.
    @inline(never)
    mutating func append(_ member: StaticString, integer: Int) throws(Failure) {
        try append(member)
        try append(integer: integer)
    }

    mutating func append(integer: Int) throws(Failure) {
        try reserve(count &+ 20)
        withDecimal(integer) { text in
            memcpy(spare, text.start, text.count)
            appendWritten(text.count)
        }
    }

    /// A string in quotes. Bytes that are not UTF-8, which paths may have, become U+FFFD.
    @inline(never)
    mutating func append(quoted text: Text) throws(Failure) {
        try append(UInt8(ascii: "\""))
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte >= 0x80 {
                let length = text.characterLength(at: index)
                try append(length > 0 ? text.slice(index, index &+ length) : Text("\u{FFFD}"))
                index &+= max(1, length)
                continue
            }
            index &+= 1
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                try append(UInt8(ascii: "\\"))
                try append(byte)
            case 0..<32:
                try append("\\u00")
                try append(hexadecimalDigit(byte &>> 4))
                try append(hexadecimalDigit(byte & 15))
            default: try append(byte)
            }
        }
        try append(UInt8(ascii: "\""))
    }
}

func hexadecimalDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "a") &+ value &- 10
}
