// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation

/// Errors and suspicious parts of a policy, as JSON.
struct PolicyFindings: ~Copyable {
    private var output = Buffer<UInt8>()
    private var ranOutOfMemory = false

    init() throws(Failure) { try output.append("[") }

    /// The finished array.
    consuming func finish() throws(Failure) -> Buffer<UInt8> {
        if ranOutOfMemory { throw .outOfMemory }
        try output.endArray()
        return output
    }

    /// Adds a reason why an engine would refuse the policy, described in a note.
    mutating func add(_ note: Note) {
        do throws(Failure) {
            try add("error", note)
        } catch {
            ranOutOfMemory = true
        }
    }

    /// Adds a warning.
    mutating func warn(_ note: Note, _ path: Message, _ message: Message) throws(Failure) {
        note.setJSONPath(path)
        note.setMessage(message)
        try warn(note)
    }

    /// Adds a warning; the note has its path and message.
    mutating func warn(_ note: Note) throws(Failure) {
        note.describe(.noted(.ok))
        try add("warning", note)
    }

    private mutating func add(_ severity: StaticString, _ note: Note) throws(Failure) {
        try output.beginObject()
        try output.member("severity", literal: severity)
        try output.member(
            "status", literal: Status(rawValue: note.error.pointee.status)?.name ?? "VALUATION_ERROR_UNKNOWN")
        try output.member("line", integer: Int(note.error.pointee.line))
        try output.member("column", integer: Int(note.error.pointee.column))
        try output.member("json_path", quoted: note.jsonPath)
        try output.member("message", quoted: note.message)
        try output.endObject()
    }
}
