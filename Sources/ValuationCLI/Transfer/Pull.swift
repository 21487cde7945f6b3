// SPDX-License-Identifier: Apache-2.0
import CValuation
import Glibc

/// Brings the release that a store's LATEST names into a directory of releases.
struct Pull {
    enum Outcome {
        /// LATEST names this id here and there.
        case unchanged(id: String)
        /// LATEST was made to name another release here, since the store's was followed.
        case held(id: String, followed: String)
        case switched(Switch)
    }

    /// What changed.
    struct Switch: Encodable {
        /// nil if LATEST named none.
        let before: String?
        let after: String
        /// Received, without the manifest.
        let bytes: Int
        /// The ids of the releases that were removed; nil if none was to be.
        var removed: [String]?
    }

    private let store: Store
    private let root: String
    private let area: PullArea
    private let diagnostics = Diagnostics()

    static func run(from store: Store, to root: String) throws -> Outcome {
        let area = try PullArea(in: root)
        do {
            return try Pull(store: store, root: root, area: area).run()
        } catch {
            area.undoIfNew()
            throw error
        }
    }

    private init(store: Store, root: String, area: PullArea) {
        (self.store, self.root, self.area) = (store, root, area)
    }

    private func run() throws -> Outcome {
        let latest = try RemoteLatest(of: store, in: area.path)
        let before = try Disk.id(in: "\(root)/LATEST")
        let followed = try area.followed(of: store)
        let now = PullArea.Followed(store: store.name, id: latest.id, written: latest.written)
        let isOlder = now.isOlder(than: followed)
        if latest.id == before && Disk.isDirectory(folder(latest.id)) {
            if followed != now && !isOlder { try area.keep(now) }
            return .unchanged(id: latest.id)
        }
        if isOlder { throw older(now, than: followed) }
        if let before, followed == now, Disk.isDirectory(folder(before)) {
            return .held(id: before, followed: latest.id)
        }
        let bytes = try bring(latest.id)
        try area.keep(now)
        return .switched(Switch(before: before, after: latest.id, bytes: bytes))
    }

    /// A cache may answer with a LATEST from before the one that was followed. An operator's rollback looks the same but
    /// for the time at which LATEST was written.
    private func older(_ now: PullArea.Followed, than followed: PullArea.Followed?) -> Failure {
        let (written, known) = (now.written ?? "", followed?.written ?? "")
        return Failure(
            message: "\(store.place("LATEST")): It is of \(written) and names \(now.id), but one of \(known) was "
                + "followed already; a cache may be the reason",
            advice: "LATEST of \(root) stays. If the store's clock was wrong, remove \(area.path)/followed.",
            exitCode: .badInput)
    }

    /// Makes LATEST name a release, which is downloaded unless it is there. - Returns: the bytes received.
    private func bring(_ id: String) throws -> Int {
        let manifest = try fetchManifest(of: id)
        let isPresent = Disk.isDirectory(folder(id))
        var received = 0
        if isPresent {
            try requireSame(manifest, as: "\(folder(id))/\(ReleaseContents.manifest)", of: id)
        } else {
            received = try download(id, manifest)
            try Disk.makeOpenDirectory("\(root)/releases")
            try Disk.rename(area.folder(of: id), to: folder(id))
        }
        do {
            try Disk.synchronize("\(root)/releases")
            // Loads the release as an engine would, and then renames PREVIOUS and LATEST.
            _ = try Releases.select(root, id: id)
        } catch {
            // The last flush may fail once LATEST names it already.
            if !isPresent, !isNamedByLatest(id) { try? Disk.rename(folder(id), to: area.folder(of: id)) }
            throw error
        }
        return received
    }

    /// Whether LATEST here names a release, or may do so.
    private func isNamedByLatest(_ id: String) -> Bool {
        do { return try Disk.id(in: "\(root)/LATEST") == id } catch { return true }
    }

    private func folder(_ id: String) -> String { "\(root)/releases/\(id)" }

    /// - Returns: the path of the manifest.
    private func fetchManifest(of id: String) throws -> String {
        let file = "\(area.path)/\(ReleaseContents.manifest)"
        try Disk.remove(file)
        let result = try store.fetch(
            ["releases", id, ReleaseContents.manifest], to: file, limit: ReleaseContents.largestManifest)
        guard result.isDone else {
            throw Problem(file: store.place("releases", id, ReleaseContents.manifest), message: result.reason)
        }
        return file
    }

    private func requireSame(_ manifest: String, as present: String, of id: String) throws {
        if Disk.size(present) == nil { return }
        if try FileSum(ofFile: manifest) == FileSum(ofFile: present) { return }
        throw Problem(
            VALUATION_ERROR_RELEASE_EXISTS, file: store.place("releases", id),
            message: "Another release of this id is in \(folder(id)); an id is never used twice, so remove one of them."
        )
    }

    /// Downloads a release beside the others. - Returns: the bytes received.
    private func download(_ id: String, _ manifest: String) throws -> Int {
        let folder = area.folder(of: id)
        try area.discardOthers(than: id)
        let kept = "\(folder)/\(ReleaseContents.manifest)"
        // Parts of files of another manifest are of no use.
        let isSame = try Disk.size(kept) != nil && FileSum(ofFile: manifest) == FileSum(ofFile: kept)
        if !isSame { try Disk.remove(folder) }
        try Disk.makeOpenDirectory(folder)
        try Disk.rename(manifest, to: kept)
        let place = store.place("releases", id, ReleaseContents.manifest)
        let release: ReleaseContents
        do {
            release = try ReleaseContents(of: id, in: area.path, place: place)
        } catch {
            try Disk.remove(folder)
            throw error
        }
        try PulledSecret(store: store, root: root, area: area).require(release)
        var download = Download(store: store, release: release, folder: folder, diagnostics: diagnostics)
        try download.complete()
        try download.seal(secret: "\(root)/\(PulledSecret.name)")
        return download.received
    }
}
