// SPDX-License-Identifier: Apache-2.0

/// Writing JSON where speed does not matter: a comma precedes everything but the first item of an object or array,
/// which the last byte tells.
extension Buffer where Element == UInt8 {
    /// Writes a comma if an item precedes.
    private mutating func separate() throws(Failure) {
        switch count > 0 ? self[count - 1] : UInt8(ascii: "[") {
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"): return
        default: try append(UInt8(ascii: ","))
        }
    }

    @inline(never)
    mutating func beginObject() throws(Failure) {
        try separate()
        try append(UInt8(ascii: "{"))
    }

    mutating func endObject() throws(Failure) {
        try append(UInt8(ascii: "}"))
    }

    mutating func endArray() throws(Failure) {
        try append(UInt8(ascii: "]"))
    }

    /// A string as an element of an array.
    mutating func element(quoted text: Text) throws(Failure) {
        try separate()
        try append(quoted: text)
    }

    /// The name of a member; its value follows.
    @inline(never)
    mutating func member(_ name: StaticString) throws(Failure) {
        try separate()
        try append(UInt8(ascii: "\""))
        try append(name)
        try append("\":")
    }

    /// A member, and the start of its object or array.
    @inline(never)
    mutating func member(_ name: StaticString, begin: StaticString) throws(Failure) {
        try member(name)
        try append(begin)
    }

    @inline(never)
    mutating func member(_ name: StaticString, quoted text: Text) throws(Failure) {
        try member(name)
        try append(quoted: text)
    }

    /// A string, or `null` for an empty one.
    @inline(never)
    mutating func member(_ name: StaticString, quotedOrNull text: Text) throws(Failure) {
        if text.count == 0 { try memberNull(name) } else { try member(name, quoted: text) }
    }

    /// A string that needs no escapes.
    @inline(never)
    mutating func member(_ name: StaticString, literal: StaticString) throws(Failure) {
        try member(name, begin: "\"")
        try append(literal)
        try append(UInt8(ascii: "\""))
    }

    /// A string that is escaped already.
    @inline(never)
    mutating func member(_ name: StaticString, escaped text: Text) throws(Failure) {
        try member(name, begin: "\"")
        try append(text)
        try append(UInt8(ascii: "\""))
    }

    /// A JSON text exactly as the host wrote it, or `null` for an empty one.
    @inline(never)
    mutating func member(_ name: StaticString, json text: Text) throws(Failure) {
        if text.count == 0 { return try memberNull(name) }
        try member(name)
        try append(text)
    }

    /// `null` for nil.
    @inline(never)
    mutating func member(_ name: StaticString, integer: Int?) throws(Failure) {
        guard let integer else { return try memberNull(name) }
        try member(name)
        try append(integer: integer)
    }

    /// `null` for NaN and infinity.
    @inline(never)
    mutating func member(_ name: StaticString, number: Double) throws(Failure) {
        try member(name)
        try append(number: number)
    }

    /// Rounded to the digits of a Float, for people: this hides that weights are stored in steps of a power of two.
    @inline(never)
    mutating func member(_ name: StaticString, rounded number: Double) throws(Failure) {
        let rounded = Float(number)
        if !rounded.isFinite { return try member(name, number: number) }
        try member(name)
        try append(float: rounded)
    }

    mutating func member(_ name: StaticString, bool: Bool) throws(Failure) {
        try member(name, begin: bool ? "true" : "false")
    }

    mutating func memberNull(_ name: StaticString) throws(Failure) {
        try member(name, begin: "null")
    }
}
