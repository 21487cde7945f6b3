// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation

// What the exported functions share: turning C's arguments into the core's values and failures into statuses.

/// Runs the body of an exported call, turns a failure into a status, and fills in the caller's error.
@inline(__always)
func call(
    _ error: UnsafeMutablePointer<valuation_error>?, _ body: () throws(Failure) -> Void
) -> valuation_status {
    if let error, error.pointee.struct_size < MemoryLayout<valuation_error>.size {
        return Status.structSize.rawValue
    }
    do {
        try body()
        error?.pointee.status = Status.ok.rawValue
        return Status.ok.rawValue
    } catch let failure {
        if let error { fill(error, failure) }
        return failure.status.rawValue
    }
}

/// Writes a failure into a caller's error.
func fill(_ error: UnsafeMutablePointer<valuation_error>, _ failure: Failure) {
    error.pointee.status = failure.status.rawValue
    error.pointee.line = failure.line
    error.pointee.column = failure.column
    copy(failure.file, to: &error.pointee.file, keepingEnd: true)
    copy(failure.jsonPath, to: &error.pointee.json_path, keepingEnd: false)
    copy(failure.message, to: &error.pointee.message, keepingEnd: false)
}

/// Copies a text into a fixed array of C characters, cut at a character's boundary where it does not fit.
private func copy<CharacterArray>(_ text: String, to array: inout CharacterArray, keepingEnd: Bool) {
    var text = text
    withUnsafeMutableBytes(of: &array) { destination in
        text.withUTF8 { bytes in
            let room = destination.count &- 1
            var start = 0
            var end = bytes.count
            if bytes.count > room {
                if keepingEnd {
                    start = bytes.count &- room
                    while start < end && bytes[start] & 0xc0 == 0x80 { start &+= 1 }
                } else {
                    end = room
                    while end > 0 && bytes[end] & 0xc0 == 0x80 { end &-= 1 }
                }
            }
            if let source = bytes.baseAddress, let place = destination.baseAddress {
                memcpy(place, source + start, end &- start)
            }
            destination[end &- start] = 0
        }
    }
}

/// A caller's text. Throws if it is NULL and not empty.
func text(_ start: UnsafePointer<CChar>?, _ count: Int, _ name: StaticString) throws(Failure) -> Text {
    guard let start else {
        if count == 0 { return .empty }
        throw Failure(.invalidArgument, "\(Text(name).string) is NULL, but its length is \(count).")
    }
    guard count >= 0 else { throw Failure(.invalidArgument, "The length of \(Text(name).string) is out of range.") }
    return Text(UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self), count)
}

/// A caller's text where nothing can be reported: NULL stands for the empty text.
func text(_ start: UnsafePointer<CChar>?, _ count: Int) -> Text {
    guard let start, count > 0 else { return .empty }
    return Text(UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self), count)
}

func engine(_ handle: OpaquePointer?) throws(Failure) -> UnsafeMutablePointer<Engine> {
    guard let handle else {
        throw Failure(.invalidArgument, "The engine is NULL; make one with valuation_engine_create.")
    }
    return UnsafeMutablePointer(handle)
}

func scorer(_ handle: OpaquePointer?) throws(Failure) -> UnsafeMutablePointer<Scorer> {
    guard let handle else {
        throw Failure(.invalidArgument, "The scorer is NULL; make one with valuation_scorer_create.")
    }
    return UnsafeMutablePointer(handle)
}

/// An argument that must not be NULL.
@inline(__always)
func required<Pointee>(
    _ pointer: UnsafeMutablePointer<Pointee>?, _ name: StaticString
) throws(Failure) -> UnsafeMutablePointer<Pointee> {
    guard let pointer else { throw Failure(.invalidArgument, "\(Text(name).string) is NULL.") }
    return pointer
}

/// Checks a growing struct's size and that what this library does not know of it is zero.
@inline(__always)
func checkSize<Struct>(
    _ pointer: UnsafePointer<Struct>, _ size: UInt32, _ name: StaticString
) throws(Failure) {
    let known = MemoryLayout<Struct>.size
    if Int(size) == known { return }
    if Int(size) < known {
        throw Failure(
            .structSize, "struct_size of \(Text(name).string) is \(size), not \(known); begin with its _INIT macro.")
    }
    let bytes = UnsafeRawPointer(pointer)
    for offset in known..<Int(size) where bytes.load(fromByteOffset: offset, as: UInt8.self) != 0 {
        throw Failure(
            .structSize, "\(Text(name).string) uses members that this library does not know; use a newer library.")
    }
}
