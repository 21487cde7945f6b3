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
    case checksum = 18
    case writeFailed = 19
    case unknownRelease = 20
    case releaseExists = 21
    case busy = 22
    case secret = 23
    case noPrevious = 24
    case nothingFollowed = 25
    case nothingPrepared = 26
    case stale = 27
    case notCompiled = 28
    case unknownGeneration = 29
    case unknownSource = 30
    case noPolicy = 31
}

/// Why a call failed: the error type of every throwing function of the core.
///
/// It is small and has nothing on the heap, because there may be no memory left to describe a failure. Any text that is
/// not a literal, such as a name from a file, is written into the `Note` of the current work before the failure is
/// thrown.
struct Failure: Error, @unchecked Sendable {
    /// The type of `detail`.
    private enum Detail: UInt8 {
        case none, jsonPath, reason
    }

    // As few words as a thrown value is returned in registers: that makes each call that may throw much less code.

    /// Literals, which end with a NUL byte and live forever.
    private var messageStart: UnsafePointer<CChar>
    private var detail: UnsafePointer<CChar>?
    /// 1-based line, or 0.
    var line: UInt32 = 0
    /// 1-based byte in the line, or 0.
    var column: UInt32 = 0
    var status: Status
    private var detailKind = Detail.none
    /// The note has the texts; `message` and `jsonPath` are empty.
    var isNoted = false

    init(_ status: Status, _ message: StaticString) {
        self.status = status
        messageStart = Text(message).characters
    }

    /// One sentence for the person who must fix the input.
    var message: Text { Text(cString: messageStart) }

    /// Path in the document, for example `$.candidates`, or empty.
    var jsonPath: Text {
        guard detailKind == .jsonPath, let detail else { return .empty }
        return Text(cString: detail)
    }

    /// Sets the path in the document; the failure then has no reason.
    mutating func setJSONPath(_ path: StaticString) {
        (detail, detailKind) = (Text(path).characters, .jsonPath)
    }

    /// The reason that the C library or zlib gives: text that lives forever, or nil.
    var reason: UnsafePointer<CChar>? {
        get { detailKind == .reason ? detail : nil }
        set { (detail, detailKind) = (newValue, newValue == nil ? .none : .reason) }
    }

    /// A failure whose texts have been written into the note.
    static func noted(_ status: Status) -> Failure {
        var failure = Failure(status, "")
        failure.isNoted = true
        return failure
    }

    /// A file of a release whose bytes are not those that its manifest describes.
    static var changedFile: Failure {
        Failure(.checksum, "The file is not as it was published; copy or publish the release again.")
    }

    static var outOfMemory: Failure { Failure(.outOfMemory, "Out of memory; nothing was changed.") }
}
