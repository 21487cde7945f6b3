// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation

/// Where a failure is described: a `valuation_error` that outlives the work. A text that does not fit is cut between
/// two characters.
struct Note {
    let error: UnsafeMutablePointer<valuation_error>

    /// Runs `body` with a note on the stack.
    static func withTemporary<Result: ~Copyable, Problem: Error>(
        _ body: (Note) throws(Problem) -> Result
    ) throws(Problem) -> Result {
        // Stored as words, because the compiler handles a struct's thousand characters one by one. A temporary
        // allocation of more than 1,024 bytes would be on the heap.
        var words = InlineArray<226, UInt64>(repeating: 0)
        assert(MemoryLayout.size(ofValue: words) >= MemoryLayout<valuation_error>.size)
        return try withUnsafeMutablePointer(to: &words) { words throws(Problem) in
            try body(Note(error: UnsafeMutableRawPointer(words).bindMemory(to: valuation_error.self, capacity: 1)))
        }
    }

    /// The current texts; valid until they are set again.
    var jsonPath: Text { cut(&error.pointee.json_path) }
    var message: Text { cut(&error.pointee.message) }

    private func cut<Room>(_ room: UnsafeMutablePointer<Room>) -> Text {
        Text(cString: UnsafeRawPointer(room).assumingMemoryBound(to: CChar.self))
    }

    func copy(to other: UnsafeMutablePointer<valuation_error>) {
        if other != error { memcpy(other, error, MemoryLayout<valuation_error>.size) }
    }

    /// Writes what the failure itself contains; the texts of a noted one are there already.
    func describe(_ failure: Failure) {
        error.pointee.struct_size = UInt32(MemoryLayout<valuation_error>.size)
        error.pointee.status = failure.status.rawValue
        error.pointee.line = failure.line
        error.pointee.column = failure.column
        if failure.isNoted { return }
        setJSONPath("\(failure.jsonPath)")
        if let reason = failure.reason {
            setMessage("\(failure.message) (\(Text(cString: reason)))")
        } else {
            setMessage("\(failure.message)")
        }
    }

    /// Describes a failure of a file. - Returns: the failure to throw.
    @inline(never)
    func located(_ failure: Failure, _ file: Text) -> Failure {
        setFile(file)
        describe(failure)
        var noted = failure
        noted.isNoted = true
        return noted
    }

    /// Of a path of more than 511 bytes, the end is kept; bytes that are not UTF-8, which a path may have, become
    /// U+FFFD.
    func setFile(_ path: Text) {
        withUnsafeMutableBytes(of: &error.pointee.file) { room in
            var line = Line(room)
            var index = max(0, path.count &- line.capacity)
            while index > 0 && index < path.count && path[index] & 0xc0 == 0x80 { index &+= 1 }
            while index < path.count {
                let length = path.characterLength(at: index)
                line.append(length > 0 ? path.slice(index, index &+ length) : Text("\u{FFFD}"))
                index &+= max(1, length)
            }
        }
    }

    @inline(never)
    func setMessage(_ message: Message) {
        withUnsafeMutableBytes(of: &error.pointee.message) { room in
            var line = Line(room)
            message.forEachText { line.append($0) }
        }
    }

    @inline(never)
    func setJSONPath(_ path: Message) {
        withUnsafeMutableBytes(of: &error.pointee.json_path) { room in
            var line = Line(room)
            path.forEachText { line.append($0) }
        }
    }

    func setJSONPath(_ path: borrowing JSONPath) {
        withUnsafeMutableBytes(of: &error.pointee.json_path) { room in
            var line = Line(room)
            path.write { line.append($0) }
        }
    }

    /// NUL-terminated text, written into an array of a fixed size.
    struct Line {
        private let start: UnsafeMutableRawPointer?
        let capacity: Int
        private var count = 0
        private var isFull = false

        init(_ room: UnsafeMutableRawBufferPointer) {
            start = room.baseAddress
            capacity = room.count &- 1
            start?.storeBytes(of: 0, as: UInt8.self)
        }

        mutating func append(_ text: Text) {
            guard let start, !isFull else { return }
            var length = text.count
            if length > capacity &- count {
                isFull = true
                length = capacity &- count
                while length > 0 && text[length] & 0xc0 == 0x80 { length &-= 1 }
            }
            memcpy(start + count, text.start, length)
            count &+= length
            start.storeBytes(of: 0, toByteOffset: count, as: UInt8.self)
        }
    }
}
