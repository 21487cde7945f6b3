// SPDX-License-Identifier: Apache-2.0
import CChecksum

/// Texts in arrays of a fixed size in structs: NUL-terminated, and cut between two characters.
enum FixedText {
    static func write<Room>(_ text: Text, to room: inout Room) {
        withUnsafeMutableBytes(of: &room) { write(text, into: $0) }
    }

    /// Writes the hexadecimal digits of a checksum; nothing for nil.
    static func write<Room>(_ checksum: Checksum?, to room: inout Room) {
        withUnsafeMutableBytes(of: &room) { write(checksum, into: $0) }
    }

    @inline(never)
    private static func write(_ text: Text, into bytes: UnsafeMutableRawBufferPointer) {
        var line = Note.Line(bytes)
        line.append(text)
    }

    @inline(never)
    private static func write(_ checksum: Checksum?, into bytes: UnsafeMutableRawBufferPointer) {
        var line = Note.Line(bytes)
        guard let checksum else { return }
        for place in 0..<Checksum.digits {
            var digit = checksum.digit(place)
            line.append(Text(&digit, 1))
        }
    }
}
