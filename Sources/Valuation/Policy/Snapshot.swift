// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// One loaded set of models. Immutable.
struct Snapshot: ~Copyable {
    let index: Index
    let origin: Origin
    /// Those of the releases that the policy names besides this one, in its order.
    let others: IndexList
    /// nil if only the models decide.
    let policy: UnsafeMutablePointer<Policy>?

    /// The source of a set of models.
    struct Origin: ~Copyable {
        /// The path that the host gave, or the release's directory.
        var path = Buffer<UInt8>()
        /// The release's id; empty if it is not a release.
        var id = Buffer<UInt8>()
        /// The time when the release was made, in UTC.
        var created = Buffer<UInt8>()
        /// The checksum that the release's manifest gives for everything that determines the index.
        var contents = Checksum(high: 0, low: 0)
        /// Whether the index was reused from a set with the same files.
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

    /// The index of a release by its number in the policy; the snapshot's own is the first.
    @inline(__always)
    static func index(_ snapshot: UnsafeMutablePointer<Snapshot>, release: Int) -> UnsafePointer<Index> {
        release == PolicyDocument.latest ? Snapshot.index(snapshot) : snapshot.pointee.others[release &- 1]
    }

    /// The index in place, without a copy. It is the first member, so its address is that of the snapshot.
    @inline(__always)
    static func index(_ snapshot: UnsafeMutablePointer<Snapshot>) -> UnsafePointer<Index> {
        UnsafeRawPointer(snapshot).assumingMemoryBound(to: Index.self)
    }
}
