// SPDX-License-Identifier: Apache-2.0
import CJansson
import CPlatform

/// A parsed JSON document (jansson), freed with this value.
struct JSONDocument: ~Copyable {
    let root: JSONValue

    /// - Parameter firstLine: the line of the file on which the text begins.
    init(_ text: Text, firstLine: UInt32, note: Note) throws(Failure) {
        var error = json_error_t()
        var feed = Feed(text: text)
        valuation_platform_clear_errno()
        let parsed = json_load_callback(Feed.next, &feed, Int(JSON_REJECT_DUPLICATES), &error)
        if feed.ranOutOfMemory || valuation_platform_errno() == ENOMEM {
            if let parsed { json_decref(parsed) }
            throw .outOfMemory
        }
        guard let parsed else { throw JSONDocument.failure(&error, text, firstLine: firstLine, note) }
        root = JSONValue(pointer: parsed)
    }

    deinit {
        json_decref(root.pointer)
    }

    /// Feeds jansson byte by byte and looks at errno between them: where its buffer for a token cannot grow, jansson goes on with
    /// bytes missing, and forgets errno at the next number.
    private struct Feed {
        let text: Text
        var offset = 0
        var ranOutOfMemory = false

        static let next: json_load_callback_t = { buffer, _, data in
            guard let buffer, let feed = data?.assumingMemoryBound(to: Feed.self) else { return 0 }
            if valuation_platform_errno() == ENOMEM { feed.pointee.ranOutOfMemory = true }
            let offset = feed.pointee.offset
            if feed.pointee.ranOutOfMemory || offset == feed.pointee.text.count { return 0 }
            buffer.storeBytes(of: feed.pointee.text[offset], as: UInt8.self)
            feed.pointee.offset = offset &+ 1
            return 1
        }
    }

    private static func failure(
        _ error: inout json_error_t, _ text: Text, firstLine: UInt32, _ note: Note
    ) -> Failure {
        let status: Status
        let message: StaticString
        switch json_error_code(&error) {
        case json_error_out_of_memory: return .outOfMemory
        case json_error_stack_overflow: (status, message) = (.limitExceeded, "The JSON is nested too deeply")
        case json_error_duplicate_key: (status, message) = (.duplicateKey, "One object has a member twice")
        case json_error_numeric_overflow: (status, message) = (.nonFinite, "A number is too large")
        default: (status, message) = (.jsonSyntax, "This is not JSON")
        }
        withUnsafeBytes(of: &error.text) { bytes in
            let reason = bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: CChar.self)
            note.setMessage("\(message): \(Text(cString: reason)).")
        }
        note.setJSONPath("")
        var failure = Failure.noted(status)
        failure.line = firstLine &+ UInt32(clamping: max(1, error.line)) &- 1
        // jansson counts characters in its columns and bytes in its position.
        let end = min(max(0, Int(error.position)), text.count)
        var lineStart = end
        while lineStart > 0 && text[lineStart &- 1] != UInt8(ascii: "\n") { lineStart &-= 1 }
        failure.column = UInt32(clamping: max(1, end &- lineStart))
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

    /// The member of an object; nil where it is missing, and of anything else. `name` comes from jansson, so a NUL byte follows it.
    func member(_ name: Text) -> JSONValue? {
        let key = UnsafeRawPointer(name.start).assumingMemoryBound(to: CChar.self)
        return json_object_get(pointer, key).map { JSONValue(pointer: $0) }
    }

    /// Whether an object has the member; see `member`.
    func hasMember(_ name: Text) -> Bool { member(name) != nil }

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

    /// Appends the value as JSON text. A real number stays one.
    func write(to buffer: inout Buffer<UInt8>) throws(Failure) {
        switch type {
        case JSON_OBJECT:
            try buffer.append("{")
            for (name, value) in members {
                try buffer.append(quoted: name)
                try buffer.append(":")
                try value.write(to: &buffer)
                try buffer.append(",")
            }
            buffer.dropLast(UInt8(ascii: ","))
            try buffer.append("}")
        case JSON_ARRAY:
            try buffer.append("[")
            for index in 0..<count {
                try element(index)?.write(to: &buffer)
                try buffer.append(",")
            }
            buffer.dropLast(UInt8(ascii: ","))
            try buffer.append("]")
        case JSON_STRING: try buffer.append(quoted: text ?? .empty)
        case JSON_INTEGER: try buffer.append(integer: Int(json_integer_value(pointer)))
        case JSON_REAL:
            let start = buffer.count
            try buffer.append(number: json_real_value(pointer))
            let digits = buffer.text.slice(start, buffer.count)
            if !digits.contains(UInt8(ascii: ".")) && !digits.contains(UInt8(ascii: "e")) { try buffer.append(".0") }
        case JSON_TRUE: try buffer.append("true")
        case JSON_FALSE: try buffer.append("false")
        default: try buffer.append("null")
        }
    }
}
