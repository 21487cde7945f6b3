// SPDX-License-Identifier: Apache-2.0
import CJansson
import CPlatform

/// A parsed JSON document (jansson), freed with this value.
struct JSONDocument: ~Copyable {
    let root: JSONValue

    /// - Parameter firstLine: the line of the file on which the text begins.
    init(_ text: Text, firstLine: UInt32) throws(Failure) {
        var error = json_error_t()
        let start = UnsafeRawPointer(text.start).assumingMemoryBound(to: CChar.self)
        guard let parsed = json_loadb(start, text.count, Int(JSON_REJECT_DUPLICATES), &error) else {
            throw JSONDocument.failure(&error, firstLine: firstLine)
        }
        root = JSONValue(pointer: parsed)
    }

    deinit {
        json_decref(root.pointer)
    }

    private static func failure(_ error: inout json_error_t, firstLine: UInt32) -> Failure {
        let code = json_error_code(&error)
        let reason = withUnsafeBytes(of: &error.text) { bytes in
            Text(cString: bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: CChar.self)).string
        }
        var failure =
            switch code {
            case json_error_out_of_memory: Failure.outOfMemory
            case json_error_stack_overflow: Failure(.limitExceeded, "The JSON is nested too deeply: \(reason).")
            case json_error_duplicate_key: Failure(.duplicateKey, "One object has a member twice: \(reason).")
            case json_error_numeric_overflow: Failure(.nonFinite, "A number is too large: \(reason).")
            default: Failure(.jsonSyntax, "This is not JSON: \(reason).")
            }
        failure.line = firstLine &+ UInt32(clamping: max(1, error.line)) &- 1
        failure.column = UInt32(clamping: max(0, error.column))
        return failure
    }
}

/// A value inside a `JSONDocument`, borrowed from it.
struct JSONValue {
    let pointer: UnsafeMutablePointer<json_t>

    private var type: json_type { pointer.pointee.type }

    var isObject: Bool { type == JSON_OBJECT }
    var isArray: Bool { type == JSON_ARRAY }
    var isNull: Bool { type == JSON_NULL }

    /// The number, of either kind; nil for anything else.
    var number: Double? {
        switch type {
        case JSON_INTEGER: Double(json_integer_value(pointer))
        case JSON_REAL: json_real_value(pointer)
        default: nil
        }
    }

    /// The string; nil for anything else.
    var text: Text? {
        guard type == JSON_STRING, let start = json_string_value(pointer) else { return nil }
        return Text(UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self), json_string_length(pointer))
    }

    /// How many elements an array has; 0 for anything else.
    var count: Int { json_array_size(pointer) }

    /// The element of an array.
    func element(_ index: Int) -> JSONValue? {
        json_array_get(pointer, index).map { JSONValue(pointer: $0) }
    }

    /// The member of an object; nil where it is missing.
    func member(_ name: StaticString) -> JSONValue? {
        let key = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
        return json_object_get(pointer, key).map { JSONValue(pointer: $0) }
    }

    /// Whether an object has the member; false for anything else. `name` comes from jansson, so a NUL byte follows it.
    func hasMember(_ name: Text) -> Bool {
        json_object_get(pointer, UnsafeRawPointer(name.start).assumingMemoryBound(to: CChar.self)) != nil
    }

    /// The members of an object, in the document's order.
    var members: Members { Members(object: pointer, iterator: json_object_iter(pointer)) }

    struct Members: IteratorProtocol, Sequence {
        fileprivate let object: UnsafeMutablePointer<json_t>
        fileprivate var iterator: UnsafeMutableRawPointer?

        mutating func next() -> (name: Text, value: JSONValue)? {
            guard let current = iterator, let name = json_object_iter_key(current),
                let value = json_object_iter_value(current)
            else { return nil }
            iterator = json_object_iter_next(object, current)
            return (Text(cString: name), JSONValue(pointer: value))
        }
    }

    /// Appends the value as JSON text.
    func write(to buffer: inout Buffer<UInt8>) throws(Failure) {
        let flags = Int(JSON_COMPACT | JSON_ENCODE_ANY)
        let length = json_dumpb(pointer, nil, 0, flags)
        try buffer.reserve(buffer.count &+ length)
        let place = UnsafeMutableRawPointer(buffer.base.unsafelyUnwrapped + buffer.count)
        let written = json_dumpb(pointer, place.assumingMemoryBound(to: CChar.self), length, flags)
        if written != length || length == 0 { throw .outOfMemory }
        buffer.appendWritten(length)
    }
}
