// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Reads a file request by request, holding one of them and one read-ahead in memory, however long the file is.
final class RequestReader {
    /// Where one request ends and the next begins.
    enum Separation {
        /// One request on each line: JSON Lines.
        case lines
        /// A request begins on each line that starts with "{": JSON Lines, and indented JSON as people keep it in files.
        case openingBraces
    }

    /// The text of a request, without the line feed after it.
    struct Request {
        /// The line that it begins on, 1-based.
        let line: Int
        /// Valid until the next call of `next()`.
        let bytes: UnsafeRawBufferPointer

        /// Nothing but white space.
        var isBlank: Bool { bytes.allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) } }
    }

    /// A longer request is refused, so that a file without line feeds cannot take all memory.
    static let maximumBytes = 256 << 20

    let file: InputFile
    private let separation: Separation
    private let beforeReading: () throws -> Void
    private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    /// The bytes `start ..< end` are read and not returned yet; no request ends before `searched`.
    private var (start, searched, end) = (0, 0, 0)
    /// The line of `start`.
    private var line = 1
    private var atEnd = false
    private var skipping = false

    /// - Parameter beforeReading: called before each read, which may wait for whoever writes the input.
    init(_ file: InputFile, separation: Separation, beforeReading: @escaping () throws -> Void) {
        self.file = file
        self.separation = separation
        self.beforeReading = beforeReading
    }

    deinit { buffer.deallocate() }

    /// The next request; nil at the end.
    ///
    /// Throws a `Problem` for a request that is too long and for a file that cannot be read. Call again after either:
    /// the next request follows, or the end.
    func next() throws -> Request? {
        while true {
            let found = positionOfEnd()
            if let position = found ?? (atEnd && start < end ? end : nil) {
                let request = Request(line: line, bytes: UnsafeRawBufferPointer(rebasing: buffer[start..<position]))
                advance(to: min(position + 1, end))
                if !skipping { return request }
                skipping = false
            } else if atEnd {
                return nil
            } else if end - start > Self.maximumBytes, !skipping {
                skipping = true
                throw Problem(
                    file: file.name, line: line,
                    message: "the request is longer than \(Self.maximumBytes >> 20) MiB; put one request on each line")
            } else {
                if skipping { advance(to: searched) }
                try fill()
            }
        }
    }

    /// The position of the line feed that ends the request at `start`, if it has been read.
    private func positionOfEnd() -> Int? {
        guard let base = UnsafeRawPointer(buffer.baseAddress) else { return nil }
        while let lineFeed = memchr(base + searched, 0x0A, end - searched) {
            let position = UnsafeRawPointer(lineFeed) - base
            if separation == .lines { return position }
            searched = position
            guard position + 1 < end else { return nil }
            if buffer[position + 1] == UInt8(ascii: "{") { return position }
            searched = position + 1
        }
        searched = end
        return nil
    }

    private func advance(to position: Int) {
        line += buffer[start..<position].reduce(0) { $0 + ($1 == 0x0A ? 1 : 0) }
        start = position
        searched = max(searched, position)
    }

    private func fill() throws {
        if start > 0 {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
            (start, searched, end) = (0, searched - start, end - start)
        }
        if end == buffer.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: buffer.count * 2, alignment: 16)
            larger.copyMemory(from: UnsafeRawBufferPointer(buffer))
            buffer.deallocate()
            buffer = larger
        }
        try beforeReading()
        atEnd = true  // unless the read succeeds: a file that cannot be read ends here
        let count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[end...]))
        atEnd = count == 0
        end += count
    }
}
