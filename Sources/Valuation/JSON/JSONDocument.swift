// SPDX-License-Identifier: Apache-2.0
import CJansson
import CPlatform

/// A document parsed by jansson; freed with this value.
///
/// The pull reader checks each text before jansson sees it: jansson's tree takes up to 232 bytes for a value of three,
/// and each level of nesting takes stack.
struct JSONDocument: ~Copyable {
    /// An object or an array counts as four.
    static let maximumValues = 4_000_000

    let root: JSONValue

    init(_ text: Text, note: Note) throws(Failure) {
        var cursor = JSONCursor(text)
        try cursor.refuseByteOrderMark()
        guard cursor.kind() == .object || cursor.kind() == .array else {
            throw cursor.unexpected("Expected \"{\" here.")
        }
        var remaining = JSONDocument.maximumValues
        try cursor.skipDocumentValue(depth: 0, remaining: &remaining)
        try cursor.expectEnd()
        var error = json_error_t()
        var feed = Feed(text: text)
        #if OWN_JANSSON
            json_set_alloc_funcs(valuation_platform_malloc, valuation_platform_free)
        #endif
        valuation_platform_clear_errno()
        let parsed = json_load_callback(Feed.next, &feed, Int(JSON_REJECT_DUPLICATES), &error)
        if feed.ranOutOfMemory || valuation_platform_errno() == ENOMEM {
            if let parsed { json_decref(parsed) }
            throw .outOfMemory
        }
        guard let parsed else { throw JSONDocument.failure(&error, text, note) }
        root = JSONValue(pointer: parsed)
    }

    deinit {
        json_decref(root.pointer)
    }

    /// Feeds jansson byte by byte and checks errno in between: if its buffer for a token cannot grow, jansson drops
    /// bytes and goes on, and forgets errno at the next number.
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

    private static func failure(_ error: inout json_error_t, _ text: Text, _ note: Note) -> Failure {
        let code = json_error_code(&error)
        if code == json_error_out_of_memory { return .outOfMemory }
        withUnsafeBytes(of: &error.text) { bytes in
            let reason = bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: CChar.self)
            let isTwice = code == json_error_duplicate_key
            let message: StaticString = isTwice ? "One object has a member twice" : "This is not JSON"
            note.setMessage("\(message): \(Text(cString: reason)).")
        }
        note.setJSONPath("")
        var failure = Failure.noted(code == json_error_duplicate_key ? .duplicateKey : .jsonSyntax)
        // jansson counts characters in its columns and bytes in its position, which is after the byte in question.
        let place = JSONCursor(text).failure(.jsonSyntax, "", at: max(0, Int(error.position) &- 1))
        (failure.line, failure.column) = (place.line, place.column)
        return failure
    }
}

/// A value in a `JSONDocument`, borrowed from it.
struct JSONValue {
    let pointer: UnsafeMutablePointer<json_t>

    private var type: json_type { pointer.pointee.type }

    var isObject: Bool { type == JSON_OBJECT }
    var isArray: Bool { type == JSON_ARRAY }
    var isNull: Bool { type == JSON_NULL }

    func numberValue() -> Double? {
        switch type {
        case JSON_INTEGER: Double(json_integer_value(pointer))
        case JSON_REAL: json_real_value(pointer)
        default: nil
        }
    }

    /// The string; nil for anything else.
    var text: Text? {
        guard type == JSON_STRING, let start = json_string_value(pointer) else { return nil }
        return Text(start, json_string_length(pointer))
    }

    /// The number of elements of an array; 0 for anything else.
    var count: Int { json_array_size(pointer) }

    /// The element of an array.
    func element(_ index: Int) -> JSONValue? {
        json_array_get(pointer, index).map { JSONValue(pointer: $0) }
    }

    /// The member of an object; nil if it is missing.
    func member(_ name: StaticString) -> JSONValue? {
        json_object_get(pointer, Text(name).characters).map { JSONValue(pointer: $0) }
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
}
