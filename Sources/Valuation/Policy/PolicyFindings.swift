// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation

/// What is wrong or suspicious in a policy, as JSON.
struct PolicyFindings: ~Copyable {
    private var output = Buffer<UInt8>()
    private var ranOutOfMemory = false

    init() throws(Failure) { try output.append("[") }

    /// The finished array.
    consuming func finish() throws(Failure) -> Buffer<UInt8> {
        if ranOutOfMemory { throw .outOfMemory }
        try output.append("]")
        return output
    }

    /// Adds what keeps an engine from loading the policy, described in a note.
    mutating func add(_ note: Note) {
        do throws(Failure) {
            try add("error", note)
        } catch {
            ranOutOfMemory = true
        }
    }

    /// Adds what cannot be meant.
    mutating func warn(_ note: Note, _ path: Message, _ message: Message) throws(Failure) {
        note.setJSONPath(path)
        note.setMessage(message)
        try warn(note)
    }

    /// Adds what cannot be meant, of which the note has path and message.
    mutating func warn(_ note: Note) throws(Failure) {
        note.describe(.noted(.ok))
        try add("warning", note)
    }

    private mutating func add(_ severity: StaticString, _ note: Note) throws(Failure) {
        try output.append(output.count > 1 ? ",{\"severity\":\"" : "{\"severity\":\"")
        try output.append(severity)
        try output.append("\",\"status\":\"")
        try output.append(Text(Status(rawValue: note.error.pointee.status)?.name ?? "VALUATION_ERROR_UNKNOWN"))
        try output.append("\",\"line\":", integer: Int(note.error.pointee.line))
        try output.append(",\"column\":", integer: Int(note.error.pointee.column))
        try output.append(",\"json_path\":")
        try output.append(quoted: note.jsonPath)
        try output.append(",\"message\":")
        try output.append(quoted: note.message)
        try output.append("}")
    }
}
