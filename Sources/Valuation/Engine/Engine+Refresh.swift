// SPDX-License-Identifier: Apache-2.0

/// Following LATEST and the policy's file.
extension Engine {
    /// See `valuation_engine_refresh`. - Parameter hasChanged: becomes true if another policy or other models decide
    /// now.
    func refresh(note: Note, hasChanged: inout Bool) throws(Failure) {
        beginLoad()
        defer { endLoad() }
        while true {
            var failure: Failure?
            do throws(Failure) {
                try prepareChanges(note)
            } catch {
                failure = error
            }
            do throws(Failure) {
                if try commitPrepared() { hasChanged = true }
            } catch {
                // Something else was put into service in between.
                if error.status == .stale { continue }
                if failure == nil { failure = error }
            }
            noteAttempt(failure, note)
            if let failure { throw failure }
            return
        }
    }

    /// See `valuation_engine_prepare`. - Parameter isReady: becomes whether there is something to commit.
    func prepare(note: Note, isReady: inout Bool) throws(Failure) {
        beginLoad()
        defer { endLoad() }
        var failure: Failure?
        do throws(Failure) {
            try prepareChanges(note)
        } catch {
            failure = error
        }
        let state = state
        if let prepared = state.prepared { isReady = prepared.edition == state.edition }
        noteAttempt(failure, note)
        if let failure { throw failure }
    }

    /// See `valuation_engine_commit`. Opens nothing, allocates nothing and frees nothing.
    func commit() throws(Failure) {
        if try commitPrepared() { return }
        throw Failure(.nothingPrepared, "Nothing is prepared, because nothing has changed; prepare again later.")
    }

    /// - Returns: whether something was prepared, which serves now.
    private func commitPrepared() throws(Failure) -> Bool {
        lockHistory()
        defer { unlockHistory() }
        guard let draft = withHistory({ $0.state.prepared }) else { return false }
        do throws(Failure) {
            if try adopt(draft) { return true }
        } catch {
            drop(draft)
            throw error
        }
        drop(draft)
        throw Failure(
            .stale, "The engine has changed since this was prepared, so it was dropped; prepare again.")
    }

    /// Puts aside what was prepared. - Precondition: the history is locked.
    private func drop(_ draft: Draft) {
        amend { history in
            history.state.prepared = nil
            history.retire(draft)
        }
    }

    /// Reads what has changed since it was last read, and makes a change of it ready. Throws the first failure, after
    /// having prepared what does not depend on it. - Precondition: a load has begun.
    private func prepareChanges(_ note: Note) throws(Failure) {
        var spare = Spare()
        while true {
            var next = try NextState(state, spare.snapshot)
            let failure = read(&next, note)
            if !store(next) {
                // The engine has changed meanwhile.
                spare.keep(next.draft)
                continue
            }
            if let failure { throw failure }
            return
        }
    }

    /// - Returns: the first failure, if any.
    private func read(_ next: inout NextState, _ note: Note) -> Failure? {
        var failure: Failure?
        do throws(Failure) {
            try readPolicy(&next, note)
        } catch {
            failure = error
        }
        do throws(Failure) {
            if failure == nil {
                try readLatest(&next, note)
            } else {
                // A problem of a policy is no reason to keep old models. It is described in the note.
                try Note.withTemporary { (other: Note) throws(Failure) in try readLatest(&next, other) }
            }
        } catch {
            if failure == nil { failure = error }
        }
        return failure
    }

    /// Makes a change what the next commit puts into service. What changes nothing that serves is put into the history
    /// at once.
    ///
    /// - Returns: false if the engine has changed meanwhile.
    private func store(_ next: borrowing NextState) -> Bool {
        lockHistory()
        defer { unlockHistory() }
        var draft = next.draft
        let (edition, prepared) = withHistory { ($0.state.edition, $0.state.prepared) }
        if edition != draft.edition || next.prepared != nil && prepared?.snapshot != next.prepared?.snapshot {
            return false
        }
        if draft.isEmpty && (next.prepared != nil || prepared == nil) { return true }
        draft.snapshot = draft.snapshot ?? next.prepared?.snapshot
        draft.followed = draft.followed ?? next.prepared?.followed
        amend { history in
            history.state.prepared = nil
            if let prepared, prepared.snapshot != draft.snapshot { history.retire(prepared.snapshot) }
            if let prepared, prepared.followed != draft.followed { history.retire(prepared.followed) }
            guard let snapshot = draft.snapshot, let followed = draft.followed else { return }
            let modelsStay = Snapshot.haveSameModels(snapshot, history.state.serving)
            if modelsStay && followed.pointee.hasPolicy(of: history.state.followed) {
                history.retire(snapshot)
                draft.snapshot = nil
            } else {
                draft.keepsFormer = !modelsStay
                history.state.prepared = draft
            }
        }
        // Without a snapshot, nothing can fail.
        if draft.snapshot == nil && draft.followed != nil { _ = try? adopt(draft) }
        return true
    }

