// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// An open directory. Everything below it is opened without following links, so that nothing outside can be named; but
/// see `readLine`.
struct Folder: ~Copyable {
    let descriptor: Int32

    private init(descriptor: Int32) throws(Failure) {
        if descriptor < 0 {
            let code = valuation_platform_errno()
            if code == ENOTDIR {
                throw Failure(.readFailed, "This is not a directory; name one, not a file or a link in it.")
            }
            throw ByteSource.openFailure(code)
        }
        self.descriptor = descriptor
    }

    /// - Parameter path: links in it are followed.
    init(path: Text) throws(Failure) {
        let terminated = try CString(path)
        try self.init(descriptor: valuation_platform_open_directory(terminated.start))
    }

    deinit {
        // A child that was forked in the meantime has the descriptor, too, and would keep the lock that `lock` took.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// A directory below this one.
    func folder(_ name: Text) throws(Failure) -> Folder {
        let terminated = try CString(name)
        return try Folder(descriptor: valuation_platform_open_directory_at(descriptor, terminated.start))
    }

    func contains(_ name: StaticString) throws(Failure) -> Bool {
        try contains(Text(name))
    }

    /// Whether an entry with this name exists. An error does not count as absence.
    func contains(_ name: Text) throws(Failure) -> Bool {
        let terminated = try CString(name)
        var status = stat()
        if fstatat(descriptor, terminated.start, &status, AT_SYMLINK_NOFOLLOW) == 0 { return true }
        let code = valuation_platform_errno()
        if code == ENOENT { return false }
        throw ByteSource.openFailure(code)
    }

    /// Appends a whole small file. - Parameter limit: its largest size in bytes.
    func read(_ name: Text, into buffer: inout Buffer<UInt8>, limit: Int) throws(Failure) {
        let terminated = try CString(name)
        try Folder.read(try ByteSource(folder: descriptor, name: terminated.start), into: &buffer, limit: limit)
    }

    private static func read(
        _ opened: consuming ByteSource, into buffer: inout Buffer<UInt8>, limit: Int
    ) throws(Failure) {
        var source = opened
        while true {
            try buffer.reserve(buffer.count &+ 4096)
            let length = try source.read(into: buffer.spare, count: 4096)
            if length == 0 { return }
            buffer.appendWritten(length)
            if buffer.count > limit { throw Failure(.limitExceeded, "The file is larger than any sound one would be.") }
        }
    }

    /// Appends the single line of a small file, without its end. The file may be a link: tools that copy directories
    /// make LATEST and SECRET links, and a line that is checked gives nothing away.
    func readLine(_ name: Text, into buffer: inout Buffer<UInt8>) throws(Failure) {
        let terminated = try CString(name)
        try Folder.read(try ByteSource(folder: descriptor, linkedName: terminated.start), into: &buffer, limit: 4096)
        var end = buffer.count
        while end > 0 && (buffer[end &- 1] == UInt8(ascii: "\n") || buffer[end &- 1] == UInt8(ascii: "\r")) {
            end &-= 1
        }
        buffer.truncate(end)
    }

    // MARK: Writing

    /// Creates the directory at a path, durably; an existing one is fine. - Returns: whether it did not exist.
    static func make(_ path: Text) throws(Failure) -> Bool {
        let terminated = try CString(path)
        if mkdir(terminated.start, 0o777) != 0 {
            let code = valuation_platform_errno()
            if code == EEXIST { return false }
            throw writeFailure("The directory cannot be made; make the one it lies in.", code)
        }
        var end = path.count
        while end > 0 && path[end &- 1] == UInt8(ascii: "/") { end &-= 1 }
        end = path.slice(0, end).lastComponent
        let parent = end == 0 ? Text(".") : path.slice(0, end)
        try Folder(path: parent).synchronize()
        return true
    }

    /// Whether an entry is a directory in this one, and not a link.
    func isFolder(_ name: Text) throws(Failure) -> Bool {
        let terminated = try CString(name)
        var status = stat()
        if fstatat(descriptor, terminated.start, &status, AT_SYMLINK_NOFOLLOW) != 0 {
            throw ByteSource.openFailure(valuation_platform_errno())
        }
        return valuation_platform_is_directory(&status)
    }

    /// Creates a directory below this one, which everyone may enter whatever the umask; an existing one is fine.
    func makeFolder(_ name: Text) throws(Failure) {
        let terminated = try CString(name)
        if mkdirat(descriptor, terminated.start, 0o777) == 0 {
            var status = stat()
            // Some file systems have modes of their own, and report an error.
            if fstatat(descriptor, terminated.start, &status, AT_SYMLINK_NOFOLLOW) == 0 {
                _ = fchmodat(descriptor, terminated.start, status.st_mode & 0o7777 | 0o755, 0)
            }
            return
        }
        let code = valuation_platform_errno()
        if code != EEXIST { throw Folder.writeFailure("A directory cannot be made.", code) }
    }

    /// Renames `source` to `target` atomically; a directory only if no other is there.
    func rename(_ source: Text, to target: Text) throws(Failure) {
        let from = try CString(source)
        let to = try CString(target)
        if renameat(descriptor, from.start, descriptor, to.start) == 0 { return }
        let code = valuation_platform_errno()
        if code == EEXIST || code == ENOTEMPTY {
            throw Failure(.releaseExists, "A release of this id is there already; give another id.")
        }
        throw Folder.writeFailure("A file cannot be renamed.", code)
    }

    /// Flushes what was created, renamed or removed here to the disk.
    func synchronize() throws(Failure) {
        // Some file systems cannot flush a directory, and report an error.
        if fsync(descriptor) == 0 { return }
        let code = valuation_platform_errno()
        if code != EINVAL { throw Folder.writeFailure("The directory cannot be written to the disk.", code) }
    }

    /// Prevents other processes from writing here until this handle is closed.
    func lock() throws(Failure) {
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return }
        let code = valuation_platform_errno()
        if code == EWOULDBLOCK {
            throw Failure(.busy, "Another process is publishing or pruning there; try again when it has ended.")
        }
        throw Folder.writeFailure("The directory cannot be locked.", code)
    }

