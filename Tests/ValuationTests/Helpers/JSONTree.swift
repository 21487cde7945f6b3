// SPDX-License-Identifier: Apache-2.0
import CJansson
import Testing

@testable import Valuation

/// A JSON value, to compare two parsers and to look into answers. A number is its bits; of members with one name the
/// last one counts.
indirect enum JSONTree: Equatable {
    case object([[UInt8]: JSONTree])
    case array([JSONTree])
    case string([UInt8])
    case number(UInt64)
    case literal(String)
}

extension JSONTree {
    /// What `JSONCursor` reads when asked for every value.
    static func read(withCursor text: Text) throws(Failure) -> JSONTree {
        var cursor = JSONCursor(text)
        var buffer = Buffer<UInt8>()
        let tree = try value(&cursor, &buffer)
        try cursor.expectEnd()
        return tree
    }

    private static func value(_ cursor: inout JSONCursor, _ buffer: inout Buffer<UInt8>) throws(Failure) -> JSONTree {
        switch cursor.kind() {
        case .string: return .string(try cursor.string().decoded(into: &buffer).bytes)
        case .number: return .number(try cursor.number().value.bitPattern)
        case .literal: return .literal("\(try cursor.literal())")
        case .nothing: throw cursor.unexpected("Expected a value here.")
        case .array:
            var elements: [JSONTree] = []
            guard cursor.enter(closing: UInt8(ascii: "]")) else { return .array([]) }
            repeat {
                elements.append(try value(&cursor, &buffer))
            } while try cursor.nextElement(closing: UInt8(ascii: "]"))
            return .array(elements)
        case .object:
            var members: [[UInt8]: JSONTree] = [:]
            guard cursor.enter(closing: UInt8(ascii: "}")) else { return .object([:]) }
            repeat {
                let name = try cursor.memberName().decoded(into: &buffer).bytes
                members[name] = try value(&cursor, &buffer)
            } while try cursor.nextElement(closing: UInt8(ascii: "}"))
            return .object(members)
        }
    }
}

extension JSONTree {
    /// What jansson reads; nil and its error if it refuses the text. Integers are read as doubles.
    static func read(withJansson text: Text) -> (tree: JSONTree?, error: json_error_code) {
        var error = json_error_t()
        let start = UnsafeRawPointer(text.start).assumingMemoryBound(to: CChar.self)
        let flags = Int(JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL)
        guard let root = json_loadb(start, text.count, flags, &error) else {
            return (nil, json_error_code(&error))
        }
        defer { json_decref(root) }
        return (value(root), json_error_unknown)
    }

    private static func value(_ pointer: UnsafeMutablePointer<json_t>) -> JSONTree {
        switch pointer.pointee.type {
        case JSON_OBJECT:
            var members: [[UInt8]: JSONTree] = [:]
            var iterator = json_object_iter(pointer)
            while let current = iterator {
                let name = json_object_iter_key(current).map { Array(Text(cString: $0).bytes) } ?? []
                members[name] = json_object_iter_value(current).map(value)
                iterator = json_object_iter_next(pointer, current)
            }
            return .object(members)
        case JSON_ARRAY:
            return .array((0..<json_array_size(pointer)).compactMap { json_array_get(pointer, $0).map(value) })
        case JSON_STRING:
            let start = UnsafeRawPointer(json_string_value(pointer)!)
            return .string(
                Array(UnsafeRawBufferPointer(start: start, count: json_string_length(pointer))))
        case JSON_REAL: return .number(json_real_value(pointer).bitPattern)
        case JSON_TRUE: return .literal("yes")
        case JSON_FALSE: return .literal("no")
        default: return .literal("null")
        }
    }
}

extension JSONTree {
    /// An answer, read by jansson: exact to the bit, which Foundation does not promise.
    init(parsing json: String) throws {
        self = try #require(withText(json) { JSONTree.read(withJansson: $0).tree }, "\(json)")
    }

    /// The member of an object; nil if it is missing.
    subscript(name: String) -> JSONTree? {
        guard case .object(let members) = self else { return nil }
        return members[Array(name.utf8)]
    }

    /// The names of an object's members.
    var names: Set<String> {
        guard case .object(let members) = self else { return [] }
        return Set(members.keys.map { String(decoding: $0, as: UTF8.self) })
    }

    /// The elements of an array; empty for anything else.
    var elements: [JSONTree] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    /// The number, or nil for anything else.
    var number: Double? {
        guard case .number(let bits) = self else { return nil }
        return Double(bitPattern: bits)
    }

    /// The string, or nil for anything else.
    var text: String? {
        guard case .string(let bytes) = self else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    static var null: JSONTree { .literal("null") }

    /// The member `values` of an answer.
    var values: [JSONTree] { self["values"]?.elements ?? [] }

    /// The member `flags` of a value.
    var flags: [String] { (self["flags"]?.elements ?? []).compactMap(\.text) }
}
