// SPDX-License-Identifier: Apache-2.0
import CValuation
import Glibc

/// The secret of a directory of releases that is filled from a store. It is in the store, or an operator has put it into
/// the directory.
struct PulledSecret {
    static let name = "SECRET"

    private static let digits = 64
    /// The standard secret, which needs no file: see Documentation/keys.md.
    private static let standard = "243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89"

    let store: Store
    let root: String
    let area: PullArea

    /// Makes sure that the directory has the secret of a release, before anything of it is downloaded.
    func require(_ release: ReleaseContents) throws {
        guard let expected = release.secret else { return }
        let path = "\(root)/\(Self.name)"
        if Disk.status(path) == nil {
            // A directory with releases and without SECRET has the standard secret for ever.
            if expected == FileSum.xxh128(of: Self.standard.utf8) { return }
            if Disk.status("\(root)/LATEST") == nil { try fetch(expected, to: path) }
        }
        if let known = try Disk.contents(path), FileSum.xxh128(of: known.prefix(Self.digits)) == expected { return }
        throw Failure(
            message: Problem(
                VALUATION_ERROR_SECRET, file: store.place("releases", release.id),
                message: "It was published under a secret that is neither in \(path) nor in the store."
            ).text(),
            advice: "Copy SECRET from the directory that was pushed, with mode 0440 and the ad servers' group, "
                + "or upload it: `valuation push --secret`.")
    }

    /// Fetches it from the store, if that has the right one. Nobody but the owner and the group may read it at any time.
    private func fetch(_ expected: String, to path: String) throws {
        let file = "\(area.path)/\(Self.name)"
        try Disk.remove(file)
        let result = try store.fetch([Self.name], to: file, limit: 65_536)
        if result.isMissing { return }
        guard result.isDone else { throw Problem(file: store.place(Self.name), message: result.reason) }
        guard let text = try Disk.contents(file), FileSum.xxh128(of: text.prefix(Self.digits)) == expected else {
            return try Disk.remove(file)
        }
        try Disk.synchronize(file) { _ = fchmod($0, 0o440) }
        try Disk.rename(file, to: path)
        try Disk.synchronize(root)
    }
}
