// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A file, or standard input, opened for reading.
final class InputFile {
    /// Its name in problems.
    let name: String
    private let descriptor: Int32

    /// Opens the file at `path`; "-" is standard input.
    init(path: String) throws(Problem) {
        guard path != "-" else {
            name = "<stdin>"
            descriptor = STDIN_FILENO
            return
        }
        name = path
        descriptor = path.withPath { open($0, O_RDONLY | O_CLOEXEC) }
        if descriptor < 0 { throw Problem(file: path, message: "cannot be opened: \(systemErrorText())") }
    }

    deinit {
        if descriptor > STDIN_FILENO { close(descriptor) }
    }

    /// Whether a person is expected to type the input.
    var isTerminal: Bool { isatty(descriptor) == 1 }

    /// Reads what is available into `buffer`, and waits if nothing is; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(Problem) -> Int {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            if errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                poll(&waiting, 1, -1)
            } else if errno != EINTR {
                throw Problem(file: name, message: "cannot be read: \(systemErrorText())")
            }
        }
    }

    /// Reads the rest.
    func readAll() throws(Problem) -> [UInt8] {
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
        defer { chunk.deallocate() }
        var bytes: [UInt8] = []
        while true {
            let length = try read(into: chunk)
            if length == 0 { return bytes }
            bytes += chunk[..<length]
        }
    }

    /// The bytes of all files together; nil if one is not a regular file, because its size is then unknown.
    static func totalSize(of paths: [String]) -> Int? {
        var total = 0
        for path in paths {
            var information = stat()
            let status = path == "-" ? fstat(STDIN_FILENO, &information) : path.withPath { stat($0, &information) }
            guard status == 0, information.st_mode & S_IFMT == S_IFREG else { return nil }
            total += Int(information.st_size)
        }
        return total
    }
}
