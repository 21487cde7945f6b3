// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Files and directories that a pull writes. Paths may be any bytes; what is refused is thrown as a `Problem`.
enum Disk {
    /// The kind, size, mode and group of an entry; nil if there is none. A link is not followed.
    static func status(_ path: String) -> stat? {
        var status = stat()
        return path.withPath { lstat($0, &status) } == 0 ? status : nil
    }

    static func isDirectory(_ path: String) -> Bool {
        status(path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
    }

    /// The size of a regular file; nil if there is none.
    static func size(_ path: String) -> Int? {
        guard let status = status(path), status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// The contents of a small file; nil if it does not exist or is larger.
    static func contents(_ path: String, limit: Int = 4096) throws -> [UInt8]? {
        guard let size = size(path), size <= limit else { return nil }
        return try InputFile(path: path).readAll()
    }

    /// The id of a release in LATEST; nil if there is no such file, or no id in it.
    static func id(in file: String) throws -> String? {
        try contents(file).flatMap { ReleaseContents.id(inLine: $0) }
    }

    /// Makes a directory as `mkdir` does. - Returns: whether it did not exist.
    @discardableResult
    static func makeDirectory(_ path: String, mode: mode_t = 0o777) throws -> Bool {
        if path.withPath({ mkdir($0, mode) }) == 0 { return true }
        if errno == EEXIST { return false }
        throw problem(path, "The directory cannot be made")
    }

    /// Makes a directory that everyone may enter, whatever the umask.
    static func makeOpenDirectory(_ path: String) throws {
        guard try makeDirectory(path), let status = status(path) else { return }
        // Some file systems have modes of their own, and report an error.
        _ = path.withPath { chmod($0, status.st_mode & 0o7777 | 0o755) }
    }

    static func rename(_ source: String, to target: String) throws {
        let status = source.withPath { source in target.withPath { Glibc.rename(source, $0) } }
        if status != 0 { throw problem(target, "The file cannot be renamed") }
    }

    /// Flushes a file, or what was made and renamed in a directory, to the disk.
    static func synchronize(_ path: String, finish: (Int32) throws -> Void = { _ in }) throws {
        let descriptor = path.withPath { open($0, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) }
        guard descriptor >= 0 else { throw problem(path, "It cannot be opened") }
        defer { close(descriptor) }
        try finish(descriptor)
        // Some file systems cannot flush a directory, and report an error.
        if fsync(descriptor) != 0 && errno != EINVAL { throw problem(path, "It cannot be written to the disk") }
    }

    /// Writes a small file under another name and renames it.
    static func replace(_ path: String, with text: String) throws {
        let temporary = path + ".tmp"
        let descriptor = temporary.withPath { open($0, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600) }
        guard descriptor >= 0 else { throw problem(temporary, "It cannot be made") }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count else {
            throw problem(temporary, "It cannot be written")
        }
        try rename(temporary, to: path)
    }

    /// Removes a file, or a directory with all that is in it; nothing is fine.
    static func remove(_ path: String) throws {
        if path.withPath(unlink) == 0 || errno == ENOENT { return }
        guard isDirectory(path) else { throw problem(path, "It cannot be removed") }
        for name in try names(in: path) { try remove("\(path)/\(name)") }
        if path.withPath(rmdir) != 0 { throw problem(path, "It cannot be removed") }
    }

    static func names(in path: String) throws -> [String] {
        guard let stream = path.withPath(opendir) else { throw problem(path, "It cannot be read") }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { ArgumentText.string(of: $0.prefix { $0 != 0 }) }
            if name != "." && name != ".." { names.append(name) }
        }
        if errno != 0 { throw problem(path, "It cannot be read to its end") }
        return names
    }

    static func problem(_ path: String, _ message: String) -> Problem {
        Problem(file: path, message: "\(message): \(systemErrorText()).")
    }
}
