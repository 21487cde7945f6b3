// SPDX-License-Identifier: Apache-2.0
import CValuation

/// The statuses of valuation.h as a Swift enumeration. The header is the source of the numbers; a test compares them.
enum Status: valuation_status {
    case ok = 0
    case invalidArgument = 1
    case structSize = 2
    case outOfMemory = 3
    case fileNotFound = 4
    case readFailed = 5
    case gzip = 6
    case jsonSyntax = 7
    case duplicateKey = 8
    case format = 9
    case invalidValue = 10
    case nonFinite = 11
    case duplicateModel = 12
    case unknownModel = 13
    case keyCollision = 14
    case selfTest = 15
    case limitExceeded = 16
    case nothingLoaded = 17
}

/// Why a call failed and where: the value that every throwing function of the core throws.
///
/// `message` is one sentence for the person who must mend the input.
struct Failure: Error {
    var status: Status
    var message: String
    /// Path of the file concerned, or empty.
    var file = ""
    /// Place in the document, for example `$.intercept`, or empty.
    var jsonPath = ""
    /// 1-based line, or 0.
    var line: UInt32 = 0
    /// 1-based byte in the line, or 0.
    var column: UInt32 = 0

    init(_ status: Status, _ message: String) {
        self.status = status
        self.message = message
    }

    static var outOfMemory: Failure { Failure(.outOfMemory, "Out of memory; nothing was changed.") }
}
