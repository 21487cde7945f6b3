// SPDX-License-Identifier: Apache-2.0
import CChecksum
import CPlatform

/// The secret of a directory of releases, in a file beside LATEST that only its owner and group can read: 64
/// hexadecimal digits.
extension ReleaseFolder {
    static let secretFile: StaticString = "SECRET"
    private static let nextSecret: StaticString = ".SECRET.tmp"

    /// The directory's secret, or the standard one if it has none, because its first releases were published before
    /// secrets existed.
    func secret(_ note: Note) throws(Failure) -> Secret {
        try presentSecret(note) ?? .standard
    }

    /// The directory's secret; nil if nothing was ever published, so that a new secret may be drawn.
    func presentSecret(_ note: Note) throws(Failure) -> Secret? {
        let place = try CString(path: path.text, Text(ReleaseFolder.secretFile))
        do throws(Failure) {
            if let secret = try Secret.read(from: folder) { return secret }
            return try folder.contains(ReleaseFolder.latest) ? .standard : nil
        } catch {
            throw note.located(error, place.text)
        }
    }

    /// The same for a publisher. Throws if SECRET was lost: neither the standard secret nor a new one would be that of
    /// the releases.
    func publishersSecret(_ note: Note) throws(Failure) -> Secret? {
        if try !folder.contains(ReleaseFolder.secretFile), try folder.contains(ReleaseFolder.releases) {
            let releases = try releases()
            try releases.forEachName { name throws(Failure) in
                if ReleaseID.isSound(name), try releases.isFolder(name) { try checkSecret(ofRelease: name, note) }
            }
        }
        return try presentSecret(note)
    }

    @inline(never)
    private func checkSecret(ofRelease id: Text, _ note: Note) throws(Failure) {
        do throws(Failure) {
            _ = try release(id, note: note)
        } catch {
            switch error.status {
            case .secret, .readFailed, .outOfMemory: throw error
            // An unsound release serves nobody.
            default: return
            }
        }
    }

    /// Writes the secret that the first publisher of a directory used for keys. - Precondition: the directory is
    /// locked.
    func keepFirst(_ secret: Secret, _ note: Note) throws(Failure) {
        guard let known = try presentSecret(note) else { return try keep(secret) }
        if known == secret { return }
        throw Failure(.busy, "Another process was the first to publish there meanwhile; publish again.")
    }

    private func keep(_ secret: Secret) throws(Failure) {
        let temporary = Text(ReleaseFolder.nextSecret)
        try folder.remove(temporary)
        var text = Buffer<UInt8>()
        try text.append(secret: secret)
        try text.append("\n")
        var writer = try FileWriter(folder, temporary, mode: 0o440)
        try writer.write(text.text)
        _ = try writer.finish()
        try folder.rename(temporary, to: Text(ReleaseFolder.secretFile))
        try folder.synchronize()
    }

    /// Removes an unfinished file of a killed publisher.
    func removeUnfinishedSecret() throws(Failure) {
        try folder.remove(Text(ReleaseFolder.nextSecret))
    }
}

extension Secret {
    static let digits = 64

    /// A new random secret.
    static func random() throws(Failure) -> Secret {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        if !valuation_platform_random(&words, MemoryLayout.size(ofValue: words)) {
            throw Failure(.readFailed, "The system has no random numbers; see getrandom(2).")
        }
        return Secret(words: words)
    }

    /// The secret in a directory of releases; nil if there is none.
    static func read(from folder: borrowing Folder) throws(Failure) -> Secret? {
        var text = Buffer<UInt8>()
        do throws(Failure) {
            try folder.readLine(Text(ReleaseFolder.secretFile), into: &text)
        } catch {
            if error.status == .fileNotFound {
                if try !folder.contains(ReleaseFolder.secretFile) { return nil }
                throw Failure(.secret, "It is a link that leads nowhere; let it lead to the secret of these releases.")
            }
            if error.status != .limitExceeded { throw error }
        }
        guard let secret = Secret(hexadecimal: text.text) else {
            throw Failure(.secret, "It must be 64 hexadecimal digits, as the first publish wrote them; copy it again.")
        }
        return secret
    }

    /// nil unless the text is 64 digits in lower case.
    init?(hexadecimal text: Text) {
        guard text.count == Secret.digits,
            let first = Checksum(hexadecimal: text.slice(0, Checksum.digits)),
            let second = Checksum(hexadecimal: text.slice(Checksum.digits, Secret.digits))
        else { return nil }
        self.init(words: (first.high, first.low, second.high, second.low))
    }

    /// The identity of a secret: the checksum of its digits.
    func digest() throws(Failure) -> Checksum {
        var text = Buffer<UInt8>()
        try text.append(secret: self)
        return valuation_checksum_of(text.text.start, text.count)
    }
}

extension Buffer where Element == UInt8 {
    mutating func append(secret: Secret) throws(Failure) {
        try append(hexadecimal: Checksum(high: secret.words.0, low: secret.words.1))
        try append(hexadecimal: Checksum(high: secret.words.2, low: secret.words.3))
    }
}
