// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation

/// What a number of a generation stands for: which models served under which policy, and since when. It is known longer
/// than the models are in memory.
struct Generation: ~Copyable {
    /// At least this many are known.
    static let kept = 64

    /// 0 until it serves.
    var number: UInt64 = 0
    /// When it was put into service, in milliseconds since 1970.
    var time: Int64 = 0
    /// Of the models: the path that the host gave, or the release's directory.
    let path: Buffer<UInt8>
    /// The release's id; empty if it is none.
    let release: Buffer<UInt8>
    /// The checksum in the release's manifest, or that of a compiled file's index; nil if there is neither.
    let digest: Checksum?
    /// nil without a policy.
    let sources: UnsafePointer<SourceNames>?
    /// Whether its snapshot exists.
    var isInMemory = true
    /// The generation before; nil if that is forgotten.
    var before: UnsafeMutablePointer<Generation>?

    /// - Parameter sources: one reference becomes the generation's.
    init(
        _ index: borrowing Index, _ origin: borrowing Snapshot.Origin, _ sources: UnsafePointer<SourceNames>?
    ) throws(Failure) {
        var path = Buffer<UInt8>()
        var release = Buffer<UInt8>()
        do throws(Failure) {
            try path.append(origin.path.text)
            try release.append(origin.id.text)
        } catch {
            if let sources { SourceNames.release(sources) }
            throw error
        }
        self.path = path
        self.release = release
        digest = origin.isRelease ? origin.manifest : CompiledFile.checksum(of: index)
        self.sources = sources
    }

    deinit {
        if let sources { SourceNames.release(sources) }
    }

    /// The policy's version, or empty.
    var policyVersion: Text {
        guard let sources else { return .empty }
        return sources.pointee.version
    }

    /// The checksum of the policy's file; nil without a policy.
    var policyDigest: Checksum? {
        guard let sources else { return nil }
        return sources.pointee.digest
    }

    /// The time now, in milliseconds since 1970.
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
