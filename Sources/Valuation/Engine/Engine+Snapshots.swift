// SPDX-License-Identifier: Apache-2.0
import CChecksum

/// What a snapshot is made from besides its models: the policy, and the releases that the policy may name.
struct Surroundings {
    /// The snapshots whose indexes may be shared: first those that also stand for the releases that the policy names.
    let made: UnsafeMutablePointer<Snapshot>?
    let serving: UnsafeMutablePointer<Snapshot>?
    let previous: UnsafeMutablePointer<Snapshot>?
    /// The directory of releases; empty for none.
    let root: Text
    /// Whether releases that are not in memory may be opened.
    var opensReleases = true
    /// The policy's file and its contents; empty for none.
    var policyPath: Text
    var policyText: Text
    /// Whether the releases in memory are of this directory, so that a removed one can go on serving.
    var isPresent = true
    /// Whether releases in memory are used without checking whether they still exist.
    var takesMemory = true

    /// What is followed.
    ///
    /// - Parameter made: a snapshot that does not serve yet, whose models may be shared.
    @inline(never)
    init(
        _ state: History.State, _ followed: UnsafeMutablePointer<Followed>, made: UnsafeMutablePointer<Snapshot>? = nil
    ) {
        self.made = made
        (serving, previous) = (state.serving, state.previous)
        root = followed.pointee.root.text
        (policyPath, policyText) = (followed.pointee.policyPath.text, followed.pointee.policyText.text)
    }

    /// An index in memory of the same files.
    func index(_ contents: Checksum) -> UnsafePointer<Index>? {
        Surroundings.index(contents, made) ?? Surroundings.index(contents, serving)
            ?? Surroundings.index(contents, previous)
    }

    private static func index(
        _ contents: Checksum, _ snapshot: UnsafeMutablePointer<Snapshot>?
    ) -> UnsafePointer<Index>? {
        guard let snapshot else { return nil }
        if snapshot.pointee.origin.isRelease && snapshot.pointee.origin.contents == contents {
            return Snapshot.index(snapshot)
        }
        for number in 0..<snapshot.pointee.others.count where snapshot.pointee.others.contents(number) == contents {
            return snapshot.pointee.others[number]
        }
        return nil
    }

    /// The release with an id that a policy in memory names.
    func release(_ id: Text) -> (index: UnsafePointer<Index>, contents: Checksum)? {
        Surroundings.release(id, made) ?? Surroundings.release(id, serving)
    }

    private static func release(
        _ id: Text, _ snapshot: UnsafeMutablePointer<Snapshot>?
    ) -> (index: UnsafePointer<Index>, contents: Checksum)? {
        guard let snapshot, let policy = snapshot.pointee.policy else { return nil }
        for number in 1..<max(1, policy.pointee.document.releases.count)
        where policy.pointee.document.text(policy.pointee.document.releases[number].id) == id {
            return (snapshot.pointee.others[number - 1], snapshot.pointee.others.contents(number - 1))
        }
        return nil
    }

    /// The names of the sources in memory, for sharing.
    var sources: UnsafePointer<SourceNames>? {
        (made ?? serving)?.pointee.generation.pointee.sources
    }
}

/// Making snapshots.
extension Engine {
    /// A snapshot of some models under a policy.
    func snapshot(
        _ index: consuming Index, _ origin: consuming Snapshot.Origin, _ surroundings: Surroundings, _ note: Note
    ) throws(Failure) -> UnsafeMutablePointer<Snapshot> {
        let room = try Room<Snapshot>()
        if surroundings.policyPath.count == 0 { return room.place(try Snapshot(index: index, origin: origin)) }
        let text = surroundings.policyText
        note.setFile(surroundings.policyPath)
        let document = try PolicyDecoder.decode(text, under: index.secret, note: note)
        let fitting = PolicyFitting(note: note, path: surroundings.policyPath)
        // Models are never refused for it: without counts, a naive predictor has no value.
        if !surroundings.takesMemory && surroundings.isPresent { try fitting.checkObserved(document, index) }
        let others = try releases(of: document, surroundings, index, origin, fitting)
        let digest = valuation_checksum_of(text.start, text.count)
        let sources = try SourceNames.of(document, digest: digest, known: surroundings.sources)
        let policy: UnsafeMutablePointer<Policy>
        do throws(Failure) {
            policy = try Memory.place(try Policy(document, index: index, others: others))
        } catch {
            SourceNames.release(sources)
            throw error
        }
        return room.place(
            try Snapshot(index: index, origin: origin, others: others, policy: policy, sources: sources))
    }

    /// A release's snapshot. If models in memory have the same files, their index is shared.
    func snapshot(
        of release: borrowing Release, _ surroundings: Surroundings, _ note: Note
    ) throws(Failure) -> UnsafeMutablePointer<Snapshot> {
        var origin = try Snapshot.Origin(release)
        if let known = surroundings.index(origin.contents) {
            origin.isReused = true
            return try snapshot(Index(sharing: known.pointee), origin, surroundings, note)
        }
        return try snapshot(try openIndex(of: release, note), origin, surroundings, note)
    }

    /// The models of a snapshot under a policy, possibly another one.
    @inline(never)
    func snapshot(
        like other: UnsafeMutablePointer<Snapshot>, _ surroundings: Surroundings, _ note: Note
    ) throws(Failure) -> UnsafeMutablePointer<Snapshot> {
        try snapshot(
            Index(sharing: other.pointee.index), try Snapshot.Origin(other.pointee.origin), surroundings, note)
    }

    /// The releases that a policy names besides LATEST: those in memory, and the others opened.
    private func releases(
        of document: borrowing PolicyDocument, _ surroundings: Surroundings, _ index: borrowing Index,
        _ origin: borrowing Snapshot.Origin, _ fitting: PolicyFitting
    ) throws(Failure) -> IndexList {
        var others = IndexList()
        for number in 1..<max(1, document.releases.count) {
            let id = document.text(document.releases[number].id)
            if surroundings.isPresent, try origin.isRelease(id, in: surroundings.root) {
                // Also if it was published anew under its id.
                try others.append(Index(sharing: index), contents: origin.contents)
                continue
            }
            if surroundings.takesMemory, surroundings.isPresent, let known = surroundings.release(id) {
                try others.append(Index(sharing: known.index.pointee), contents: known.contents)
                continue
            }
            if surroundings.root.count == 0 || !surroundings.opensReleases {
                throw try fitting.withoutReleases(document, number)
            }
            let release: Release
            do throws(Failure) {
                release = try fitting.release(number, of: document, root: surroundings.root)
            } catch {
                // A removed release goes on serving here, so that a policy can be changed at any time.
                guard error.status == .unknownRelease, surroundings.isPresent, let known = surroundings.release(id)
                else { throw error }
                try others.append(Index(sharing: known.index.pointee), contents: known.contents)
                continue
            }
            let contents = try release.manifest.contents
            if origin.isRelease && origin.contents == contents {
                try others.append(Index(sharing: index), contents: contents)
            } else if let known = surroundings.index(contents) {
                try others.append(Index(sharing: known.pointee), contents: contents)
            } else {
                try others.append(try openIndex(of: release, fitting.note), contents: contents)
            }
        }
        return others
    }

    func opening(_ note: Note) -> Opening {
        Opening(
            maximumInputBytes: maximumInputBytes, trustsCompiled: trustsCompiled, copiesCompiled: copiesCompiled,
            isCompiledOnly: isCompiledOnly, secret: secret.known, note: note)
    }
}
