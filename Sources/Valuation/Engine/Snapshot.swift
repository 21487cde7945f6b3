// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// One loaded set of models, never changed after it is made.
struct Snapshot: ~Copyable {
    let index: Index
    let origin: Origin

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

    init(index: consuming Index, origin: consuming Origin) {
        self.index = index
        self.origin = origin
    }

    /// Moves a snapshot to memory of its own. - Returns: to be given to `destroy` once nobody reads it any more.
    static func allocate(_ snapshot: consuming Snapshot) throws(Failure) -> UnsafeMutablePointer<Snapshot> {
        guard let memory = malloc(MemoryLayout<Snapshot>.size) else { throw .outOfMemory }
        let pointer = memory.bindMemory(to: Snapshot.self, capacity: 1)
        pointer.initialize(to: snapshot)
        return pointer
    }

    /// The index where it lies, without a copy. It is the first member, so it lies where the snapshot does.
    @inline(__always)
    static func index(_ snapshot: UnsafeMutablePointer<Snapshot>) -> UnsafePointer<Index> {
        UnsafeRawPointer(snapshot).assumingMemoryBound(to: Index.self)
    }

    static func destroy(_ snapshot: UnsafeMutablePointer<Snapshot>) {
        snapshot.deinitialize(count: 1)
        free(snapshot)
    }
}
