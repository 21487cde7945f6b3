// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation

/// The last refused releases, and the reasons: while their files are unchanged, they are refused again with the same
/// message, without being read.
struct Refusals: ~Copyable {
    /// A policy may name several releases; if more are refused at once, some are read again.
    private static let capacity = 8
    private static let errorBytes = MemoryLayout<valuation_error>.size

    private var stamps = Buffer<Checksum>()
    /// As many descriptions as stamps, end to end.
    private var errors = Buffer<UInt8>()

    /// The reason for refusing a release, described in the note as it was then; nil if it was not refused.
    func find(_ stamp: Checksum, _ note: Note) -> Failure? {
        for position in 0..<stamps.count where stamps[position] == stamp {
            memcpy(note.error, errors.text.start + position &* Refusals.errorBytes, Refusals.errorBytes)
            var failure = Failure.noted(Status(rawValue: note.error.pointee.status) ?? .checksum)
            (failure.line, failure.column) = (note.error.pointee.line, note.error.pointee.column)
            return failure
        }
        return nil
    }

    /// These, and the failure described in a note.
    func adding(_ stamp: Checksum, _ note: Note) throws(Failure) -> Refusals {
        var more = Refusals()
        if stamps.count < Refusals.capacity {
            for position in 0..<stamps.count { try more.stamps.append(stamps[position]) }
            try more.errors.append(errors.text)
        }
        let start = UnsafeRawPointer(note.error).assumingMemoryBound(to: UInt8.self)
        try more.errors.append(Text(start, Refusals.errorBytes))
        try more.stamps.append(stamp)
        return more
    }
}

extension Failure {
    /// Whether it is due to the contents of files, and lasts as long as these.
    fileprivate var isLasting: Bool {
        switch status {
        case .outOfMemory, .readFailed, .fileNotFound, .busy, .writeFailed, .unknownRelease, .secret: false
        default: isNoted
        }
    }
}

extension Engine {
    /// The index of a release. - Precondition: a load has begun.
    ///
    /// - Complexity: as `Opening.index`; O(files) if it was refused and is unchanged.
    func openIndex(of release: borrowing Release, _ note: Note) throws(Failure) -> Index {
        let stamp = try release.stamp()
        if let stamp, let known = refusal(stamp, note) { throw known }
        do throws(Failure) {
            return try opening(note).index(of: release)
        } catch {
            if let stamp, error.isLasting {
                note.describe(error)
                try? remember(refusal: stamp, note)
            }
            throw error
        }
    }

    private func refusal(_ stamp: Checksum, _ note: Note) -> Failure? {
        lockHistory()
        defer { unlockHistory() }
        return withHistory { history in history.refusals.find(stamp, note) }
    }

    private func remember(refusal stamp: Checksum, _ note: Note) throws(Failure) {
        lockHistory()
        defer { unlockHistory() }
        var refusals = try withHistory { history throws(Failure) in try history.refusals.adding(stamp, note) }
        amend { history in swap(&history.refusals, &refusals) }
    }
}

extension Release {
    /// Distinguishes the release's current files from any others; nil if that is impossible, because a file has just
    /// been changed or does not exist.
    fileprivate func stamp() throws(Failure) -> Checksum? {
        var state = try ChecksumState()
        state.add(path.text.start, count: path.count)
        var (contents, digest) = (try manifest.contents, try secret.digest())
        state.add(&contents, count: MemoryLayout<Checksum>.size)
        state.add(&digest, count: MemoryLayout<Checksum>.size)
        for position in 0..<manifest.files.count {
            if try !add(manifest.files[position], to: &state) { return nil }
        }
        if let compiled = manifest.compiled, try !add(compiled, to: &state) { return nil }
        return state.checksum
    }

    private func add(_ file: Manifest.File, to state: inout ChecksumState) throws(Failure) -> Bool {
        guard let stamp = try FileStamp(folder, manifest.text(file.name)), !stamp.isFresh else { return false }
        var sum = file.sum
        state.add(&sum.checksum, count: MemoryLayout<Checksum>.size)
        stamp.add(to: &state)
        return true
    }
}
