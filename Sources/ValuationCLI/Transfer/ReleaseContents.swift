// SPDX-License-Identifier: Apache-2.0

/// The files of a release, by a manifest that may have come from anywhere.
struct ReleaseContents {
    struct File {
        let name: String
        let sum: FileSum
        /// Only those who may read SECRET may read it.
        let isCompiled: Bool
    }

    static let manifest = "manifest.json"
    /// The most bytes of a manifest, as the library has it.
    static let largestManifest = 128 << 20

    let id: String
    /// The model files, then the compiled file.
    let files: [File]
    /// Digest of the secret that the release was published under; nil if it does not say.
    let secret: String?

    /// Reads the manifest of a release in a directory of releases. The library checks it first: its own checksum, the
    /// id, and each name and size.
    ///
    /// - Parameter place: what messages call the manifest.
    init(of id: String, in root: String, place: String) throws {
        let releases = try Releases.list(root).decoded(as: [ReleaseSummary].self)
        guard let release = releases.first(where: { $0.id == id }) else {
            throw Problem(file: place, message: "There is no release of this id.")
        }
        if let problem = release.problem { throw Problem(file: place, message: problem) }
        let text = try InputFile(path: "\(root)/releases/\(id)/\(Self.manifest)").readAll()
        let document = try text.withUnsafeBytes { try decodeAnswer(Document.self, from: $0) }
        var files = document.files.map { $0.file(isCompiled: false) }
        if let compiled = document.compiled { files.append(compiled.file(isCompiled: true)) }
        // This program writes by these names, so it trusts no other reader of the text.
        guard files.allSatisfy({ Self.isFileName($0.name) }), Set(files.map(\.name)).count == files.count else {
            throw Problem(file: place, message: "It names a file twice, or one outside the release's directory.")
        }
        self.id = id
        self.files = files
        secret = document.secret
    }

    /// The id in the line of a file such as LATEST; nil if it is none.
    static func id(inLine bytes: [UInt8]) -> String? {
        var line = bytes[...]
        while let last = line.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { line.removeLast() }
        let id = String(decoding: line, as: UTF8.self)
        return isID(id) ? id : nil
    }

    /// 1 to 64 letters, digits, dots, hyphens and underscores, no dot first.
    static func isID(_ id: String) -> Bool {
        (1...64).contains(id.utf8.count) && !id.hasPrefix(".")
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    private static func isFileName(_ name: String) -> Bool {
        let bytes = ArgumentText.bytes(of: name)
        return (1...255).contains(bytes.count) && bytes[0] != UInt8(ascii: ".") && name != manifest
            && !bytes.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
    }

    /// The members of a manifest that name files.
    private struct Document: Decodable {
        let files: [Entry]
        let compiled: Entry?
        let secret: String?
    }

    private struct Entry: Decodable {
        let name: String
        let bytes: Int
        let xxh128: String

        func file(isCompiled: Bool) -> File {
            File(
                name: ArgumentText.string(of: name.utf8), sum: FileSum(bytes: bytes, xxh128: xxh128),
                isCompiled: isCompiled)
        }
    }
}
