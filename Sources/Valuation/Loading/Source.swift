// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// The type of a path that the host gave.
enum Source: ~Copyable {
    /// A model file, or a directory of them.
    case models(FileList)
    /// A release, given by its own directory.
    case release(Release)
    /// A directory of releases, and the one that LATEST names.
    case releases(Release)
    /// A compiled file.
    case compiled(CString)

    /// The secret of keys, if nothing else determines it.
    var secret: Secret {
        switch self {
        case .release(let release): release.secret
        case .releases(let release): release.secret
        default: .standard
        }
    }

    /// Whether it is a directory of releases.
    var isRoot: Bool {
        switch self {
        case .releases: true
        default: false
        }
    }

    /// - Throws: the failure to open it, described in the note.
    init(path: Text, note: Note) throws(Failure) {
        if try Source.isFolder(path, note) {
            try self.init(folderAt: path, note)
        } else if path.hasSuffix(CompiledFile.suffix) {
            self = .compiled(try CString(path))
        } else {
            self = .models(try Source.models(path, note))
        }
    }

    private static func isFolder(_ path: Text, _ note: Note) throws(Failure) -> Bool {
        var status = stat()
        do throws(Failure) {
            if path.count == 0 || path.contains(0) {
                throw Failure(.invalidArgument, "The path is empty or holds a NUL byte; give a file or a directory.")
            }
            let terminated = try CString(path)
            if stat(terminated.start, &status) != 0 { throw ByteSource.openFailure(valuation_platform_errno()) }
        } catch {
            throw note.located(error, path)
        }
        return valuation_platform_is_directory(&status)
    }

    private init(folderAt path: Text, _ note: Note) throws(Failure) {
        let folder: Folder
        do throws(Failure) {
            folder = try Folder(path: path)
        } catch {
            throw note.located(error, path)
        }
        let isRoot: Bool
        let isRelease: Bool
        do throws(Failure) {
            isRoot = try Source.isRoot(folder)
            isRelease = try folder.contains(Manifest.fileName)
        } catch {
            throw note.located(error, path)
        }
        if isRoot {
            let releases = try ReleaseFolder(folder, path: path)
            let id = try releases.latestID(note: note)
            self = .releases(try releases.release(id.text, note: note))
        } else if isRelease {
            let name = try Source.name(path, note)
            self = .release(try Release(folder, path: path, id: name.text, note: note))
        } else {
            self = .models(try Source.models(path, note))
        }
    }

    /// Whether a directory is one of releases, even if it has no LATEST yet.
    private static func isRoot(_ folder: borrowing Folder) throws(Failure) -> Bool {
        if try folder.contains(ReleaseFolder.latest) { return true }
        if try !folder.contains(ReleaseFolder.releases) { return false }
        return try folder.isFolder(Text(ReleaseFolder.releases))
    }

    /// Whether a path is a directory of releases, or may become one because nothing is there.
    ///
    /// - Parameter isEmpty: whether no model was found in it.
    static func mayBeRoot(_ path: Text, isEmpty: Bool) throws(Failure) -> Bool {
        if path.count == 0 { return false }
        let terminated = try CString(path)
        var status = stat()
        if stat(terminated.start, &status) != 0 {
            return valuation_platform_errno() == ENOENT && FileKind(name: path) == nil
                && !path.hasSuffix(CompiledFile.suffix)
        }
        if !valuation_platform_is_directory(&status) { return false }
        if isEmpty { return true }
        return try isRoot(try Folder(path: path))
    }

    private static func name(_ path: Text, _ note: Note) throws(Failure) -> CString {
        do throws(Failure) {
            return try Release.name(ofFolderAt: path)
        } catch {
            throw note.located(error, path)
        }
    }

    private static func models(_ path: Text, _ note: Note) throws(Failure) -> FileList {
        do throws(Failure) {
            return try FileList(path: path)
        } catch {
            throw note.located(error, path)
        }
    }
}
