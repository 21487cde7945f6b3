// SPDX-License-Identifier: Apache-2.0
import CValuation
import Glibc

/// The files of a release on their way to a directory. What is there already stays: a download that was cut off goes on
/// where it ended.
struct Download {
    let store: Store
    let release: ReleaseContents
    /// The directory; the manifest is in it.
    let folder: String
    let diagnostics: Diagnostics

    /// A run fetches what is missing several times, as long as each time brings more.
    private static let mostTimes = 100

    /// Bytes received.
    private(set) var received = 0
    /// The most that was there.
    private var most = 0
    /// The names of the files that were removed and are fetched anew.
    private var renewed: Set<String> = []

    init(store: Store, release: ReleaseContents, folder: String, diagnostics: Diagnostics) {
        (self.store, self.release, self.folder, self.diagnostics) = (store, release, folder, diagnostics)
        most = present
    }

    /// Fetches what is missing, until every file is as the manifest has it.
    ///
    /// A file that turns out wrong is fetched anew, once: the server's may have changed since the download began, or
    /// what came before an interruption may be of another version.
    mutating func complete() throws {
        for _ in 0..<Self.mostTimes {
            let missing = try missingFiles()
            if missing.isEmpty {
                if try removeWrong() == 0 { return }
            } else {
                try bring(missing)
            }
        }
        throw Problem(file: store.name, message: "The connection was cut off \(Self.mostTimes) times; pull again.")
    }

    /// The files whose size is not the manifest's. A longer one is removed.
    private mutating func missingFiles() throws -> [ReleaseContents.File] {
        var missing: [ReleaseContents.File] = []
        for file in release.files {
            let size = Disk.size(path(file))
            if size == file.sum.bytes { continue }
            if size == nil { try Disk.remove(path(file)) }
            if let size, size > file.sum.bytes { try renew(file) }
            missing.append(file)
        }
        return missing
    }

    /// Removes the files that have another checksum. - Returns: how many.
    private mutating func removeWrong() throws -> Int {
        let wrong = try release.files.filter { try FileSum(ofFile: path($0)) != $0.sum }
        for file in wrong { try renew(file) }
        return wrong.count
    }

    /// Removes a wrong file, unless it was fetched anew already.
    private mutating func renew(_ file: ReleaseContents.File) throws {
        guard try discard(file) else {
            throw Problem(
                VALUATION_ERROR_CHECKSUM, file: place(file),
                message:
                    "It is not as the manifest says, nor is it when it is fetched again; publish the models under another id, and push that."
            )
        }
    }

    /// Removes a file that is to be fetched anew. - Returns: whether that is the first time.
    private mutating func discard(_ file: ReleaseContents.File) throws -> Bool {
        try Disk.remove(path(file))
        most = present
        return renewed.insert(file.name).inserted
    }

    /// Fetches files, and throws if that brought nothing.
    private mutating func bring(_ missing: [ReleaseContents.File]) throws {
        let results = try fetch(missing)
        received += results.reduce(0) { $0 + $1.bytes }
        var isNew = false
        // Their server cannot send the rest of a file.
        for (file, result) in zip(missing, results) where result.cannotResume {
            if try discard(file) { isNew = true }
        }
        let failed = zip(missing, results).first { !$0.1.isDone } ?? (missing[0], results[0])
        guard isNew || present > most, !failed.1.isMissing else { throw failure(of: failed.0, failed.1) }
        most = max(most, present)
    }

    private func fetch(_ files: [ReleaseContents.File]) throws -> [Curl.Result] {
        let transfers = files.map {
            Curl.Transfer(url: store.url("releases", release.id, $0.name), file: path($0))
        }
        // A wrong file may come from a cache.
        let headers = files.contains { renewed.contains($0.name) } ? ["Cache-Control: no-cache"] : []
        // One byte more, so that a longer file is seen to be one.
        let largest = files.reduce(0) { max($0, $1.sum.bytes) } + 1
        defer { diagnostics.clearProgress() }
        return try store.curl.run(.resume, transfers, headers: headers, largestFile: largest) { _ in
            if Terminal.error.isTerminal { diagnostics.show(progress: progress) }
        }
    }

    /// How much is there: bytes, and one for each file, so that an empty file counts.
    private var present: Int { release.files.reduce(0) { $0 + (Disk.size(path($1)).map { $0 + 1 } ?? 0) } }

    private var progress: String {
        let (present, total) = (present - release.files.count, release.files.reduce(0) { $0 + $1.sum.bytes })
        let share = total > 0 ? Int(Double(max(0, present)) / Double(total) * 100) : 100
        return "\(release.id): \(NumberText.bytes(max(0, present))) of \(NumberText.bytes(total)) (\(share)%)"
    }

    private func path(_ file: ReleaseContents.File) -> String { "\(folder)/\(file.name)" }

    private func place(_ file: ReleaseContents.File) -> String { store.place("releases", release.id, file.name) }

    private func failure(of file: ReleaseContents.File, _ result: Curl.Result) -> Problem {
        // What would be the rest of the file does not exist.
        let isShort = result.isDone || result.httpStatus == 416
        let reason =
            isShort
            ? "It is shorter than the manifest says; publish the models under another id, and push that."
            : result.reason
        return Problem(file: place(file), message: reason)
    }

    /// Gives the files the readers that publishing gives them, and flushes them to the disk.
    ///
    /// - Parameter secret: the file whose readers may read the compiled file; everyone if it does not exist.
    func seal(secret: String) throws {
        let guarded = Disk.status(secret)
        for file in release.files {
            try Disk.synchronize(path(file)) { descriptor in
                guard file.isCompiled, let guarded else { return _ = fchmod(descriptor, 0o444) }
                if fchown(descriptor, uid_t.max, guarded.st_gid) != 0 {
                    throw Disk.problem(
                        path(file), "It cannot be given SECRET's group; let the user who pulls be in that")
                }
                _ = fchmod(descriptor, guarded.st_mode & 0o444)
            }
        }
        try Disk.synchronize("\(folder)/\(ReleaseContents.manifest)") { _ = fchmod($0, 0o444) }
        try Disk.synchronize(folder)
    }
}
