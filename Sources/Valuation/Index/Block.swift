// SPDX-License-Identifier: Apache-2.0
import CPlatform
import Synchronization

/// The memory of an index: allocated on the heap or, if it is large, by the system, or a file mapped read-only. Several
/// indexes may share one. In a compiled file, a header precedes the index.
struct Block: ~Copyable {
    /// From this many bytes on, the block asks for huge pages.
    private static let large = 4 << 20

    let start: UnsafeMutableRawPointer
    /// Whether the index is from a compiled file.
    let isCompiled: Bool
    private let memory: UnsafeMutableRawPointer
    /// The number of mapped bytes; 0 if the memory is on the heap.
    private let mappedBytes: Int
    private let references = Atomic<Int>(1)

    private init(_ memory: UnsafeMutableRawPointer, mappedBytes: Int, headerBytes: Int) {
        self.memory = memory
        self.mappedBytes = mappedBytes
        start = memory + headerBytes
        isCompiled = headerBytes > 0
    }

    deinit {
        if mappedBytes > 0 {
            munmap(memory, mappedBytes)
        } else {
            free(memory)
        }
    }

    /// A block of zeros. - Parameter headerBytes: the number of bytes before the index.
    static func allocate(byteCount: Int, headerBytes: Int = 0) throws(Failure) -> UnsafePointer<Block> {
        let room = try Room<Block>()
        let isLarge = byteCount >= large
        let memory = isLarge ? valuation_platform_map_zeros(byteCount) : valuation_platform_allocate(byteCount)
        guard let memory else { throw .outOfMemory }
        if !isLarge { memset(memory, 0, byteCount) }
        return UnsafePointer(
            room.place(Block(memory, mappedBytes: isLarge ? byteCount : 0, headerBytes: headerBytes)))
    }

    /// A file's first bytes, mapped.
    static func map(_ descriptor: Int32, byteCount: Int, headerBytes: Int) throws(Failure) -> UnsafePointer<Block> {
        let room = try Room<Block>()
        guard let memory = valuation_platform_map(descriptor, byteCount) else {
            let code = valuation_platform_errno()
            throw code == ENOMEM ? .outOfMemory : ByteSource.failure("The file cannot be mapped.", code)
        }
        return UnsafePointer(room.place(Block(memory, mappedBytes: byteCount, headerBytes: headerBytes)))
    }

    func retain() {
        references.add(1, ordering: .relaxed)
    }

    /// Releases one reference; the last one frees the memory.
    static func release(_ block: UnsafePointer<Block>) {
        let (_, left) = block.pointee.references.subtract(1, ordering: .acquiringAndReleasing)
        if left > 0 { return }
        Memory.destroy(UnsafeMutablePointer(mutating: block))
    }
}
