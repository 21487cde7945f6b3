// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// One loaded set of models, never changed after it is made.
struct Snapshot: ~Copyable {
    let index: Index
    let descriptions: ModelDescriptions

    init(index: consuming Index, descriptions: consuming ModelDescriptions) {
        self.index = index
        self.descriptions = descriptions
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
