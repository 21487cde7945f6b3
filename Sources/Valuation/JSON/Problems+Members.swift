// SPDX-License-Identifier: Apache-2.0

/// A value of a document. Policies and manifests are small and become a tree; a model, whose tree would take more than
/// a hundred times its memory, is read where its text is, so that its strings may have to be decoded first.
protocol DocumentValue {
    var isObject: Bool { get }
    var isArray: Bool { get }
    var isNull: Bool { get }

    /// The number; nil for anything else.
    func numberValue() throws(Failure) -> Double?
}

/// An object of a document.
protocol DocumentObject {
    associatedtype Value: DocumentValue

    /// nil if it is missing.
    func member(_ name: StaticString) -> Value?
}

extension JSONValue: DocumentValue, DocumentObject {}
extension KnownMembers: DocumentObject {}

/// In a text that has been checked.
extension JSONCursor: DocumentValue {
    var isObject: Bool { byte == UInt8(ascii: "{") }
    var isArray: Bool { byte == UInt8(ascii: "[") }

    func numberValue() throws(Failure) -> Double? {
        guard JSONCursor.isNumber(byte) else { return nil }
        var cursor = self
        return try cursor.number().value
    }
}

/// Reading members of an object at the current path. Each reader reports what is wrong with a member and returns nil.
extension Problems {
    enum Container {
        case object, array
    }

    /// An object or an array, whose path is then the current one: the caller pops it.
    ///
    /// - Parameters:
    ///   - isRequired: whether to report a missing one.
    ///   - orNull: whether null is as good as missing.
    @inline(never)
    mutating func enter<Object: DocumentObject>(
        _ object: Object, _ name: StaticString, _ container: Container, isRequired: Bool = false, orNull: Bool = false,
        _ message: StaticString
    ) throws(Failure) -> Object.Value? {
        if let value = object.member(name) {
            if container == .object ? value.isObject : value.isArray {
                try path.push(Text(name))
                return value
            }
            if orNull && value.isNull { return nil }
        } else if !isRequired {
            return nil
        }
        try report(.invalidValue, at: name, message)
        return nil
    }

    /// A number from `least` to `largest`; nil if it is missing, too. - Parameter orNull: whether it may be null.
    @inline(never)
    mutating func number<Object: DocumentObject>(
        _ object: Object, _ name: StaticString, from least: Double = 0, to largest: Double, orNull: Bool = false
    ) throws(Failure) -> Double? {
        guard let value = object.member(name), !(orNull && value.isNull) else { return nil }
        if let number = try value.numberValue(), number >= least, number <= largest { return number }
        if orNull {
            try report(.invalidValue, at: name, "It must be a number from \(least) to \(largest), or null.")
        } else {
            try report(.invalidValue, at: name, "It must be a number from \(least) to \(largest).")
        }
        return nil
    }

    /// A required whole number from 0 to `largest`.
    mutating func whole(
        _ object: JSONValue, _ name: StaticString, to largest: Double, _ message: StaticString
    ) throws(Failure) -> Int? {
        if let number = object.member(name)?.numberValue(), number >= 0, number <= largest,
            let whole = Int(exactly: number)
        {
            return whole
        }
        try report(.invalidValue, at: name, message)
        return nil
    }

    /// A required string: a member's, or the one at the current path. - Parameter text: what the value is as a string.
    @inline(never)
    mutating func string(_ text: Text?, isMissing: Bool, at member: StaticString? = nil) throws(Failure) -> Text? {
        if let text { return text }
        let message: StaticString =
            isMissing
            ? "The string is missing; add it, or check its spelling." : "It must be a string; put it in quotes."
        if let member {
            try report(.invalidValue, at: member, message)
        } else {
            try report(.invalidValue, message)
        }
        return nil
    }
}
