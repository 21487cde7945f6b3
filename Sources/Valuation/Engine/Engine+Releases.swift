// SPDX-License-Identifier: Apache-2.0

/// Loading, following LATEST, and going back.
extension Engine {
    /// See `valuation_engine_load`.
    func load(path: Text, note: Note) throws(Failure) {
        beginLoad()
        defer { endLoad() }
        var root = Buffer<UInt8>()
        var latest = Buffer<UInt8>()
        var stamp: FileStamp?
        // Before LATEST is read, so that the next refresh notices a replacement in between.
        let latestPath = try CString(path: path, Text(ReleaseFolder.latest))
        stamp = try? FileStamp(path: latestPath.start)
        let source = try Source(path: path, note: note)
        switch source {
        case .release(let release): _ = try serve(release, presentSupply, note)
        case .releases(let release):
            // A directory of releases is remembered until a load from another one.
            try root.append(path)
            try latest.append(release.manifest.text(release.manifest.id))
            let contents = try release.manifest.contents
            let isSameRoot = try withHistory { history throws(Failure) in history.root.text == path }
            let supply = ReleaseSupply(root: path, isPresent: isSameRoot, takesMemory: isSameRoot)
            _ = try serve(release, supply, note) { history in
                swap(&history.root, &root)
                swap(&history.latest, &latest)
                (history.latestContents, history.stamp) = (contents, stamp)
            }
        default:
            let index = try opening(note).index(of: source)
            let origin = try Snapshot.Origin(path: path)
            let made = try snapshot(index, origin, presentSupply, note)
            try keepSecret(of: made, note)
            replace(with: made)
        }
    }

    /// Fixes the secret of the engine's keys, with the first models that serve.
    private func keepSecret(of made: UnsafeMutablePointer<Snapshot>, _ note: Note) throws(Failure) {
        do throws(Failure) {
            try secret.keep(made.pointee.index.secret)
        } catch {
            let located = note.located(error, made.pointee.origin.path.text)
            Memory.destroy(made)
            throw located
        }
    }

    /// See `valuation_engine_refresh`. - Parameter hasChanged: becomes true if another policy or other models decide
    /// now.
    func refresh(note: Note, hasChanged: inout Bool) throws(Failure) {
        beginLoad()
        defer { endLoad() }
        if !hasPolicy { return hasChanged = try refreshModels(note) }
        do throws(Failure) {
            hasChanged = try refreshPolicy(note)
        } catch {
            // A problem of a policy is no reason to keep old models.
            let failure = error
            if hasRoot {
                Note.withTemporary { other in
                    do throws(Failure) { hasChanged = try refreshModels(other) } catch { return }
                }
            }
            throw failure
        }
        if hasRoot { hasChanged = try refreshModels(note) || hasChanged }
    }

    /// - Returns: whether other models serve now.
    private func refreshModels(_ note: Note) throws(Failure) -> Bool {
        try requireRoot()
        let stamp = try latestStamp(note)
        let isSame = try withHistory { history throws(Failure) in
            if let known = history.stamp { stamp.isSame(as: known) } else { false }
        }
        if isSame { return false }
        let folder = try root(note)
        let id = try folder.latestID(note: note)
        let release = try folder.release(id.text, note: note)
        let contents = try release.manifest.contents
        // A release may have been removed and another one published under its id.
        let isKnown = try withHistory { history throws(Failure) in
            history.latest.text == id.text && history.latestContents == contents
        }
        if isKnown {
            remember { $0.stamp = stamp }
            return false
        }
        var latest = Buffer<UInt8>()
        try latest.append(id.text)
        return try serve(release, presentSupply, note) { history in
            swap(&history.latest, &latest)
            (history.latestContents, history.stamp) = (contents, stamp)
        }
    }

    /// See `valuation_engine_roll_back`. - Parameter id: empty for the previous models.
    func rollBack(to id: Text, note: Note) throws(Failure) {
        beginLoad()
        defer { endLoad() }
        if id.count == 0 {
            if try servePrevious(note) { return }
            throw Failure(.unknownRelease, "Nothing served before what serves now, or it was not kept; name a release.")
        }
        if try isRelease(id, serving) { return }
        if try isRelease(id, try withHistory { history throws(Failure) in history.previous }),
            try servePrevious(note)
        {
            return
        }
        try requireRoot()
        _ = try serve(try root(note).release(id, note: note), presentSupply, note)
    }