    /// Removes a file, or a directory with its files.
    func remove(_ name: Text) throws(Failure) {
        let terminated = try CString(name)
        if unlinkat(descriptor, terminated.start, 0) == 0 { return }
        var code = valuation_platform_errno()
        if code == ENOENT { return }
        // POSIX has EPERM for a directory, Linux EISDIR.
        if code == EISDIR || code == EPERM, try isFolder(name) {
            let folder = try folder(name)
            var names = NameList()
            try folder.forEachName { name throws(Failure) in try names.append(name) }
            try names.forEach { name throws(Failure) in try folder.remove(name) }
            if unlinkat(descriptor, terminated.start, AT_REMOVEDIR) == 0 { return }
            code = valuation_platform_errno()
        }
        throw Folder.writeFailure("A file cannot be removed.", code)
    }

    /// Removes an empty directory. - Returns: whether it is gone.
    func removeEmpty(_ name: StaticString) -> Bool {
        guard let terminated = try? CString(Text(name)) else { return false }
        return unlinkat(descriptor, terminated.start, AT_REMOVEDIR) == 0
    }

    /// Passes `body` the names of the directory's entries, in no order.
    func forEachName(_ body: (Text) throws(Failure) -> Void) throws(Failure) {
        // A stream closes its descriptor, and reads from the descriptor's position.
        let own = valuation_platform_open_directory_at(descriptor, ".")
        guard own >= 0 else { throw ByteSource.openFailure(valuation_platform_errno()) }
        guard let stream = fdopendir(own) else {
            close(own)
            throw ByteSource.openFailure(valuation_platform_errno())
        }
        defer { closedir(stream) }
        while true {
            valuation_platform_clear_errno()
            guard let entry = readdir(stream) else { break }
            let name = Text(cString: valuation_platform_entry_name(entry))
            if name == Text(".") || name == Text("..") { continue }
            try body(name)
        }
        let code = valuation_platform_errno()
        if code != 0 { throw ByteSource.failure("The directory cannot be read to its end.", code) }
    }

    static func writeFailure(_ message: StaticString, _ code: Int32) -> Failure {
        if code == ENOMEM { return .outOfMemory }
        var failure = Failure(.writeFailed, message)
        failure.reason = valuation_platform_error_text(code)
        return failure
    }
}
