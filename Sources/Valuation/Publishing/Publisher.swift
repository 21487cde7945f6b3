// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform

/// Publishes models as a release: checked as an engine would load them, copied, flushed, renamed, and only then named by LATEST.
struct Publisher: ~Copyable {
    struct Wishes {
        /// Empty for the time of the call.
        var id = Text.empty
        var priors = Priors()
        var isCompiled = true
        var keepsLatest = false
    }

    private static let temporary: StaticString = ".publishing.tmp"

    private let root: ReleaseFolder
    private let secret: Secret
    private let wishes: Wishes
    private let note: Note
    private let time: Timestamp
    /// Whether the directory of releases was created for this release, and whether SECRET existed in it.
    private let isNew: Bool
    private let hadSecret: Bool
    private var manifest = Manifest()

    /// See `valuation_publish`. - Returns: the manifest's text.
    static func publish(
        path: Text, root: Text, _ wishes: Wishes, maximumInputBytes: UInt64, note: Note
    ) throws(Failure) -> Buffer<UInt8> {
        let source = try Source(path: path, note: note)
        switch source {
        case .models(let list): return try publish(list, root: root, wishes, wishes.priors, maximumInputBytes, note)
        case .release(let release): return try publish(release, root: root, wishes, maximumInputBytes, note)
        case .releases(let release): return try publish(release, root: root, wishes, maximumInputBytes, note)
        case .compiled(let file):
            throw note.located(
                Failure(.invalidArgument, "A compiled file is no source; publish the model files it is made of."),
                file.text)
        }
    }

    private static func publish(
        _ release: borrowing Release, root: Text, _ wishes: Wishes, _ maximumInputBytes: UInt64, _ note: Note
    ) throws(Failure) -> Buffer<UInt8> {
        var priors = wishes.priors
        priors.complete(from: release.manifest.priors)
        return try publish(try FileList(release), root: root, wishes, priors, maximumInputBytes, note)
    }

    private static func publish(
        _ list: borrowing FileList, root: Text, _ wishes: Wishes, _ priors: Priors, _ maximumInputBytes: UInt64,
        _ note: Note
    ) throws(Failure) -> Buffer<UInt8> {
        if wishes.id.count > 0 && !ReleaseID.isSound(wishes.id) {
            throw Failure(
                .invalidArgument,
                "An id has 1 to 64 letters, digits, dots, hyphens and underscores, no dot first; give another.")
        }
        if list.count > Manifest.maximumFiles {
            throw Failure(.limitExceeded, "More than 500,000 model files in one release; join them as .jsonl.")
        }
        for position in 0..<list.count {
            let name = list.name(position)
            if Release.isFileName(name) && name != Text(CompiledFile.fileName) { continue }
            throw note.located(
                Failure(.invalidArgument, "A release cannot have a file of this name; rename it."),
                list[position])
        }
        let secret = try Publisher.secret(root, note)
        var loader = Loader(
            Loader.Wishes(maximumInputBytes: maximumInputBytes, secret: secret, priors: priors, isPublishing: true),
            note: note)
        let index = try loader.index(of: list)
        do throws(Failure) {
            var publisher = try Publisher(root, wishes, secret, note)
            return try publisher.publish(list, loader.stream.sums, index, loader.priors)
        } catch {
            if error.isNoted { throw error }
            throw note.located(error, root)
        }
    }

    /// The secret of keys: that of the directory, or a new one for a new directory.
    private static func secret(_ path: Text, _ note: Note) throws(Failure) -> Secret {
        do throws(Failure) {
            let root = try ReleaseFolder(try Folder(path: path), path: path)
            if let known = try root.publishersSecret(note) { return known }
        } catch {
            if error.status != .fileNotFound { throw error.isNoted ? error : note.located(error, path) }
        }
        return try .random()
    }

