// SPDX-License-Identifier: Apache-2.0
import CValuationSolver

/// The statuses of valuation_solver.h as a Swift enumeration. The header is the source of the numbers.
enum Status: valuation_solver_status {
    case ok = 0
    case invalidArgument = 1
    case structSize = 2
    case outOfMemory = 3
    case invalidValue = 4
    case stopped = 5
}

/// Why a call failed. It has nothing on the heap, because there may be no memory left.
struct Failure: Error {
    let status: Status
    /// The struct member concerned, or empty.
    var array: StaticString = ""
    /// The index in that array, or -1.
    var index = -1
    /// The row of the problem, or -1.
    var row = -1
    var column = -1
    /// What is wrong and what to do, without the location.
    let message: StaticString

    init(_ status: Status, _ message: StaticString) {
        self.status = status
        self.message = message
    }

    /// A value of an array.
    static func value(
        _ array: StaticString, _ index: Int, row: Int = -1, column: Int = -1, _ message: StaticString
    ) -> Failure {
        var failure = Failure(.invalidValue, message)
        (failure.array, failure.index, failure.row, failure.column) = (array, index, row, column)
        return failure
    }

    /// A member that is not an array.
    static func member(_ name: StaticString, _ message: StaticString) -> Failure {
        var failure = Failure(.invalidArgument, message)
        failure.array = name
        return failure
    }

    static var outOfMemory: Failure { Failure(.outOfMemory, "Out of memory; nothing was kept.") }

    static var stopped: Failure { Failure(.stopped, "The caller has stopped the fit.") }
}

/// Writes text into a C array of characters, cut when it is full.
private struct Writer {
    private var next: UnsafeMutablePointer<CChar>
    private var room: Int

    /// - Parameter size: of the array, with the NUL byte.
    init(_ start: UnsafeMutableRawPointer, size: Int) {
        next = start.assumingMemoryBound(to: CChar.self)
        room = size &- 1
        next.pointee = 0
    }

    mutating func add(_ byte: UInt8) {
        if room == 0 { return }
        next.pointee = CChar(bitPattern: byte)
        next += 1
        next.pointee = 0
        room &-= 1
    }

    mutating func add(_ text: StaticString) {
        for offset in 0..<text.utf8CodeUnitCount { add(text.utf8Start[offset]) }
    }

    /// - Parameter number: 0 or more.
    mutating func add(_ number: Int) {
        var divisor = 1
        while number / divisor >= 10 { divisor &*= 10 }
        while divisor > 0 {
            add(UInt8(truncatingIfNeeded: 48 &+ number / divisor % 10))
            divisor /= 10
        }
    }
}

/// Describes a failure in a caller's error: "outcomes[17]: an outcome is a number from 0 to 1."
func describe(_ failure: Failure, in error: UnsafeMutablePointer<valuation_solver_error>) {
    error.pointee.status = failure.status.rawValue
    error.pointee.row = Int64(failure.row)
    error.pointee.column = Int64(failure.column)
    withUnsafeMutablePointer(to: &error.pointee.array) { array in
        var writer = Writer(array, size: MemoryLayout.size(ofValue: array.pointee))
        writer.add(failure.array)
    }
    withUnsafeMutablePointer(to: &error.pointee.message) { message in
        var writer = Writer(message, size: MemoryLayout.size(ofValue: message.pointee))
        if failure.array.utf8CodeUnitCount > 0 {
            writer.add(failure.array)
            if failure.index >= 0 {
                writer.add("[")
                writer.add(failure.index)
                writer.add("]")
            }
            if failure.row >= 0 {
                writer.add(" (row ")
                writer.add(failure.row)
            }
            if failure.column >= 0 {
                writer.add(failure.row >= 0 ? ", column " : " (column ")
                writer.add(failure.column)
            }
            if failure.row >= 0 || failure.column >= 0 { writer.add(")") }
            writer.add(": ")
        }
        writer.add(failure.message)
    }
}

/// Runs the body of an exported call, turns a failure into a status, and fills in the caller's error.
@inline(__always)
func call(
    _ error: UnsafeMutablePointer<valuation_solver_error>?, _ body: () throws(Failure) -> Void
) -> valuation_solver_status {
    // Without enough memory for them the reasons cannot be reported.
    if let error, error.pointee.struct_size < MemoryLayout<valuation_solver_error>.size {
        return Status.structSize.rawValue
    }
    do {
        try body()
        error?.pointee.status = Status.ok.rawValue
        return Status.ok.rawValue
    } catch let failure {
        if let error { describe(failure, in: error) }
        return failure.status.rawValue
    }
}

/// Checks a growing struct's size, and that the bytes that this library does not know are zero.
///
/// - Parameter added: how many bytes the struct has grown by since its first version.
func checkSize<Struct>(_ pointer: UnsafePointer<Struct>, _ size: UInt32, added: Int = 0) throws(Failure) {
    let known = MemoryLayout<Struct>.size
    if Int(size) == known || Int(size) == known - added { return }
    if Int(size) < known {
        throw Failure(.structSize, "The struct_size of an argument is too small; begin with the struct's _INIT macro.")
    }
    let bytes = UnsafeRawPointer(pointer)
    for offset in known..<Int(size) where bytes.load(fromByteOffset: offset, as: UInt8.self) != 0 {
        throw Failure(.structSize, "An argument uses members that this library does not know; use a newer library.")
    }
}
