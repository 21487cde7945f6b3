// SPDX-License-Identifier: Apache-2.0
import CValuation

/// Uploads a release of a directory of releases: its files, then its manifest, and LATEST last.
struct Push {
    /// What was uploaded.
    struct Answer: Encodable {
        let id: String
        /// How many files of the release, and their bytes, without the manifest.
        var files = 0
        var bytes = 0
        /// Whether the release is new there.
        var isNew = false
        /// What LATEST names there; nil if it was left alone.
        var latest: String?

        private enum CodingKeys: String, CodingKey {
            case id, files, bytes, isNew = "new", latest
        }
    }

    let store: Store
    let root: String
    private let folder: TemporaryFolder
    private let diagnostics = Diagnostics()

    init(_ root: String, to store: Store) throws {
        guard !store.name.hasPrefix("file:") else {
            throw Store.unusable(store.name, "nothing is pushed to file://; copy the directory, LATEST last")
        }
        (self.root, self.store) = (root, store)
        folder = try TemporaryFolder()
    }

    /// - Parameters:
    ///   - id: the release; nil for the one that LATEST names. Only then LATEST is uploaded.
    ///   - hasSecret: whether SECRET is uploaded, too.
    func run(id: String?, hasSecret: Bool) throws -> Answer {
        let latest = try Disk.id(in: "\(root)/LATEST")
        guard let id = id ?? latest else {
            throw Problem(file: "\(root)/LATEST", message: "It names no release; name one by --release.")
        }
        let manifest = "\(root)/releases/\(id)/\(ReleaseContents.manifest)"
        let release = try ReleaseContents(of: id, in: root, place: manifest)
        var answer = Answer(id: id)
        if hasSecret { try uploadSecret() }
        if try !isThere(manifest, of: id) {
            try requireSound(release)
            if !store.isObjectStore { try makeCollections(for: id) }
            let missing = try missingFiles(of: release)
            try upload(missing, of: id)
            try upload(manifest, to: ["releases", id, ReleaseContents.manifest])
            (answer.isNew, answer.files) = (true, missing.count)
            answer.bytes = missing.reduce(0) { $0 + $1.sum.bytes }
        }
        if id == latest {
            try uploadLatest(id)
            answer.latest = id
        }
        return answer
    }

    private func path(_ file: ReleaseContents.File, of id: String) -> String { "\(root)/releases/\(id)/\(file.name)" }

    /// Whether the release is there, complete. Throws if another one of the same id is.
    private func isThere(_ manifest: String, of id: String) throws -> Bool {
        guard
            let theirs = try fetch(["releases", id, ReleaseContents.manifest], limit: ReleaseContents.largestManifest)
        else { return false }
        if try FileSum(ofFile: theirs) == FileSum(ofFile: manifest) { return true }
        throw Problem(
            VALUATION_ERROR_RELEASE_EXISTS, file: store.place("releases", id),
            message: "Another release of this id is there already; publish the models under another id.")
    }

    /// What is damaged here is not uploaded.
    private func requireSound(_ release: ReleaseContents) throws {
        for file in release.files where try FileSum(ofFile: path(file, of: release.id)) != file.sum {
            throw Problem(
                VALUATION_ERROR_CHECKSUM, file: path(file, of: release.id),
                message: "It is not as it was published; publish the models again.")
        }
    }

    /// WebDAV puts files only into collections that exist. A server that is no WebDAV refuses this, which is fine.
    private func makeCollections(for id: String) throws {
        for url in [store.url("releases") + "/", store.url("releases", id) + "/"] {
            _ = try store.curl.run(.makeCollection, [Curl.Transfer(url: url, file: "")])
        }
    }

    /// The files that are not there in their size: those that an interrupted push left out.
    private func missingFiles(of release: ReleaseContents) throws -> [ReleaseContents.File] {
        let transfers = release.files.map {
            Curl.Transfer(url: store.url("releases", release.id, $0.name), file: "")
        }
        let results = try store.curl.run(.ask, transfers, headers: ["Cache-Control: no-cache"])
        return try zip(release.files, results).filter { file, result in
            guard result.isDone || result.isMissing else {
                throw Problem(file: store.place("releases", release.id, file.name), message: result.reason)
            }
            return !(result.isDone && result.length == file.sum.bytes)
        }.map { $0.0 }
    }

    private func upload(_ files: [ReleaseContents.File], of id: String) throws {
        if files.isEmpty { return }
        let transfers = files.map { Curl.Transfer(url: store.url("releases", id, $0.name), file: path($0, of: id)) }
        defer { diagnostics.clearProgress() }
        let results = try store.curl.run(.upload, transfers) { count in
            diagnostics.show(progress: "\(id): \(count) of \(NumberText.counted(files.count, "file")) uploaded")
        }
        for (file, result) in zip(files, results) where !result.isDone {
            throw Problem(file: store.place("releases", id, file.name), message: result.reason)
        }
    }

    private func upload(_ file: String, to path: [String], headers: [String] = []) throws {
        let result = try store.curl.run(.upload, [Curl.Transfer(url: store.url(path), file: file)], headers: headers)[0]
        if !result.isDone { throw Problem(file: store.place(path), message: result.reason) }
    }

    /// A file that is there, as a file here; nil if there is none.
    private func fetch(_ path: [String], limit: Int) throws -> String? {
        let file = "\(folder.path)/\(path.last ?? "")"
        try Disk.remove(file)
        let result = try store.fetch(path, to: file, limit: limit)
        if result.isMissing { return nil }
        guard result.isDone else { throw Problem(file: store.place(path), message: result.reason) }
        return file
    }

    /// No cache may keep LATEST: the store says so to all that ask for it.
    private func uploadLatest(_ id: String) throws {
        if let theirs = try fetch(["LATEST"], limit: 65_536), try Disk.id(in: theirs) == id { return }
        let file = "\(folder.path)/LATEST"
        try Disk.replace(file, with: id + "\n")
        try upload(file, to: ["LATEST"], headers: ["Cache-Control: no-cache"])
    }

    private func uploadSecret() throws {
        let secret = "\(root)/\(PulledSecret.name)"
        guard let ours = try Disk.contents(secret) else {
            throw Problem(file: secret, message: "There is none: these releases are under the standard secret.")
        }
        guard let theirs = try fetch([PulledSecret.name], limit: 65_536) else {
            return try upload(secret, to: [PulledSecret.name])
        }
        if try Disk.contents(theirs) == ours { return }
        throw Problem(
            VALUATION_ERROR_SECRET, file: store.place(PulledSecret.name),
            message: "It is the secret of another directory of releases; push to a place of its own.")
    }
}
