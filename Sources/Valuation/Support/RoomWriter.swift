// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// Writes text into memory that was reserved for all of it, without a bounds check for each piece.
struct RoomWriter {
    /// How many bytes must be reserved beyond those that are written.
    static let slack = max(DecimalText.room, 16)

    /// Where the next byte goes.
    private(set) var place: UnsafeMutablePointer<UInt8>

    init(_ place: UnsafeMutablePointer<UInt8>) {
        self.place = place
    }

    @inline(always)
    mutating func put(_ byte: UInt8) {
        place.pointee = byte
        place += 1
    }

    @inline(always)
    mutating func put(_ literal: StaticString) {
        memcpy(place, literal.utf8Start, literal.utf8CodeUnitCount)
        place += literal.utf8CodeUnitCount
    }

    /// - Parameter end: the end of the memory that contains the text: a short text is copied as 16 bytes if they can be
    ///   read.
    @inline(always)
    mutating func put(_ text: Text, readableTo end: UnsafePointer<UInt8>) {
        if text.count <= 16 && end - text.start >= 16 {
            let bytes = UnsafeRawPointer(text.start).loadUnaligned(as: (UInt64, UInt64).self)
            UnsafeMutableRawPointer(place).storeBytes(of: bytes, as: (UInt64, UInt64).self)
        } else {
            memcpy(place, text.start, text.count)
        }
        place += text.count
    }

    /// The shortest text that reads back to the same double, without a trailing ".0", or `null` for what is no number.
    @inline(always)
    mutating func put(number: Double) {
        place += DecimalText.write(number, to: place)
    }

    /// The shortest text that reads back to the same float, or `null` for what is no number.
    @inline(always)
    mutating func put(float: Float) {
        place += DecimalText.write(float, to: place)
    }
}