    private init(_ path: Text, _ wishes: Wishes, _ secret: Secret, _ note: Note) throws(Failure) {
        let isNew = try Folder.make(path)
        let root = try ReleaseFolder.open(path, note)
        try root.folder.lock()
        try Publisher.refuseModelFiles(root.folder)
        hadSecret = try root.folder.contains(ReleaseFolder.secretFile)
        self.isNew = isNew
        self.secret = secret
        self.wishes = wishes
        self.note = note
        self.root = root
        time = Timestamp.now
    }

    /// A directory that models are written to must not become a directory of releases: its models would never be
    /// published again.
    private static func refuseModelFiles(_ folder: borrowing Folder) throws(Failure) {
        if try folder.contains(ReleaseFolder.latest) { return }
        try folder.forEachName { name throws(Failure) in
            if name[0] == UInt8(ascii: ".") || FileKind(name: name) == nil || name == Text(PolicyFile.name) { return }
            throw Failure(.invalidArgument, "The directory holds model files; publish to one of its own.")
        }
    }

    private mutating func publish(
        _ list: borrowing FileList, _ sums: borrowing Buffer<FileSum>, _ index: borrowing Index, _ priors: Priors
    ) throws(Failure) -> Buffer<UInt8> {
        do throws(Failure) {
            try root.folder.makeFolder(Text(ReleaseFolder.releases))
            let releases = try root.releases()
            try root.removeLeftovers(releases)
            try root.keepFirst(secret, note)
            if !wishes.keepsLatest { try root.checkPolicy(fits: index, note) }
            try name(releases)
            let id = try CString(manifest.text(manifest.id))
            return try publish(as: id.text, in: releases, list, sums, index, priors)
        } catch {
            undo()
            throw error
        }
    }

    /// Removes what was written; no release uses it, so the caller may retry. If LATEST names it already, this finds
    /// nothing.
    private func undo() {
        if let releases = try? root.releases() { try? root.removeLeftovers(releases) }
        // The secret of a first release is unused, too.
        if !root.folder.removeEmpty(ReleaseFolder.releases) { return }
        if !hadSecret { try? root.folder.remove(Text(ReleaseFolder.secretFile)) }
        if isNew, let path = try? CString(root.path.text) { rmdir(path.start) }
    }

    private mutating func publish(
        as id: Text, in releases: borrowing Folder, _ list: borrowing FileList, _ sums: borrowing Buffer<FileSum>,
        _ index: borrowing Index,
        _ priors: Priors
    ) throws(Failure) -> Buffer<UInt8> {
        let temporary = Text(Publisher.temporary)
        try releases.makeFolder(temporary)
        let folder = try releases.folder(temporary)
        try copy(list, sums, to: folder)
        if wishes.isCompiled { try compile(index, to: folder) }
        manifest.priors = priors
        manifest.secret = try secret.digest()
        try describe(index)
        var text = Buffer<UInt8>()
        try manifest.write(to: &text)
        var writer = try FileWriter(folder, Text(Manifest.fileName))
        try writer.write(text.text)
        _ = try writer.finish()
        try folder.synchronize()
        try releases.rename(temporary, to: id)
        do throws(Failure) {
            try releases.synchronize()
            try root.folder.synchronize()
            try verify(id)
            if !wishes.keepsLatest { try root.replaceLatest(id, note: note) }
        } catch {
            try? releases.rename(id, to: temporary)
            throw error
        }
        if !wishes.keepsLatest { try root.flushLatest() }
        return text
    }

    /// Determines the id, which must be free.
    private mutating func name(_ releases: borrowing Folder) throws(Failure) {
        var created = Buffer<UInt8>()
        try time.write(to: &created, separator: Text(":"), hasFraction: true)
        manifest.created = try manifest.keep(created.text)
        var id = Buffer<UInt8>()
        if wishes.id.count > 0 {
            try id.append(wishes.id)
        } else {
            try time.write(to: &id, separator: .empty, hasFraction: false)
            let plain = id.count
            var attempt = 1
            while try releases.contains(id.text) {
                attempt += 1
                id.truncate(plain)
                try id.append("-")
                try id.append(integer: attempt)
            }
        }
        if try releases.contains(id.text) {
            throw Failure(.releaseExists, "A release of this id is there already; give another id.")
        }
        manifest.id = try manifest.keep(id.text)
    }

