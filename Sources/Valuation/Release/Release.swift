// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// A published set of models: an open directory, and its manifest.
struct Release: ~Copyable {
    let folder: Folder
    let manifest: Manifest
    /// The secret of its keys: that of the directory of releases that contains it.
    let secret: Secret
    /// Of the directory, for messages.
    let path: Buffer<UInt8>

    /// The release in a directory.
    ///
    /// - Parameters:
    ///   - path: the directory's name in messages.
    ///   - id: the release's id.
    ///   - known: the secret of the directory of releases that contains it; nil to look for it two directories up.
    init(_ folder: consuming Folder, path: Text, id: Text, under known: Secret? = nil, note: Note) throws(Failure) {
        let file = try CString(path: path, Text(Manifest.fileName))
        let manifest = try Release.manifest(in: folder, file.text, id: id, note)
        let secret: Secret
        if let known {
            secret = known
        } else {
            secret = try Release.secret(around: folder, path, manifest.secret, note)
        }
        do throws(Failure) {
            try Release.check(manifest.secret, secret)
        } catch {
            throw note.located(error, file.text)
        }
        var kept = Buffer<UInt8>()
        try kept.append(path)
        self.manifest = manifest
        self.secret = secret
        self.path = kept
        self.folder = folder
    }

    /// The manifest of a release, whatever the secret of its keys. - Parameter file: the manifest's name in messages.
    static func manifest(in folder: borrowing Folder, _ file: Text, id: Text, _ note: Note) throws(Failure) -> Manifest
    {
        do throws(Failure) {
            var text = Buffer<UInt8>()
            try folder.read(Text(Manifest.fileName), into: &text, limit: Manifest.maximumBytes)
            return try ManifestDecoder.decode(text.text, id: id, note: note)
        } catch {
            throw note.located(error, file)
        }
    }

    /// The secret of the directory of releases that contains a release's own directory at a path, or the standard one.
    ///
    /// - Parameter digest: the secret's digest in the manifest.
    private static func secret(
        around folder: borrowing Folder, _ path: Text, _ digest: Checksum?, _ note: Note
    ) throws(Failure) -> Secret {
        // A release with the standard secret needs no directory of releases around it, and a file SECRET there may be
        // anything.
        guard let digest, digest != (try Secret.standard.digest()) else { return .standard }
        do throws(Failure) {
            return try Secret.read(from: try folder.folder(Text("..")).folder(Text(".."))) ?? .standard
        } catch {
            let place = try CString(path: path, Text("../.."))
            let file = try CString(path: place.text, Text(ReleaseFolder.secretFile))
            throw note.located(error, file.text)
        }
    }

    /// Throws if the manifest says that its release was published under another secret.
    private static func check(_ digest: Checksum?, _ secret: Secret) throws(Failure) {
        guard let digest else { return }
        let expected = try secret.digest()
        if digest == expected { return }
        throw Failure(
            .secret, "The release was published under a secret that is not in SECRET beside LATEST; copy both together."
        )
    }

    /// The name of the directory at a path, wherever links and dots in the path lead.
    static func name(ofFolderAt path: Text) throws(Failure) -> CString {
        let terminated = try CString(path)
        guard let real = realpath(terminated.start, nil) else {
            throw ByteSource.openFailure(valuation_platform_errno())
        }
        defer { free(real) }
        let whole = Text(cString: real)
        return try CString(whole.slice(whole.lastComponent, whole.count))
    }

    /// Whether a name is that of a file in a release's own directory.
    static func isFileName(_ name: Text) -> Bool {
        name.count > 0 && name.count <= 255 && name[0] != UInt8(ascii: ".") && !name.contains(UInt8(ascii: "/"))
            && !name.contains(0) && name != Text(Manifest.fileName) && name.isUTF8
    }
}

/// The id of a release.
enum ReleaseID {
    static let maximumBytes = 64

    /// 1 to 64 letters, digits, dots, hyphens and underscores, not beginning with a dot: the name of a directory, and
    /// nothing else.
    static func isSound(_ id: Text) -> Bool {
        if id.count == 0 || id.count > maximumBytes || id[0] == UInt8(ascii: ".") { return false }
        for index in 0..<id.count {
            switch id[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                continue
            default: return false
            }
        }
        return true
    }
}
