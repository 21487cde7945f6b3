// SPDX-License-Identifier: Apache-2.0
import CChecksum
import CPlatform

/// Bytes that are read once from the front: a file, or memory.
struct ByteSource: ~Copyable {
    /// -1 if the bytes are in memory.
    private let descriptor: Int32
    private let memory: Text
    private var offset = 0
    /// The checksum of the bytes read so far, if requested.
    private var state: ChecksumState?

    init(memory: Text) {
        self.memory = memory
        descriptor = -1
    }

    /// Opens a regular file. - Parameter path: NUL-terminated; links in it are followed.
    init(path: UnsafePointer<CChar>, isSummed: Bool = false) throws(Failure) {
        try self.init(opened: valuation_platform_open(path), isSummed: isSummed)
    }

    /// Opens a regular file in a directory, which must be no link. - Parameter name: NUL-terminated.
    init(folder: Int32, name: UnsafePointer<CChar>, isSummed: Bool = false) throws(Failure) {
        try self.init(opened: valuation_platform_open_at(folder, name), isSummed: isSummed)
    }

    /// Opens a regular file in a directory, or that to which a link in it leads. - Parameter name: NUL-terminated.
    init(folder: Int32, linkedName name: UnsafePointer<CChar>) throws(Failure) {
        try self.init(opened: valuation_platform_open_linked_at(folder, name), isSummed: false)
    }

    private init(opened: Int32, isSummed: Bool) throws(Failure) {
        if opened < 0 { throw ByteSource.openFailure(valuation_platform_errno()) }
        var status = stat()
        if fstat(opened, &status) != 0 {
            let code = valuation_platform_errno()
            close(opened)
            throw ByteSource.failure("Reading failed.", code)
        }
        if !valuation_platform_is_regular_file(&status) {
            close(opened)
            throw Failure(.readFailed, "This is not a regular file; name a file, or of models a directory.")
        }
        if isSummed {
            do {
                state = try ChecksumState()
            } catch {
                close(opened)
                throw error
            }
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
            if length >= 0 {
                state?.add(destination, count: length)
                offset &+= length
                return length
            }
            let code = valuation_platform_errno()
            if code != EINTR {
                throw ByteSource.failure("Reading failed.", code)
            }
        }
    }

    /// Reads the rest. - Returns: the size and checksum of the whole file. - Precondition: it is summed.
    mutating func finish() throws(Failure) -> FileSum {
        var rest = Buffer<UInt8>()
        try rest.reserve(65_536)
        while try read(into: rest.spare, count: 65_536) > 0 {}
        return FileSum(bytes: offset, checksum: state?.checksum ?? Checksum(high: 0, low: 0))
    }

    static func openFailure(_ code: Int32) -> Failure {
        if code == ENOENT || code == ENOTDIR {
            return Failure(.fileNotFound, "No such file or directory; check the path.")
        }
        if code == ENOMEM { return .outOfMemory }
        if code == ELOOP {
            return failure(
                "It is a symbolic link, which is not followed here, or links in a circle; put the file itself there.",
                code)
        }
        return failure("It cannot be opened; check its permissions.", code)
    }

    /// A failure with the C library's text for an errno, in English whatever the host's locale is.
    static func failure(_ message: StaticString, _ code: Int32) -> Failure {
        var failure = Failure(.readFailed, message)
        failure.reason = valuation_platform_error_text(code)
        return failure
    }
}
