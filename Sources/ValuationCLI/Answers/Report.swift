// SPDX-License-Identifier: Apache-2.0
import CValuation

/// A JSON text that the library gave its caller to keep.
struct Report {
    let bytes: [UInt8]

    /// Copies the text of a handle and destroys the handle.
    private init(_ handle: OpaquePointer) {
        defer { valuation_report_destroy(handle) }
        var length = 0
        let text = valuation_report_text(handle, &length)
        bytes = Array(UnsafeRawBufferPointer(start: text, count: length))
    }

    /// Calls the library for a report. What it refuses is thrown as a `Problem`.
    init(
        by call: (UnsafeMutablePointer<OpaquePointer?>, UnsafeMutablePointer<valuation_error>) -> valuation_status
    ) throws {
        try Library.requireMatchingInterface()
        var error = Library.emptyError()
        var handle: OpaquePointer?
        guard call(&handle, &error) == VALUATION_OK, let handle else { throw Problem(error) }
        self.init(handle)
    }

    func decoded<Answer: Decodable>(as type: Answer.Type) throws(Problem) -> Answer {
        do {
            return try bytes.withUnsafeBytes { try decodeAnswer(type, from: $0) }
        } catch {
            throw error as? Problem ?? Problem.cannotBeShown("\(error)")
        }
    }

    /// The text without the line feeds and spaces that indent it.
    var line: String { String(decoding: RawJSON.onOneLine(bytes), as: UTF8.self) }
}
