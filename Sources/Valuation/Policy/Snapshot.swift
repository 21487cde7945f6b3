// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// One loaded set of models, never changed after it is made.
struct Snapshot: ~Copyable {
    let index: Index
    let origin: Origin
    /// Of the releases that the policy names beside this one, in its order.
    let others: IndexList
    /// nil where the models alone decide.
    let policy: UnsafeMutablePointer<Policy>?

    /// Where a set of models is from.
    struct Origin: ~Copyable {
        /// As given by the host, or of the release's directory.
        var path = Buffer<UInt8>()
        /// Of the release; empty where it is none.
        var id = Buffer<UInt8>()
        /// When the release was made, in UTC.
        var created = Buffer<UInt8>()
        /// What the release's manifest says its index depends on.
        var contents = Checksum(high: 0, low: 0)
        /// Whether the index was taken over from a set with the same files.
        var isReused = false

        var isRelease: Bool { id.count > 0 }

        init(_ other: borrowing Origin) throws(Failure) {
            try path.append(other.path.text)
            try id.append(other.id.text)
            try created.append(other.created.text)
            (contents, isReused) = (other.contents, other.isReused)
        }

        init(path: Text) throws(Failure) {
            try self.path.append(path)
        }

        init(_ release: borrowing Release) throws(Failure) {
            try path.append(release.path.text)
            try id.append(release.manifest.text(release.manifest.id))
            try created.append(release.manifest.text(release.manifest.created))
            contents = try release.manifest.contents
        }
    }

    init(
        index: consuming Index, origin: consuming Origin, others: consuming IndexList = IndexList(),
        policy: UnsafeMutablePointer<Policy>? = nil
    ) {
        self.index = index
        self.origin = origin
        self.others = others
        self.policy = policy
    }

    deinit {
        if let policy { Memory.destroy(policy) }
    }

    /// The index of a release as the policy numbers them, the snapshot's own being the first.
    @inline(__always)
    static func index(_ snapshot: UnsafeMutablePointer<Snapshot>, release: Int) -> UnsafePointer<Index> {
        release == PolicyDocument.latest ? Snapshot.index(snapshot) : snapshot.pointee.others[release &- 1]
    }

    /// The index where it lies, without a copy. It is the first member, so it lies where the snapshot does.
    @inline(__always)
    static func index(_ snapshot: UnsafeMutablePointer<Snapshot>) -> UnsafePointer<Index> {
        UnsafeRawPointer(snapshot).assumingMemoryBound(to: Index.self)
    }
}
