// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// Splits a model file into its JSON documents: the whole of a `.json`, or each line of a `.jsonl` that is not blank;
/// packed (`.gz`) or not.
///
/// - Complexity: O(bytes); holds one document.
struct DocumentReader: ~Copyable {
    static let maximumDocumentBytes = 256 * 1024 * 1024
    private static let chunk = 65536

    /// One document of a file.
    struct Document {
        /// Valid until the next document is asked for.
        var text: Text
        /// 1-based line of the file on which it begins.
        var firstLine: UInt32
        /// The same where each line is a document, otherwise 0.
        var line: UInt32
    }

    private var source: ByteSource
    private var inflater: Inflater?
    /// Whether each line is a document.
    private let splitsLines: Bool
    private var buffer = Buffer<UInt8>()
    /// The position in the buffer of what has not been returned yet.
    private var start = 0
    private var atEnd = false
    private var linesRead: UInt32 = 0

    init(source: consuming ByteSource, kind: FileKind) throws(Failure) {
        self.source = source
        inflater = kind.packed ? try Inflater.make() : nil
        splitsLines = kind.lines
    }

    /// The next document, or nil at the end.
    ///
    /// - Parameter remaining: how many more bytes the load may read; decreased by what is read.
    mutating func next(remaining: inout UInt64) throws(Failure) -> Document? {
        if !splitsLines {
            if linesRead > 0 { return nil }
            linesRead = 1
            while !atEnd { try fill(&remaining) }
            return Document(text: buffer.text, firstLine: 1, line: 0)
        }
        while let text = try nextLine(remaining: &remaining) {
            if !isBlank(text) { return Document(text: text, firstLine: linesRead, line: linesRead) }
        }
        return nil
    }

    /// Reads the rest of the file. - Returns: the size and checksum of the whole file. - Precondition: its source is
    /// summed.
    mutating func finish() throws(Failure) -> FileSum {
        try source.finish()
    }

    /// Whether the file differs from what it must be, if that is known. Reads the rest of the file.
    mutating func isChanged(from expected: FileSum?) throws(Failure) -> Bool {
        guard let expected else { return false }
        return try finish() != expected
    }

    private mutating func nextLine(remaining: inout UInt64) throws(Failure) -> Text? {
        var searched = start
        while true {
            let text = buffer.text
            if let found = memchr(text.start + searched, 10, text.count &- searched) {
                let end = UnsafePointer(found.assumingMemoryBound(to: UInt8.self)) - text.start
                defer { start = end &+ 1 }
                countLine()
                return text.slice(start, end)
            }
            if atEnd {
                if start == text.count { return nil }
                defer { start = text.count }
                countLine()
                return text.slice(start, text.count)
            }
            dropWhatWasHandedOut()
            searched = buffer.count
            try fill(&remaining)
        }
    }

    /// Lines after the last that has a number all have that number.
    private mutating func countLine() {
        if linesRead < UInt32.max { linesRead &+= 1 }
    }

    private mutating func dropWhatWasHandedOut() {
        let rest = buffer.count &- start
        if start > 0, let base = buffer.base { memmove(base, base + start, rest) }
        buffer.truncate(rest)
        start = 0
    }

    private mutating func fill(_ remaining: inout UInt64) throws(Failure) {
        if buffer.count >= DocumentReader.maximumDocumentBytes {
            throw Failure(.limitExceeded, "One document is larger than 256 MiB; split the model or drop small weights.")
        }
        let old = buffer.count
        try buffer.reserve(old &+ DocumentReader.chunk)
        let place = buffer.base.unsafelyUnwrapped + old
        let length =
            if inflater != nil {
                try inflater!.read(from: &source, into: place, count: DocumentReader.chunk)
            } else {
                try source.read(into: place, count: DocumentReader.chunk)
            }
        if length == 0 { atEnd = true }
        if UInt64(length) > remaining {
            throw Failure(
                .limitExceeded, "The input is larger than the engine's maximum_input_bytes; raise it or load less.")
        }
        remaining &-= UInt64(length)
        buffer.appendWritten(length)
    }

    private func isBlank(_ text: Text) -> Bool {
        for index in 0..<text.count where text[index] != 32 && text[index] != 13 && text[index] != 9 { return false }
        return true
    }
}

/// The type of a file's contents, by its name.
struct FileKind {
    let lines: Bool
    let packed: Bool

    /// nil unless the name ends in one of the four endings of a model file.
    init?(name: Text) {
        if name.hasSuffix(".json") {
            (lines, packed) = (false, false)
        } else if name.hasSuffix(".jsonl") {
            (lines, packed) = (true, false)
        } else if name.hasSuffix(".json.gz") {
            (lines, packed) = (false, true)
        } else if name.hasSuffix(".jsonl.gz") {
            (lines, packed) = (true, true)
        } else {
            return nil
        }
    }
}
