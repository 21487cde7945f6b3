// SPDX-License-Identifier: Apache-2.0
import CValuation

/// What happens with a problem of a document: a load ends at the first one, a validation receives every one.
///
/// A problem is described in `note`; the description of the first one is kept in `firstNote`.
struct Problems: ~Copyable {
    /// Receives each problem and says whether to go on. A C function, because a closure would need memory.
    struct Listener {
        var function: valuation_problem_callback
        var context: UnsafeMutableRawPointer?
    }

    let note: Note
    private let firstNote: Note
    /// nil to end at the first problem.
    private let listener: Listener?
    private(set) var count = 0
    /// The first problem's status.
    private(set) var status = Status.ok
    /// Whether `report` has thrown, so that the failure in flight has been reported already.
    private(set) var hasEnded = false
    /// The path of the value that is read.
    var path = JSONPath()
    /// The line of the document if the file has one document a line, otherwise 0.
    var line: UInt32 = 0

    init(note: Note, firstNote: Note, listener: Listener?) {
        self.note = note
        self.firstNote = firstNote
        self.listener = listener
    }

    /// The work ends at the first problem, which the note describes.
    init(note: Note) {
        self.init(note: note, firstNote: note, listener: nil)
    }

    /// Reports a failure, of which the note has the file. Throws if the work is to end; returns if it is to go on
    /// without the faulty part.
    mutating func report(_ failure: Failure) throws(Failure) {
        note.describe(failure)
        if count == 0 {
            note.copy(to: firstNote.error)
            status = failure.status
        }
        count &+= 1
        if let listener, listener.function(listener.context, note.error) { return }
        hasEnded = true
        throw Failure.noted(failure.status)
    }

    /// Tells the listener of a warning; a load ignores it. - Returns: whether to go on.
    func warn(_ message: StaticString, at jsonPath: StaticString, line: UInt32) -> Bool {
        guard let listener, !hasEnded else { return false }
        var warning = Failure(.ok, message)
        warning.setJSONPath(jsonPath)
        warning.line = line
        note.describe(warning)
        return listener.function(listener.context, note.error)
    }

    /// Ends the work for lack of memory, whoever listens.
    func end(withoutMemory failure: Failure) throws(Failure) {
        note.describe(failure)
        note.copy(to: firstNote.error)
        throw .noted(.outOfMemory)
    }

    /// Reports a failure after which there is nothing left to check.
    mutating func end(reporting failure: Failure) throws(Failure) {
        if failure.status == .outOfMemory { try end(withoutMemory: failure) }
        try report(failure)
        throw .noted(failure.status)
    }

    /// Ends the work with a failure that is the reason for the one just reported, of which the note has the file. The
    /// listener has received that one already.
    mutating func end(with failure: Failure) throws(Failure) {
        if listener == nil {
            note.describe(failure)
            status = failure.status
        }
        throw .noted(status)
    }
}
