// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// A new file while it is written. It is on the disk, complete, once `finish` has returned; until then it must have a
/// name that nobody reads.
struct FileWriter: ~Copyable {
    private let descriptor: Int32
    private var state: ChecksumState
    private var bytes = 0

    /// - Parameters:
    ///   - mode: its permissions: by default everyone may read it, and nobody may write to it later.
    ///   - followsUmask: whether the process's umask limits them.
    init(
        _ folder: borrowing Folder, _ name: Text, mode: mode_t = 0o444, followsUmask: Bool = false
    ) throws(Failure) {
        let terminated = try CString(name)
        let state = try ChecksumState()
        let opened = valuation_platform_create_at(folder.descriptor, terminated.start, mode)
        if opened < 0 { throw Folder.writeFailure("A file cannot be made.", valuation_platform_errno()) }
        // Some file systems have modes of their own, and report an error.
        if !followsUmask { _ = fchmod(opened, mode) }
        descriptor = opened
        self.state = state
    }

    deinit {
        close(descriptor)
    }

    /// Gives the file the readers of another file of a directory; everyone if that file does not exist.
    func permitReaders(of name: StaticString, in folder: borrowing Folder) throws(Failure) {
        let terminated = try CString(Text(name))
        var status = stat()
        if fstatat(folder.descriptor, terminated.start, &status, 0) != 0 {
            let code = valuation_platform_errno()
            if code != ENOENT { throw ByteSource.openFailure(code) }
            _ = fchmod(descriptor, 0o444)
            return
        }
        if fchown(descriptor, uid_t.max, status.st_gid) != 0 {
            throw Folder.writeFailure(
                "The file cannot be given SECRET's group; let the publisher be in that.", valuation_platform_errno())
        }
        _ = fchmod(descriptor, status.st_mode & 0o444)
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

    /// Waits until the file is on the disk. - Returns: its size and checksum.
    func finish() throws(Failure) -> FileSum {
        if fsync(descriptor) != 0 {
            throw Folder.writeFailure("The file cannot be written to the disk.", valuation_platform_errno())
        }
        return FileSum(bytes: bytes, checksum: state.checksum)
    }
}