    /// A change while it is made.
    private struct NextState: ~Copyable {
        /// What the change adds to: what is prepared, or what serves.
        let base: History.State
        let prepared: Draft?
        /// Models that may be used again.
        let spare: UnsafeMutablePointer<Snapshot>?
        var draft: Draft

        init(_ state: History.State, _ spare: UnsafeMutablePointer<Snapshot>?) throws(Failure) {
            base = state
            self.spare = spare
            // What was prepared for another state is of no use.
            prepared = state.prepared.flatMap { $0.edition == state.edition ? $0 : nil }
            draft = Draft(state)
            if state.followed.pointee.root.count == 0 && state.followed.pointee.policyPath.count == 0 {
                throw Failure(
                    .nothingFollowed,
                    "Neither a directory of releases nor a policy was loaded, so there is nothing to follow; load one.")
            }
        }

        /// What serves after the changes so far.
        var snapshot: UnsafeMutablePointer<Snapshot>? { draft.snapshot ?? prepared?.snapshot ?? base.serving }
        var followed: UnsafeMutablePointer<Followed> { draft.followed ?? prepared?.followed ?? base.followed }

        @inline(never)
        func surroundings(_ followed: UnsafeMutablePointer<Followed>) -> Surroundings {
            Surroundings(base, followed, made: draft.snapshot ?? prepared?.snapshot ?? spare)
        }

        @inline(never)
        mutating func take(_ snapshot: UnsafeMutablePointer<Snapshot>?, _ followed: UnsafeMutablePointer<Followed>) {
            if let snapshot {
                if let former = draft.snapshot { Memory.destroy(former) }
                draft.snapshot = snapshot
            }
            if let former = draft.followed { Memory.destroy(former) }
            draft.followed = followed
        }
    }

    /// Reads the policy, if its file was replaced, and resolves it.
    private func readPolicy(_ next: inout NextState, _ note: Note) throws(Failure) {
        let path = next.followed.pointee.policyPath.text
        guard path.count > 0, let models = next.snapshot else { return }
        let seen = try PolicyFile.stamp(of: path, note)
        if let known = next.followed.pointee.policyStamp, seen.isSame(as: known) { return }
        var text = Buffer<UInt8>()
        let stamp = try PolicyFile.read(path, into: &text, note)
        if next.followed.pointee.policyText.text == text.text {
            remember(policyStamp: stamp, of: next.followed)
        } else {
            let followed = try Followed.make(next.followed, policyPath: path, policyText: text.text, stamp: stamp)
            do throws(Failure) {
                var surroundings = next.surroundings(followed)
                surroundings.takesMemory = false
                next.take(try snapshot(like: models, surroundings, note), followed)
            } catch {
                Memory.destroy(followed)
                throw error
            }
        }
    }

    /// Opens the release that LATEST names, if that is another one.
    private func readLatest(_ next: inout NextState, _ note: Note) throws(Failure) {
        let root = next.followed.pointee.root.text
        if root.count == 0 { return }
        let stamp = try latestStamp(root, note)
        if let known = next.followed.pointee.latestStamp, stamp.isSame(as: known) { return }
        let folder = try ReleaseFolder.open(root, note)
        let id = try folder.latestID(note: note)
        let release = try folder.release(id.text, note: note)
        // A release may have been removed and another one published under its id.
        let origin = try Snapshot.Origin(release)
        if next.followed.pointee.isSame(root: root, latest: id.text, origin.contents) {
            remember(latestStamp: stamp, of: next.followed)
        } else {
            if let known = secret.known, known != release.secret {
                throw note.located(Secret.another, release.path.text)
            }
            let followed = try Followed.make(
                next.followed, root: root, latest: id.text, origin.contents, stamp: stamp)
            do throws(Failure) {
                let serves = Snapshot.isSame(next.snapshot, origin)
                next.take(serves ? nil : try snapshot(of: release, next.surroundings(followed), note), followed)
            } catch {
                Memory.destroy(followed)
                throw error
            }
        }
    }

    /// Remembers that LATEST was read and says what it said before. - Precondition: a load has begun.
    func remember(latestStamp stamp: FileStamp?, of followed: UnsafeMutablePointer<Followed>) {
        lockHistory()
        defer { unlockHistory() }
        followed.pointee.latestStamp = stamp
    }

    private func remember(policyStamp stamp: FileStamp, of followed: UnsafeMutablePointer<Followed>) {
        lockHistory()
        defer { unlockHistory() }
        followed.pointee.policyStamp = stamp
    }

    private func latestStamp(_ root: Text, _ note: Note) throws(Failure) -> FileStamp {
        let path = try CString(path: root, Text(ReleaseFolder.latest))
        do throws(Failure) {
            return try FileStamp(path: path.start)
        } catch {
            throw note.located(error, path.text)
        }
    }
}
