// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// Bytes to be read once from the front: a file, or memory.
struct ByteSource: ~Copyable {
    /// -1 where the bytes are in memory.
    private let descriptor: Int32
    private let memory: Text
    private var offset = 0

    init(memory: Text) {
        self.memory = memory
        descriptor = -1
    }

    /// Opens a regular file. - Parameter path: NUL-terminated.
    init(path: UnsafePointer<CChar>) throws(Failure) {
        let opened = valuation_platform_open(path)
        if opened < 0 { throw ByteSource.openFailure(valuation_platform_errno()) }
        var status = stat()
        let regular = fstat(opened, &status) == 0 && valuation_platform_is_regular_file(&status)
        if !regular {
            close(opened)
            throw Failure(.readFailed, "This is not a regular file; name a model file or a directory of them.")
        }
        descriptor = opened
        memory = .empty
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Reads up to `count` bytes; 0 at the end.
    mutating func read(into destination: UnsafeMutablePointer<UInt8>, count: Int) throws(Failure) -> Int {
        if descriptor < 0 {
            let length = min(count, memory.count &- offset)
            memcpy(destination, memory.start + offset, length)
            offset &+= length
            return length
        }
        while true {
            let length = CPlatform.read(descriptor, destination, count)
            if length >= 0 { return length }
            let code = valuation_platform_errno()
            if code != EINTR {
                throw ByteSource.failure("Reading failed.", code)
            }
        }
    }

    static func openFailure(_ code: Int32) -> Failure {
        if code == ENOENT || code == ENOTDIR {
            return Failure(.fileNotFound, "No such file or directory; check the path.")
        }
        return failure("It cannot be opened; check its permissions.", code)
    }

    /// A failure with what the C library says of an errno, in English whatever the host's locale is.
    static func failure(_ message: StaticString, _ code: Int32) -> Failure {
        var failure = Failure(.readFailed, message)
        failure.reason = valuation_platform_error_text(code)
        return failure
    }
}
