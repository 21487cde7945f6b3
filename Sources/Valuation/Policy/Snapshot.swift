// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// One loaded set of models under one policy. Immutable but for its last member.
struct Snapshot: ~Copyable {
    let index: Index
    let origin: Origin
    /// Those of the releases that the policy names besides this one, in its order.
    let others: IndexList
    /// nil if only the models decide.
    let policy: UnsafeMutablePointer<Policy>?
    /// What is known of it when it is gone. The engine's history owns it once it has served.
    let generation: UnsafeMutablePointer<Generation>
    /// Among those that wait to be freed; the engine's.
    var nextRetired: UnsafeMutablePointer<Snapshot>?

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
        /// The checksum of its manifest.
        var manifest = Checksum(high: 0, low: 0)
        /// Whether the index was reused from a set with the same files.
        var isReused = false

        @inline(never)
        deinit {}

        var isRelease: Bool { id.count > 0 }

        @inline(never)
        init(_ other: borrowing Origin) throws(Failure) {
            try path.append(other.path.text)
            try id.append(other.id.text)
            try created.append(other.created.text)
            (contents, manifest, isReused) = (other.contents, other.manifest, other.isReused)
        }

        init(path: Text) throws(Failure) {
            try self.path.append(path)
        }

        @inline(never)
        init(_ release: borrowing Release) throws(Failure) {
            try path.append(release.path.text)
            try id.append(release.manifest.text(release.manifest.id))
            try created.append(release.manifest.text(release.manifest.created))
            contents = try release.manifest.contents
            manifest = release.manifest.checksum
        }

        /// Whether both are one release, unchanged.
        func isSame(as other: borrowing Origin) -> Bool {
            isRelease && contents == other.contents && id.text == other.id.text
        }
    }

    /// - Parameters:
    ///   - policy: becomes the snapshot's.
    ///   - sources: those of the policy; one reference becomes the snapshot's.
    init(
        index: consuming Index, origin: consuming Origin, others: consuming IndexList = IndexList(),
        policy: UnsafeMutablePointer<Policy>? = nil, sources: UnsafePointer<SourceNames>? = nil
    ) throws(Failure) {
        do throws(Failure) {
            generation = try Memory.place(try Generation(index, origin, sources))
        } catch {
            if let policy { Memory.destroy(policy) }
            throw error
        }
        self.index = index
        self.origin = origin
        self.others = others
        self.policy = policy
    }

    deinit {
        if let policy { Memory.destroy(policy) }
        if generation.pointee.number == 0 { Memory.destroy(generation) } else { generation.pointee.isInMemory = false }
    }

    /// The bytes of the indexes that score, each counted once.
    var indexBytes: UInt64 {
        var bytes = index.byteCount
        for number in 0..<others.count {
            var isCounted = others[number].pointee.block == index.block
            for earlier in 0..<number {
                isCounted = isCounted || others[earlier].pointee.block == others[number].pointee.block
            }
            if !isCounted { bytes &+= others[number].pointee.byteCount }
        }
        return UInt64(bytes)
    }

    /// Whether a set of models is one release, unchanged.
    static func isSame(_ snapshot: UnsafeMutablePointer<Snapshot>?, _ origin: borrowing Origin) -> Bool {
        guard let snapshot else { return false }
        return snapshot.pointee.origin.isSame(as: origin)
    }

    /// Whether the models of two snapshots are the same, under whatever policy.
    static func haveSameModels(
        _ snapshot: UnsafeMutablePointer<Snapshot>, _ other: UnsafeMutablePointer<Snapshot>?
    ) -> Bool {
        guard let other else { return false }
        return snapshot.pointee.index.block == other.pointee.index.block
            && snapshot.pointee.origin.id.text == other.pointee.origin.id.text
            && snapshot.pointee.origin.path.text == other.pointee.origin.path.text
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
