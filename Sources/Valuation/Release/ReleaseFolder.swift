// SPDX-License-Identifier: Apache-2.0

/// A directory of releases: `LATEST`, which names the release that serves, `PREVIOUS`, which has its former value, and
/// `releases/<id>/`.
struct ReleaseFolder: ~Copyable {
    static let latest: StaticString = "LATEST"
    static let nextLatest: StaticString = ".LATEST.tmp"
    static let previous: StaticString = "PREVIOUS"
    static let nextPrevious: StaticString = ".PREVIOUS.tmp"
    static let releases: StaticString = "releases"

    let folder: Folder
    let path: Buffer<UInt8>

    init(_ folder: consuming Folder, path: Text) throws(Failure) {
        var kept = Buffer<UInt8>()
        try kept.append(path)
        self.folder = folder
        self.path = kept
    }

    /// The directory at a path. If it cannot be opened, the note says why.
    static func open(_ path: Text, _ note: Note) throws(Failure) -> ReleaseFolder {
        let folder: Folder
        do throws(Failure) {
            folder = try Folder(path: path)
        } catch {
            throw note.located(error, path)
        }
        return try ReleaseFolder(folder, path: path)
    }

    /// The id that LATEST names.
    func latestID(note: Note) throws(Failure) -> CString {
        try id(
            in: ReleaseFolder.latest,
            absent: Failure(.unknownRelease, "There is no LATEST, so no release serves; let it name one by its id."),
            note)
    }

    /// The id that LATEST named before.
    func previousID(note: Note) throws(Failure) -> CString {
        try id(
            in: ReleaseFolder.previous,
            absent: Failure(.unknownRelease, "No release served before the one that serves; name one by its id."), note)
    }

    /// The id in a file. - Parameter absent: what to throw if the file does not exist.
    @inline(never)
    func id(in file: StaticString, absent: Failure, _ note: Note) throws(Failure) -> CString {
        let place = try CString(path: path.text, Text(file))
        var contents = Buffer<UInt8>()
        do throws(Failure) {
            try folder.readLine(Text(file), into: &contents)
        } catch {
            throw note.located(error.status == .fileNotFound ? absent : error, place.text)
        }
        if !ReleaseID.isSound(contents.text) {
            throw note.located(
                Failure(.unknownRelease, "It must hold one line, the id of a release; point it to one again."),
                place.text)
        }
        return try CString(contents.text)
    }

    /// The release with an id; its manifest is read and checked.
    func release(_ id: Text, note: Note) throws(Failure) -> Release {
        let place = try self.place(of: id)
        let folder = try self.folder(of: id, place.text, note)
        return try Release(folder, path: place.text, id: id, under: try secret(note), note: note)
    }

    /// Only the manifest of the release with an id. It needs no secret.
    func manifest(of id: Text, _ note: Note) throws(Failure) -> Manifest {
        let place = try self.place(of: id)
        let file = try CString(path: place.text, Text(Manifest.fileName))
        return try Release.manifest(in: try folder(of: id, place.text, note), file.text, id: id, note)
    }

    private func place(of id: Text) throws(Failure) -> CString {
        let parent = try CString(path: path.text, Text(ReleaseFolder.releases))
        return try CString(path: parent.text, id)
    }

    private func folder(of id: Text, _ place: Text, _ note: Note) throws(Failure) -> Folder {
        if !ReleaseID.isSound(id) {
            throw note.located(
                Failure(
                    .invalidArgument,
                    "An id has 1 to 64 letters, digits, dots, hyphens and underscores, no dot first; check it."),
                path.text)
        }
        do throws(Failure) {
            return try releases().folder(id)
        } catch {
            if error.status != .fileNotFound { throw note.located(error, place) }
            throw note.located(
                Failure(.unknownRelease, "There is no release of this id; list them to see what there is."), place)
        }
    }

    /// Throws if nothing was ever published, which usually means that the path is wrong.
    func requireReleases() throws(Failure) {
        if try folder.contains(ReleaseFolder.releases) { return }
        throw Failure(.fileNotFound, "This is no directory of releases, for it has no \"releases\"; check the path.")
    }

    /// The directory that contains the releases.
    func releases() throws(Failure) -> Folder {
        try folder.folder(Text(ReleaseFolder.releases))
    }

    /// Makes LATEST name another release, atomically, after keeping its value in PREVIOUS.
    func replaceLatest(_ id: Text, note: Note) throws(Failure) {
        do throws(Failure) {
            let former = try latestID(note: note)
            if former.text != id {
                try replace(ReleaseFolder.previous, with: former.text, by: ReleaseFolder.nextPrevious)
            }
        } catch {
            // There was none, or it named nothing.
            if error.status != .unknownRelease { throw error }
        }
        try replace(ReleaseFolder.latest, with: id, by: ReleaseFolder.nextLatest)
    }

    /// Replaces a file that contains an id, atomically. - Parameter temporary: its name until then.
    private func replace(_ file: StaticString, with id: Text, by temporary: StaticString) throws(Failure) {
        try folder.remove(Text(temporary))
        var writer = try FileWriter(folder, Text(temporary), mode: 0o644)
        try writer.write(id)
        try writer.write(Text("\n"))
        _ = try writer.finish()
        try folder.rename(Text(temporary), to: Text(file))
    }

    /// Flushes the replacement of LATEST to the disk.
    func flushLatest() throws(Failure) {
        do throws(Failure) {
            try folder.synchronize()
        } catch {
            var failure = Failure(
                .writeFailed, "LATEST was replaced, but may not outlive a loss of power; look at the disk.")
            failure.reason = error.reason
            throw failure
        }
    }
}
