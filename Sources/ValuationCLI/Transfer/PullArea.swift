// SPDX-License-Identifier: Apache-2.0
import CValuation
import Glibc

/// The directory `.pull` in a directory of releases: what is being downloaded, and what was followed last. Only its
/// owner may enter it. One process at a time has it.
final class PullArea {
    let path: String
    /// Whether the directory of releases did not exist.
    private let isNew: Bool
    private let root: String
    private let lock: Int32

    /// Takes the directory, which is made if it is missing.
    init(in root: String) throws {
        self.root = root
        path = "\(root)/.pull"
        isNew = try Disk.makeDirectory(root)
        if !isNew { try Self.refuseModelFiles(root) }
        try Disk.makeDirectory(path, mode: 0o700)
        // Without O_CLOEXEC: a curl that outlives this process keeps the lock until it has ended, too.
        lock = path.withPath { open($0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) }
        guard lock >= 0 else { throw Disk.problem(path, "It cannot be opened") }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            if errno != EWOULDBLOCK { throw Disk.problem(path, "It cannot be locked") }
            throw Problem(
                VALUATION_ERROR_BUSY, file: root, message: "Another pull is working there; try again when it has ended."
            )
        }
        try Disk.makeDirectory("\(path)/releases", mode: 0o700)
    }

    deinit {
        close(lock)
    }

    /// The directory of a release that is being downloaded.
    func folder(of id: String) -> String { "\(path)/releases/\(id)" }

    /// Removes what is left of other releases.
    func discardOthers(than id: String) throws {
        for name in try Disk.names(in: "\(path)/releases") where name != id { try Disk.remove(folder(of: name)) }
    }

    /// Removes everything that was made for a first pull which found nothing. What it has downloaded stays.
    func undoIfNew() {
        guard isNew, (try? Disk.names(in: "\(path)/releases"))?.isEmpty == true else { return }
        try? Disk.remove(path)
        _ = root.withPath(rmdir)
    }

    /// A directory that models are written to must not become a directory of releases.
    private static func refuseModelFiles(_ root: String) throws {
        if Disk.status("\(root)/LATEST") != nil || Disk.status("\(root)/releases") != nil { return }
        let suffixes = [".json", ".jsonl", ".json.gz", ".jsonl.gz"]
        for name in try Disk.names(in: root) where !name.hasPrefix(".") && name != "policy.json" {
            guard suffixes.contains(where: name.hasSuffix) else { continue }
            throw Problem(file: root, message: "The directory holds model files; pull into one of its own.")
        }
    }

    // MARK: What was followed last

    /// The LATEST that the last pull followed.
    struct Followed: Equatable {
        let store: String
        let id: String
        /// When it was written, by the server: Last-Modified. The order of texts is the order of time. nil if unknown.
        let written: String?

        func isOlder(than other: Followed?) -> Bool {
            guard let written, let known = other?.written else { return false }
            return written < known
        }
    }

    /// nil if nothing was followed, or another store.
    func followed(of store: Store) throws -> Followed? {
        guard let bytes = try Disk.contents("\(path)/followed") else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 3, lines[0] == store.name else { return nil }
        return Followed(store: store.name, id: String(lines[1]), written: lines[2].isEmpty ? nil : String(lines[2]))
    }

    func keep(_ followed: Followed) throws {
        try Disk.replace("\(path)/followed", with: "\(followed.store)\n\(followed.id)\n\(followed.written ?? "")\n")
    }
}
