// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Standard output, collected into large writes.
///
/// A failed write (a full disk, a closed descriptor) is an error, not a silent loss: call `close()` at the end. A reader
/// that went away (`| head -1`) ends the process quietly through SIGPIPE, as with any Unix filter.
final class Output {
    let terminal = Terminal.output
    let paint = Paint(enabled: Terminal.output.allowsColour)
    private var pending: [UInt8] = []

    /// Enough for one write to fill a pipe.
    private static let flushThreshold = 65_536

    func write(line: String) throws {
        pending.append(contentsOf: line.utf8)
        try endLine()
    }

    func write(line bytes: UnsafeRawBufferPointer) throws {
        pending.append(contentsOf: bytes)
        try endLine()
    }

    func write(lines: [String]) throws {
        for line in lines { try write(line: line) }
    }

    /// Writes a problem in either format.
    func write(_ problem: Problem, as format: TextFormat) throws {
        switch format {
        case .text: try write(line: problem.text(paint: paint))
        case .jsonl: try write(line: jsonLine(problem))
        }
    }

    private func endLine() throws {
        pending.append(UInt8(ascii: "\n"))
        if pending.count >= Self.flushThreshold { try flush() }
    }

    /// Writes what is pending; called before the program waits for more input, so that no reader waits for the program.
    func flush() throws {
        defer { pending.removeAll(keepingCapacity: pending.capacity <= 16 * Self.flushThreshold) }
        try pending.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = Glibc.write(STDOUT_FILENO, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written >= 0 {
                    rest = rest.dropFirst(written)
                } else if errno == EAGAIN {
                    var waiting = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
                    poll(&waiting, 1, -1)
                } else if errno != EINTR {
                    throw Self.failure()
                }
            }
        }
    }

    /// Flushes and closes; a network file system may report a failed write only now.
    func close() throws {
        try flush()
        if Glibc.close(STDOUT_FILENO) != 0 && errno != EBADF { throw Self.failure() }
    }

    private static func failure() -> Failure {
        Failure(message: "cannot write to standard output: \(systemErrorText())")
    }
}
