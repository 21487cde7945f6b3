// SPDX-License-Identifier: Apache-2.0

/// Listing, selecting and removing releases.
extension ReleaseFolder {
    /// See `valuation_releases_list`.
    static func list(path: Text, note: Note) throws(Failure) -> Buffer<UInt8> {
        let root = try ReleaseFolder.open(path, note)
        var output = Buffer<UInt8>()
        do throws(Failure) {
            let list = try ReleaseList(root, note: note)
            try list.write(latest: try root.latestID(of: list, note), to: &output)
        } catch {
            if error.isNoted { throw error }
            throw note.located(error, path)
        }
        return output
    }

    /// The id that LATEST names if it is one of the listed releases, or empty: an administrator needs the list to fix a
    /// LATEST that names nothing.
    private func latestID(of list: borrowing ReleaseList, _ note: Note) throws(Failure) -> Text {
        do throws(Failure) {
            let latest = try idOrEmpty(ReleaseFolder.latest, note)
            for position in 0..<list.count where list.id(position) == latest.text { return list.id(position) }
        } catch {
            if error.status != .unknownRelease { throw error }
        }
        return .empty
    }

    /// See `valuation_releases_select`. - Parameter id: empty for the one that LATEST named before.
    static func select(path: Text, id: Text, maximumInputBytes: UInt64, note: Note) throws(Failure) -> Buffer<UInt8> {
        let root = try ReleaseFolder.open(path, note)
        let chosen: CString
        do throws(Failure) {
            try root.requireReleases()
            try root.folder.lock()
            chosen = id.count > 0 ? try CString(id) : try root.beforeLatest(note)
        } catch {
            if error.isNoted { throw error }
            throw note.located(error, path)
        }
        let release = try root.release(chosen.text, note: note)
        _ = try Opening(maximumInputBytes: maximumInputBytes, note: note).index(of: release)
        var manifest = Buffer<UInt8>()
        do throws(Failure) {
            try release.folder.read(Text(Manifest.fileName), into: &manifest, limit: Manifest.maximumBytes)
            try root.replaceLatest(chosen.text, note: note)
            try root.flushLatest()
        } catch {
            if error.isNoted { throw error }
            throw note.located(error, path)
        }
        return manifest
    }

    /// The id that LATEST named before. If a publisher was killed between the two renames, PREVIOUS has the id of
    /// LATEST, which leads nowhere.
    private func beforeLatest(_ note: Note) throws(Failure) -> CString {
        let previous = try previousID(note: note)
        if try isNamedByLatest(previous.text, note) {
            throw Failure(.unknownRelease, "It is not known what served before; name a release by its id.")
        }
        return previous
    }

    private func isNamedByLatest(_ id: Text, _ note: Note) throws(Failure) -> Bool {
        do throws(Failure) {
            let latest = try latestID(note: note)
            return latest.text == id
        } catch {
            if error.status != .unknownRelease { throw error }
            return false
        }
    }

    /// See `valuation_releases_prune`. - Returns: the ids removed, as JSON.
    static func prune(path: Text, keep: Int, note: Note) throws(Failure) -> Buffer<UInt8> {
        let root = try ReleaseFolder.open(path, note)
        do throws(Failure) {
            return try root.prune(keep, note)
        } catch {
            if error.isNoted { throw error }
            throw note.located(error, path)
        }
    }

    private func prune(_ keep: Int, _ note: Note) throws(Failure) -> Buffer<UInt8> {
        try folder.lock()
        let latest = try idOrEmpty(ReleaseFolder.latest, note)
        let previous = try idOrEmpty(ReleaseFolder.previous, note)
        // The names of releases need no keys.
        let policy = try policyBeside(under: .standard, note)
        let list = try ReleaseList(self, note: note)
        var output = Buffer<UInt8>()
        try output.append("[")
        let releases = try releases()
        try removeLeftovers(releases)
        for position in 0..<list.count where position >= keep && list[position].isSound {
            let id = list.id(position)
            if id == latest.text || id == previous.text || policy.names(release: id) { continue }
            // Readers see the whole release or none of it.
            let doomed = Text(".removing.tmp")
            try releases.rename(id, to: doomed)
            try releases.remove(doomed)
            if output.count > 1 { try output.append(",") }
            try output.append(quoted: id)
        }
        try releases.synchronize()
        try output.append("]")
        return output
    }

    /// Removes what a killed publisher or pruner left behind. - Precondition: the directory of releases is locked.
    func removeLeftovers(_ releases: borrowing Folder) throws(Failure) {
        try folder.remove(Text(ReleaseFolder.nextLatest))
        try folder.remove(Text(ReleaseFolder.nextPrevious))
        try removeUnfinishedSecret()
        var leftovers = NameList()
        try releases.forEachName { name throws(Failure) in
            if name[0] == UInt8(ascii: "."), name.hasSuffix(".tmp") { try leftovers.append(name) }
        }
        try leftovers.forEach { name throws(Failure) in try releases.remove(name) }
    }

    /// The policy in the directory of releases; an empty one if there is none.
    private func policyBeside(under secret: Secret, _ note: Note) throws(Failure) -> PolicyDocument {
        if try !folder.contains(PolicyFile.name) { return PolicyDocument() }
        let path = try CString(path: self.path.text, Text(PolicyFile.name))
        var text = Buffer<UInt8>()
        _ = try PolicyFile.read(path.text, into: &text, note)
        note.setFile(path.text)
        return try PolicyDecoder.decode(text.text, under: secret, note: note)
    }

    /// Throws if the policy beside LATEST would refuse the models, because engines would then refuse to follow. An
    /// invalid policy is ignored here.
    func checkPolicy(fits index: borrowing Index, _ note: Note) throws(Failure) {
        let document: PolicyDocument
        do throws(Failure) {
            document = try policyBeside(under: index.secret, note)
        } catch {
            if error.status == .outOfMemory { throw error }
            return
        }
        let path = try CString(path: self.path.text, Text(PolicyFile.name))
        try PolicyFitting(note: note, path: path.text).checkObserved(document, index)
    }

    /// The id in LATEST or PREVIOUS; empty if the file does not exist.
    @inline(never)
    private func idOrEmpty(_ file: StaticString, _ note: Note) throws(Failure) -> CString {
        if try !folder.contains(file) { return try CString(.empty) }
        return try id(in: file, absent: Failure(.unknownRelease, "It was removed meanwhile; try again."), note)
    }
}
