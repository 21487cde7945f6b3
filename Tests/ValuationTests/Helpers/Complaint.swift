// SPDX-License-Identifier: Apache-2.0
import CValuation

@testable import Valuation

/// The error of a refused call in Swift strings: from a `Failure` of the core or a caller's `valuation_error`.
struct Complaint: Error {
    var status: Status
    var message: String
    var file: String
    var jsonPath: String
    var line: UInt32
    var column: UInt32

    /// The error of a failure that has not been noted.
    init(_ failure: Failure) {
        var error = valuation_error()
        withUnsafeMutablePointer(to: &error) { Note(error: $0).describe(failure) }
        self.init(error)
    }

    init(_ error: valuation_error) {
        status = Status(rawValue: error.status) ?? .ok
        message = string(of: error.message)
        file = string(of: error.file)
        jsonPath = string(of: error.json_path)
        line = error.line
        column = error.column
    }
}

/// What `body` throws, or nil if it throws nothing.
func complaint(of body: () throws(Failure) -> Void) -> Complaint? {
    do {
        try body()
        return nil
    } catch {
        return Complaint(error)
    }
}

/// What `body` throws, or nil if it throws nothing.
func complaint(of body: () throws(Complaint) -> Void) -> Complaint? {
    do {
        try body()
        return nil
    } catch {
        return error
    }
}

/// The text in a fixed array of C characters.
private func string<CharacterArray>(of array: CharacterArray) -> String {
    withUnsafeBytes(of: array) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
