// SPDX-License-Identifier: Apache-2.0
import CPlatform
import Synchronization

/// The memory that an index lies in: taken from the heap or, if it is large, from the system, or a file mapped read-only. Several indexes
/// may share one.
struct Block: ~Copyable {
    /// From so many bytes on, memory is asked for in huge pages.
    private static let large = 4 << 20

    let start: UnsafeMutableRawPointer
    let isFile: Bool
    /// What was mapped; of a file it begins before the index. nil where the memory is the heap's.
    private let mapping: UnsafeMutableRawBufferPointer?
    private let references = Atomic<Int>(1)

    private init(start: UnsafeMutableRawPointer, isFile: Bool, mapping: UnsafeMutableRawBufferPointer?) {
        self.start = start
        self.isFile = isFile
        self.mapping = mapping
    }

    deinit {
        if let mapping {
            munmap(mapping.baseAddress, mapping.count)
        } else {
            free(start)
        }
    }

    /// A block of zeros.
    static func allocate(byteCount: Int) throws(Failure) -> UnsafePointer<Block> {
        let place = try room()
        let isLarge = byteCount >= large
        let memory = isLarge ? valuation_platform_map_zeros(byteCount) : valuation_platform_allocate(byteCount)
        guard let memory else {
            free(place)
            throw .outOfMemory
        }
        if isLarge {
            let mapping = UnsafeMutableRawBufferPointer(start: memory, count: byteCount)
            place.initialize(to: Block(start: memory, isFile: false, mapping: mapping))
        } else {
            memset(memory, 0, byteCount)
            place.initialize(to: Block(start: memory, isFile: false, mapping: nil))
        }
        return UnsafePointer(place)
    }

    /// What is mapped from a file, from `offset` on. - Parameter mapping: unmapped with the block, or by the caller if this throws.
    static func map(_ mapping: UnsafeMutableRawBufferPointer, from offset: Int) throws(Failure) -> UnsafePointer<Block>
    {
        let place = try room()
        let start = mapping.baseAddress.unsafelyUnwrapped + offset
        place.initialize(to: Block(start: start, isFile: true, mapping: mapping))
        return UnsafePointer(place)
    }

    private static func room() throws(Failure) -> UnsafeMutablePointer<Block> {
        guard let memory = malloc(MemoryLayout<Block>.size) else { throw .outOfMemory }
        return memory.bindMemory(to: Block.self, capacity: 1)
    }

    func retain() {
        references.add(1, ordering: .relaxed)
    }

    /// Gives up one reference; the last one frees the memory.
    static func release(_ block: UnsafePointer<Block>) {
        let (_, left) = block.pointee.references.subtract(1, ordering: .acquiringAndReleasing)
        if left > 0 { return }
        let memory = UnsafeMutablePointer(mutating: block)
        memory.deinitialize(count: 1)
        free(memory)
    }
}
