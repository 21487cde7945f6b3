// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation

// Shared by the exported functions: they turn C's arguments into the core's values and failures into statuses.

/// Runs the body of an exported call, turns a failure into a status, and fills in the caller's error.
///
/// - Parameter note: the note in which the body describes failures, if it has any.
@inline(__always)
func call(
    _ error: UnsafeMutablePointer<valuation_error>?, note: Note? = nil, _ body: () throws(Failure) -> Void
) -> valuation_status {
    // Without enough memory for them the reasons cannot be reported.
    if let error, error.pointee.struct_size < MemoryLayout<valuation_error>.size { return Status.structSize.rawValue }
    do {
        try body()
        error?.pointee.status = Status.ok.rawValue
        return Status.ok.rawValue
    } catch let failure {
        if let error { describe(failure, note, in: error) }
        return failure.status.rawValue
    }
}

/// Describes a failure in a caller's error, whose size stays as the caller set it.
private func describe(_ failure: Failure, _ note: Note?, in error: UnsafeMutablePointer<valuation_error>) {
    let size = error.pointee.struct_size
    if let note, failure.isNoted {
        note.copy(to: error)
    } else {
        error.pointee.file.0 = 0
        Note(error: error).describe(failure)
    }
    error.pointee.struct_size = size
}

/// Runs the body of an exported call that reads files, with a note that describes problems with them. It is not
/// cancelled before its end.
func callWithNote(
    _ error: UnsafeMutablePointer<valuation_error>?, _ body: (Note) throws(Failure) -> Void
) -> valuation_status {
    let state = valuation_platform_disable_cancel()
    defer { valuation_platform_restore_cancel(state) }
    return Note.withTemporary { note in
        call(error, note: note) { () throws(Failure) in try body(note) }
    }
}

/// A caller's text. Throws if it is NULL and not empty.
func text(_ start: UnsafePointer<CChar>?, _ count: Int) throws(Failure) -> Text {
    guard let start else {
        if count == 0 { return .empty }
        throw Failure(.invalidArgument, "A text is NULL, but its length is not 0.")
    }
    guard count >= 0 else { throw Failure(.invalidArgument, "The length of a text is out of range.") }
    return Text(start, count)
}

/// A caller's text if nothing can be reported: NULL stands for the empty text.
func textOrEmpty(_ start: UnsafePointer<CChar>?, _ count: Int) -> Text {
    guard let start, count > 0 else { return .empty }
    return Text(start, count)
}

func engine(_ handle: OpaquePointer?) throws(Failure) -> UnsafePointer<Engine> {
    guard let handle else {
        throw Failure(.invalidArgument, "The engine is NULL; make one with valuation_engine_create.")
    }
    return UnsafePointer(handle)
}

func scorer(_ handle: OpaquePointer?) throws(Failure) -> UnsafeMutablePointer<Scorer> {
    guard let handle else {
        throw Failure(.invalidArgument, "The scorer is NULL; make one with valuation_scorer_create.")
    }
    return UnsafeMutablePointer(handle)
}

/// An argument that must not be NULL. - Parameter message: the error if it is.
@inline(__always)
func required<Pointee>(
    _ pointer: UnsafeMutablePointer<Pointee>?, _ message: StaticString
) throws(Failure) -> UnsafeMutablePointer<Pointee> {
    guard let pointer else { throw Failure(.invalidArgument, message) }
    return pointer
}

/// Checks a growing struct's size, and that the bytes that this library does not know are zero.
///
/// - Parameter first: the size of the struct in the first version, which callers may still pass: its other members must
///   not be read then. nil if it has not grown.
@inline(__always)
func checkSize<Struct>(_ pointer: UnsafePointer<Struct>, _ size: UInt32, first: Int? = nil) throws(Failure) {
    let known = MemoryLayout<Struct>.size
    if Int(size) == known || Int(size) == first { return }
    if Int(size) < known {
        throw Failure(.structSize, "The struct_size of an argument is too small; begin with the struct's _INIT macro.")
    }
    let bytes = UnsafeRawPointer(pointer)
    for offset in known..<Int(size) where bytes.load(fromByteOffset: offset, as: UInt8.self) != 0 {
        throw Failure(.structSize, "An argument uses members that this library does not know; use a newer library.")
    }
}