    /// Copies the model files. They must be unchanged since they were checked.
    private mutating func copy(
        _ list: borrowing FileList, _ sums: borrowing Buffer<FileSum>, to folder: borrowing Folder
    ) throws(Failure) {
        var room = Buffer<UInt8>()
        try room.reserve(1 << 20)
        for position in 0..<list.count {
            let path = list[position]
            let name = list.name(position)
            do throws(Failure) {
                var source = try list.open(position, isSummed: false)
                var writer = try FileWriter(folder, name)
                while true {
                    let length = try source.read(into: room.spare, count: 1 << 20)
                    if length == 0 { break }
                    try writer.write(room.spare, count: length)
                }
                let sum = try writer.finish()
                if sum != sums[position] {
                    throw Failure(
                        .readFailed, "The file was written to while it was being published; publish it again.")
                }
                try manifest.files.append(Manifest.File(name: try manifest.keep(name), sum: sum))
            } catch {
                // A failed write is a problem of the directory of releases, not of the models.
                if error.status == .writeFailed { throw error }
                throw note.located(error, path)
            }
        }
    }

    private mutating func compile(_ index: borrowing Index, to folder: borrowing Folder) throws(Failure) {
        let name = Text(CompiledFile.fileName)
        // The keys in it give the secret away.
        var writer = try FileWriter(folder, name, mode: 0o400)
        try writer.permitReaders(of: ReleaseFolder.secretFile, in: root.folder)
        try CompiledFile.write(index, to: &writer)
        manifest.compiled = Manifest.File(name: try manifest.keep(name), sum: try writer.finish())
        manifest.compiledFormat = CompiledFile.format
    }

    /// Counts the contents of the release, without the models of its priors.
    private mutating func describe(_ index: borrowing Index) throws(Failure) {
        manifest.counts.weights = index.weightCount
        for number in 0..<UInt32(index.counts.modelCount) {
            let description = index.description(of: number)
            if description.is_prior != 0 { continue }
            manifest.counts.models[description.target] += 1
            if description.self_tests == 0 { manifest.counts.modelsWithoutSelfTests += 1 }
            let trainer = index.text(description.trainer)
            if manifest.trainer.start == manifest.trainer.end && trainer.count > 0 {
                manifest.trainer = try manifest.keep(trainer)
            }
        }
        for position in 0..<index.hashes.campaigns.slotCount {
            let campaign = index.campaignSlots[position]
            if Flags(rawValue: campaign.flags).contains(.unknownCampaign) { continue }
            // Campaign "*" counts if one of its two models is real.
            let isCounted =
                isReal(index.model(.click, campaign.click_model), index)
                || isReal(index.model(.conversion, campaign.conversion_model), index)
            if isCounted { manifest.counts.campaigns += 1 }
        }
    }

    private func isReal(_ model: UInt32, _ index: borrowing Index) -> Bool {
        model != Index.none && index.description(of: model).is_prior == 0
    }

    /// Reads the files again and records their sizes and checksums.
    private func verify(_ id: Text) throws(Failure) {
        let release = try root.release(id, note: note)
        let list = try FileList(release)
        for position in 0..<list.count {
            do throws(Failure) {
                var source = try list.open(position, isSummed: true)
                let found = try source.finish()
                if let expected = list.expected(position), found != expected {
                    throw Failure(.checksum, "What was written cannot be read back; look at the disk.")
                }
            } catch {
                throw note.located(error, list[position])
            }
        }
        if let compiled = release.manifest.compiled {
            _ = try Opening(maximumInputBytes: .max, note: note).index(ofCompiled: compiled, release)
        }
    }
}
