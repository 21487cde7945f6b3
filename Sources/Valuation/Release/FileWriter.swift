// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// A new file being written. It is on the disk, whole, once `finish` has returned; until then its name must be one that nobody reads.
struct FileWriter: ~Copyable {
    private let descriptor: Int32
    private var state: ChecksumState
    private var bytes = 0

    /// - Parameter isKept: whether nobody is to write to it later.
    init(_ folder: borrowing Folder, _ name: Text, isKept: Bool = true) throws(Failure) {
        let terminated = try CString(name)
        let state = try ChecksumState()
        let opened = valuation_platform_create_at(folder.descriptor, terminated.start, isKept ? 0o444 : 0o644)
        if opened < 0 { throw Folder.writeFailure("A file cannot be made.", valuation_platform_errno()) }
        descriptor = opened
        self.state = state
    }

    deinit {
        close(descriptor)
    }

    mutating func write(_ start: UnsafeRawPointer, count: Int) throws(Failure) {
        var offset = 0
        while offset < count {
            let length = CPlatform.write(descriptor, start + offset, count &- offset)
            if length >= 0 {
                offset &+= length
            } else {
                let code = valuation_platform_errno()
                if code != EINTR { throw Folder.writeFailure("Writing failed.", code) }
            }
        }
        state.add(start, count: count)
        bytes &+= count
    }

    mutating func write(_ text: Text) throws(Failure) {
        try write(text.start, count: text.count)
    }

    /// Waits until the file is on the disk. - Returns: what was written.
    func finish() throws(Failure) -> FileSum {
        if fsync(descriptor) != 0 {
            throw Folder.writeFailure("The file cannot be written to the disk.", valuation_platform_errno())
        }
        return FileSum(bytes: bytes, checksum: state.checksum)
    }
}
