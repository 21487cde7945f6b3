// SPDX-License-Identifier: Apache-2.0

/// Loading a policy, following its file, and resolving it against the models.
extension Engine {
    /// The source of the releases that a policy names.
    struct ReleaseSupply {
        /// The directory of releases; empty for none.
        let root: Text
        /// Whether the releases in memory are of this directory, so that a removed one can go on serving.
        var isPresent = true
        /// Whether releases in memory are used without checking whether they still exist.
        var takesMemory = false
    }

    /// The releases in memory, and for the others the directory of releases last loaded from.
    var presentSupply: ReleaseSupply { supply(takesMemory: true) }

    private func supply(takesMemory: Bool) -> ReleaseSupply {
        do throws(Failure) {
            return try withHistory { history throws(Failure) in
                ReleaseSupply(root: history.root.text, takesMemory: takesMemory)
            }
        } catch {
            return ReleaseSupply(root: .empty)
        }
    }

    /// See `valuation_engine_load_policy`. - Parameter path: empty for none.
    func loadPolicy(path: Text, note: Note) throws(Failure) {
        beginLoad()
        defer { endLoad() }
        guard serving != nil else {
            throw Failure(
                .nothingLoaded, "No models are loaded; load them before the policy that decides between them.")
        }
        var copy = Buffer<UInt8>()
        try copy.append(path)
        var text = Buffer<UInt8>()
        if path.count == 0 { return try servePolicy(&text, &copy, stamp: nil, note) }
        let stamp = try PolicyFile.read(path, into: &text, note)
        try servePolicy(&text, &copy, stamp: stamp, note)
    }

    /// - Returns: whether another policy decides now.
    func refreshPolicy(_ note: Note) throws(Failure) -> Bool {
        var path = Buffer<UInt8>()
        var isSame = false
        try withHistory { history throws(Failure) in
            try path.append(history.policyPath.text)
            let stamp = try PolicyFile.stamp(of: history.policyPath.text, note)
            if let known = history.policyStamp { isSame = stamp.isSame(as: known) }
        }
        if isSame { return false }
        var text = Buffer<UInt8>()
        let stamp = try PolicyFile.read(path.text, into: &text, note)
        let isKnown = try withHistory { history throws(Failure) in history.policyText.text == text.text }
        if isKnown {
            remember { $0.policyStamp = stamp }
            return false
        }
        try servePolicy(&text, &path, stamp: stamp, note)
        return true
    }

    var hasPolicy: Bool { isNotEmpty { $0.policyPath.count } }

    var hasRoot: Bool { isNotEmpty { $0.root.count } }

    private func isNotEmpty(_ count: (borrowing History) -> Int) -> Bool {
        do throws(Failure) {
            return try withHistory { history throws(Failure) in count(history) > 0 }
        } catch {
            return false
        }
    }

    private func servePolicy(
        _ text: inout Buffer<UInt8>, _ path: inout Buffer<UInt8>, stamp: FileStamp?, _ note: Note
    ) throws(Failure) {
        guard let serving else { return }
        let index = Index(sharing: serving.pointee.index)
        let origin = try Snapshot.Origin(serving.pointee.origin)
        let supply = supply(takesMemory: false)
        let made = try snapshot(index, origin, text.text, at: path.text, supply, note)
        replace(with: made, keepsFormer: false) { history in
            swap(&history.policyText, &text)
            swap(&history.policyPath, &path)
            history.policyStamp = stamp
        }
    }

    /// A snapshot of some models under the current policy.
    func snapshot(
        _ index: consuming Index, _ origin: consuming Snapshot.Origin, _ supply: ReleaseSupply, _ note: Note
    ) throws(Failure) -> UnsafeMutablePointer<Snapshot> {
        // The policy's state changes only while a load holds the lock, as this one does.
        var (text, path) = (Text.empty, Text.empty)
        try withHistory { history throws(Failure) in
            (text, path) = (history.policyText.text, history.policyPath.text)
        }
        return try snapshot(index, origin, text, at: path, supply, note)
    }

    private func snapshot(
        _ index: consuming Index, _ origin: consuming Snapshot.Origin, _ text: Text, at path: Text,
        _ supply: ReleaseSupply, _ note: Note
    ) throws(Failure) -> UnsafeMutablePointer<Snapshot> {
        if path.count == 0 { return try Memory.place(Snapshot(index: index, origin: origin)) }
        note.setFile(path)
        let document = try PolicyDecoder.decode(text, under: index.secret, note: note)
        let fitting = PolicyFitting(note: note, path: path)
        // Models are never refused for it: without counts, a naive predictor has no value.
        if !supply.takesMemory && supply.isPresent { try fitting.checkObserved(document, index) }
        let others = try releases(of: document, supply, index, origin, fitting)
        let policy = try Memory.place(try Policy(document, index: index, others: others))
        return try Memory.place(Snapshot(index: index, origin: origin, others: others, policy: policy))
    }

    /// The releases that a policy names besides LATEST: those in memory, and the others opened.
    private func releases(
        of document: borrowing PolicyDocument, _ supply: ReleaseSupply, _ index: borrowing Index,
        _ origin: borrowing Snapshot.Origin, _ fitting: PolicyFitting
    ) throws(Failure) -> IndexList {
        var others = IndexList()
        for number in 1..<max(1, document.releases.count) {
            let id = document.text(document.releases[number].id)
            if supply.isPresent && origin.isRelease && origin.id.text == id {
                // Also if it was published anew under its id.
                try others.append(Index(sharing: index), contents: origin.contents)
                continue
            }
            if supply.takesMemory, let known = placeInMemory(id) {
                try others.append(Index(sharing: known.index.pointee), contents: known.contents)
                continue
            }
            if supply.root.count == 0 { throw try fitting.withoutReleases(document, number) }
            let release: Release
            do throws(Failure) {
                release = try fitting.release(number, of: document, root: supply.root)
            } catch {
                // A removed release goes on serving here, so that a policy can be changed at any time.
                guard error.status == .unknownRelease, supply.isPresent, let known = placeInMemory(id) else {
                    throw error
                }
                try others.append(Index(sharing: known.index.pointee), contents: known.contents)
                continue
            }
            let contents = try release.manifest.contents
            if origin.isRelease && origin.contents == contents {
                try others.append(Index(sharing: index), contents: contents)
            } else if let known = placeInMemory(contents) {
                try others.append(Index(sharing: known.pointee), contents: contents)
            } else {
                try others.append(try openIndex(of: release, fitting.note), contents: contents)
            }
        }
        return others
    }

    /// The release with an id in the current policy.
    private func placeInMemory(_ id: Text) -> (index: UnsafePointer<Index>, contents: Checksum)? {
        guard let serving, let policy = serving.pointee.policy else { return nil }
        for number in 1..<max(1, policy.pointee.document.releases.count)
        where policy.pointee.document.text(policy.pointee.document.releases[number].id) == id {
            return (serving.pointee.others[number - 1], serving.pointee.others.contents(number - 1))
        }
        return nil
    }

    /// An index in memory of the same files.
    func placeInMemory(_ contents: Checksum) -> UnsafePointer<Index>? {
        guard let serving else { return nil }
        if serving.pointee.origin.isRelease && serving.pointee.origin.contents == contents {
            return Snapshot.index(serving)
        }
        for number in 0..<serving.pointee.others.count where serving.pointee.others.contents(number) == contents {
            return serving.pointee.others[number]
        }
        return nil
    }
}