    /// Whether a set of models is the release with an id, in the directory of releases if there is one.
    private func isRelease(_ id: Text, _ snapshot: UnsafeMutablePointer<Snapshot>?) throws(Failure) -> Bool {
        guard let snapshot, snapshot.pointee.origin.id.text == id else { return false }
        return try withHistory { history throws(Failure) in
            if history.root.count == 0 { return true }
            let releases = try CString(path: history.root.text, Text(ReleaseFolder.releases))
            let path = try CString(path: releases.text, id)
            return snapshot.pointee.origin.path.text == path.text
        }
    }

    /// Puts the previous models into service again, under the current policy. - Returns: whether there were any.
    private func servePrevious(_ note: Note) throws(Failure) -> Bool {
        let previous = try withHistory { history throws(Failure) in history.previous }
        guard let previous, let serving else { return false }
        if previous.pointee.policy == nil && serving.pointee.policy == nil { return swapWithPrevious() }
        let index = Index(sharing: previous.pointee.index)
        let origin = try Snapshot.Origin(previous.pointee.origin)
        replace(with: try snapshot(index, origin, presentSupply, note))
        return true
    }

    func opening(_ note: Note) -> Opening {
        Opening(
            maximumInputBytes: maximumInputBytes, trustsCompiled: trustsCompiled, copiesCompiled: copiesCompiled,
            secret: secret.known, note: note)
    }

    /// Puts a release into service, and remembers something with it. - Returns: false if it serves already.
    private func serve(
        _ release: borrowing Release, _ supply: ReleaseSupply, _ note: Note,
        remembering update: (inout History) -> Void = { _ in }
    ) throws(Failure) -> Bool {
        if let known = secret.known, known != release.secret {
            throw note.located(Secret.another, release.path.text)
        }
        let origin = try Snapshot.Origin(release)
        if let serving, isSame(serving, origin), serving.pointee.origin.id.text == origin.id.text {
            remember(update)
            return false
        }
        let made = try snapshot(of: release, supply, note)
        try keepSecret(of: made, note)
        replace(with: made, remembering: update)
        return true
    }

    /// A release's snapshot. If models in memory have the same files, their index is reused.
    private func snapshot(
        of release: borrowing Release, _ supply: ReleaseSupply, _ note: Note
    ) throws(Failure) -> UnsafeMutablePointer<Snapshot> {
        var origin = try Snapshot.Origin(release)
        let previous = try withHistory { history throws(Failure) in history.previous }
        let known = isSame(serving, origin) ? serving : isSame(previous, origin) ? previous : nil
        if let known {
            origin.isReused = true
            return try snapshot(Index(sharing: known.pointee.index), origin, supply, note)
        }
        if let known = placeInMemory(origin.contents) {
            origin.isReused = true
            return try snapshot(Index(sharing: known.pointee), origin, supply, note)
        }
        return try snapshot(try openIndex(of: release, note), origin, supply, note)
    }

    private func isSame(_ known: UnsafeMutablePointer<Snapshot>?, _ origin: borrowing Snapshot.Origin) -> Bool {
        guard let known, known.pointee.origin.isRelease else { return false }
        return known.pointee.origin.contents == origin.contents
    }

    private func requireRoot() throws(Failure) {
        if !hasRoot {
            throw Failure(.invalidArgument, "No directory of releases was loaded; load one, which has a file LATEST.")
        }
    }

    private func root(_ note: Note) throws(Failure) -> ReleaseFolder {
        try withHistory { history throws(Failure) in try ReleaseFolder.open(history.root.text, note) }
    }

    private func latestStamp(_ note: Note) throws(Failure) -> FileStamp {
        try withHistory { history throws(Failure) in
            let path = try CString(path: history.root.text, Text(ReleaseFolder.latest))
            do throws(Failure) {
                return try FileStamp(path: path.start)
            } catch {
                throw note.located(error, path.text)
            }
        }
    }
}
