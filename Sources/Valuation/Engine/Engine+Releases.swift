// SPDX-License-Identifier: Apache-2.0
import CChecksum

/// Loading, and going back.
extension Engine {
    /// See `valuation_engine_load`.
    func load(path: Text, note: Note) throws(Failure) {
        beginLoad()
        defer { endLoad() }
        do throws(Failure) {
            try loadModels(path, note)
        } catch {
            // The failure of the load is what is reported.
            if state.serving == nil { try? follow(path, after: error) }
            noteAttempt(error, note)
            throw error
        }
        noteAttempt(nil, note)
    }

    private func loadModels(_ path: Text, _ note: Note) throws(Failure) {
        // Before LATEST is read, so that the next refresh notices a replacement in between.
        let latestPath = try CString(path: path, Text(ReleaseFolder.latest))
        let stamp = try? FileStamp(path: latestPath.start)
        let source = try Source(path: path, note: note)
        switch source {
        case .release(let release): try serve(release, note)
        case .releases(let release): try serve(release, note, following: (path, stamp))
        default:
            do throws(Failure) {
                try serve(try opening(note).index(of: source), path, note)
            } catch {
                throw located(error, path, note)
            }
        }
    }

    /// Puts models that are no release into service.
    private func serve(_ index: consuming Index, _ path: Text, _ note: Note) throws(Failure) {
        var spare = Spare()
        while true {
            let state = state
            var draft = Draft(state)
            draft.snapshot = try snapshot(
                Index(sharing: index), try Snapshot.Origin(path: path),
                Surroundings(state, state.followed, made: spare.snapshot), note)
            if try publish(draft, orKeep: &spare) { return }
        }
    }

    /// Puts a release into service, unless it serves already.
    ///
    /// - Parameter following: the directory of releases to follow from now on, and the stamp of its LATEST; nil to
    ///   follow the same one. A directory is followed until a load from another one.
    private func serve(
        _ release: borrowing Release, _ note: Note, following: (root: Text, stamp: FileStamp?)? = nil
    ) throws(Failure) {
        if let known = secret.known, known != release.secret {
            throw note.located(Secret.another, release.path.text)
        }
        let origin = try Snapshot.Origin(release)
        var spare = Spare()
        while true {
            let draft = try draft(release, origin, following, spare.snapshot, note)
            do throws(Failure) {
                if try publish(draft, orKeep: &spare) { return }
            } catch {
                throw located(error, release.path.text, note)
            }
        }
    }

    @inline(never)
    private func draft(
        _ release: borrowing Release, _ origin: borrowing Snapshot.Origin,
        _ following: (root: Text, stamp: FileStamp?)?,
        _ spare: UnsafeMutablePointer<Snapshot>?, _ note: Note
    ) throws(Failure) -> Draft {
        let state = state
        var draft = Draft(state)
        var isPresent = true
        if let (root, stamp) = following {
            isPresent = state.followed.pointee.root.text == root
            if state.followed.pointee.isSame(root: root, latest: origin.id.text, origin.contents) {
                remember(latestStamp: stamp, of: state.followed)
            } else {
                draft.followed = try Followed.make(
                    state.followed, root: root, latest: origin.id.text, origin.contents, stamp: stamp)
            }
        }
        if Snapshot.isSame(state.serving, origin) { return draft }
        do throws(Failure) {
            var surroundings = Surroundings(state, draft.followed ?? state.followed, made: spare)
            (surroundings.isPresent, surroundings.takesMemory) = (isPresent, isPresent)
            draft.snapshot = try snapshot(of: release, surroundings, note)
        } catch {
            draft.discard()
            throw error
        }
        return draft
    }

    /// A failure to take models, at their path.
    private func located(_ failure: Failure, _ path: Text, _ note: Note) -> Failure {
        let isAboutPath = failure.status == .secret || failure.status == .notCompiled
        return isAboutPath && !failure.isNoted ? note.located(failure, path) : failure
    }

    /// Follows a path from which the first load failed, if it is a directory of releases or may become one: nothing is
    /// there, or an empty directory.
    private func follow(_ path: Text, after error: Failure) throws(Failure) {
        if try !Source.mayBeRoot(path, isEmpty: error.status == .nothingLoaded) { return }
        let state = state
        var draft = Draft(state)
        draft.followed = try Followed.make(
            state.followed, root: path, latest: .empty, Checksum(high: 0, low: 0), stamp: nil)
        var spare = Spare()
        // Nobody else changes an engine that has loaded nothing.
        _ = try publish(draft, orKeep: &spare)
    }

    /// See `valuation_engine_roll_back`. - Parameter id: empty for the previous models.
    func rollBack(to id: Text, note: Note) throws(Failure) {
        if try goBackInMemory(to: id, note) { return }
        beginLoad()
        defer { endLoad() }
        let followed = state.followed
        if followed.pointee.root.count == 0 {
            throw Failure(
                .nothingFollowed,
                "The release is not in memory, and no directory of releases was loaded to find it in; load one.")
        }
        let folder = try ReleaseFolder.open(followed.pointee.root.text, note)
        try serve(try folder.release(id, note: note), note)
    }

    /// Goes back without waiting for a load. - Returns: false if what is asked for is not in memory.
    private func goBackInMemory(to id: Text, _ note: Note) throws(Failure) -> Bool {
        let (_, group) = hold()
        defer { letGo(group) }
        var spare = Spare()
        while true {
            // Another thread may have changed it since the last time.
            let state = state
            if id.count > 0 {
                if try isRelease(id, state.serving, state) { return true }
                if try !isRelease(id, state.previous, state) { return false }
            }
            guard let previous = state.previous else {
                throw Failure(
                    .noPrevious, "Nothing served before what serves now, or it was not kept; name a release.")
            }
            var draft = Draft(state)
            // Whatever the policy names is in memory, because it serves.
            var surroundings = Surroundings(state, state.followed)
            surroundings.opensReleases = false
            draft.snapshot = try snapshot(like: previous, surroundings, note)
            if try publish(draft, orKeep: &spare) { return true }
        }
    }

    /// Whether a set of models is the release with an id, in the directory of releases if there is one.
    private func isRelease(
        _ id: Text, _ snapshot: UnsafeMutablePointer<Snapshot>?, _ state: History.State
    ) throws(Failure) -> Bool {
        guard let snapshot else { return false }
        return try snapshot.pointee.origin.isRelease(id, in: state.followed.pointee.root.text)
    }
}

extension Snapshot.Origin {
    /// Whether this is the release with an id, in a directory of releases if there is one.
    borrowing func isRelease(_ id: Text, in root: Text) throws(Failure) -> Bool {
        if !isRelease || self.id.text != id { return false }
        if root.count == 0 { return true }
        let releases = try CString(path: root, Text(ReleaseFolder.releases))
        let expected = try CString(path: releases.text, id)
        return path.text == expected.text
    }
}
