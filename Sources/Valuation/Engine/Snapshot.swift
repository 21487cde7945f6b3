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

    static func destroy(_ snapshot: UnsafeMutablePointer<Snapshot>) {
        snapshot.deinitialize(count: 1)
        free(snapshot)
    }
}
