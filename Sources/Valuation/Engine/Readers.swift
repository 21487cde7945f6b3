// SPDX-License-Identifier: Apache-2.0
import CPlatform
import Synchronization

/// The slots in which scorers announce what they read, and the engine's locks, in memory that a forked child finds
/// zeroed (MADV_WIPEONFORK, since Linux 4.14). The threads that had announced something or held a lock do not exist in
/// the child, which would otherwise wait for them forever.
///
/// Slots come in blocks of two pages. The first page holds the slots and is wiped. The second has what a child must
/// know: the next block, and for each free slot the next free one, because a child's scorers keep theirs. Each change
/// of the second page is one store, so a child, which may be forked at any moment, finds it made or not. In between, it
/// loses a slot.
struct Readers: ~Copyable {
    /// One scorer's slot, on cache lines of its own.
    struct Reader: ~Copyable {
        static let size = 128
        /// Address of the snapshot in use, or 0.
        let reading = Atomic<UInt>(0)
    }

    /// The purposes of the engine's locks.
    enum Purpose: Int {
        case slots, loading, history
    }

    private let pageSize: Int
    /// Its first slot holds the locks.
    private let firstBlock: UnsafeMutableRawPointer
    /// Address of the newest block.
    private let newestBlock = Atomic<UInt>(0)
    /// Address of the first free slot, or 0; guarded by the lock of slots.
    private let free = Atomic<UInt>(0)

    init() throws(Failure) {
        pageSize = sysconf(Int32(_SC_PAGESIZE))
        firstBlock = try Readers.block(pageSize)
        add(firstBlock, from: Reader.size)
    }

    deinit {
        var block = newestBlock.load(ordering: .acquiring)
        while block != 0 {
            let next = word(block &+ UInt(pageSize)).pointee.load(ordering: .relaxed)
            munmap(UnsafeMutableRawPointer(bitPattern: block), 2 &* pageSize)
            block = next
        }
    }

    func lock(_ purpose: Purpose) -> Lock {
        // After the announcement that the slot would have, which stays 0.
        Lock(at: firstBlock + MemoryLayout<UInt>.size + purpose.rawValue &* Lock.size)
    }

    // MARK: Calls that hold the history, so that nothing that it had may be freed

    /// Each belongs to one of two groups, so that whoever waits for those that began before does not wait for others
    /// that begin meanwhile. - Precondition: the history is locked.
    ///
    /// - Returns: the group, for `letGo`.
    func hold() -> Int {
        let group = joined
        holdWord(group).pointee.add(1, ordering: .sequentiallyConsistent)
        return group
    }

    func letGo(_ group: Int) {
        holdWord(group).pointee.subtract(1, ordering: .sequentiallyConsistent)
    }

    /// How many calls are in a group.
    func holds(_ group: Int) -> UInt {
        holdWord(group).pointee.load(ordering: .sequentiallyConsistent)
    }

    /// The group that calls join.
    var joined: Int { Int(holdWord(2).pointee.load(ordering: .relaxed)) }

    /// From now on, calls join the other group. - Precondition: the history is locked, and nobody is in that group.
    func changeGroups() {
        holdWord(2).pointee.store(UInt(1 &- joined), ordering: .relaxed)
    }

    /// In the first slot, after the locks.
    private func holdWord(_ number: Int) -> UnsafePointer<Atomic<UInt>> {
        word(UInt(bitPattern: firstBlock) &+ UInt((3 &+ number) &* MemoryLayout<UInt>.size))
    }

    /// A slot for a scorer. O(1).
    func take() throws(Failure) -> UnsafePointer<Reader> {
        let lock = lock(.slots)
        lock.lock()
        defer { lock.unlock() }
        if free.load(ordering: .relaxed) == 0 { add(try Readers.block(pageSize), from: 0) }
        let address = free.load(ordering: .relaxed)
        free.store(next(address).pointee.load(ordering: .relaxed), ordering: .releasing)
        return UnsafePointer(bitPattern: address).unsafelyUnwrapped
    }

    /// Frees a slot. O(1).
    func giveBack(_ reader: UnsafePointer<Reader>) {
        // If memory is not wiped, a scorer that was in a call at the fork still has it.
        reader.pointee.reading.store(0, ordering: .releasing)
        let address = UInt(bitPattern: reader)
        let lock = lock(.slots)
        lock.lock()
        defer { lock.unlock() }
        next(address).pointee.store(free.load(ordering: .relaxed), ordering: .relaxed)
        free.store(address, ordering: .releasing)
    }

    /// Whether a snapshot that is no longer current is still being read. O(slots).
    func isRead(_ snapshot: UInt) -> Bool {
        var block = newestBlock.load(ordering: .sequentiallyConsistent)
        while block != 0 {
            for offset in stride(from: 0, to: pageSize, by: Reader.size) {
                if word(block &+ UInt(offset)).pointee.load(ordering: .sequentiallyConsistent) == snapshot {
                    return true
                }
            }
            block = word(block &+ UInt(pageSize)).pointee.load(ordering: .acquiring)
        }
        return false
    }

    private static func block(_ pageSize: Int) throws(Failure) -> UnsafeMutableRawPointer {
        guard let memory = valuation_platform_map_wiped(pageSize) else { throw .outOfMemory }
        return memory
    }

    /// - Parameter offset: of the first free slot.
    private func add(_ block: UnsafeMutableRawPointer, from offset: Int) {
        let start = UInt(bitPattern: block)
        word(start &+ UInt(pageSize)).pointee.store(newestBlock.load(ordering: .relaxed), ordering: .relaxed)
        newestBlock.store(start, ordering: .sequentiallyConsistent)
        var following = free.load(ordering: .relaxed)
        for slot in stride(from: pageSize &- Reader.size, through: offset, by: -Reader.size) {
            next(start &+ UInt(slot)).pointee.store(following, ordering: .relaxed)
            following = start &+ UInt(slot)
        }
        free.store(following, ordering: .releasing)
    }

    /// The free slot after a free slot: a word of the block's second page, whose first one is the next block's address.
    private func next(_ slot: UInt) -> UnsafePointer<Atomic<UInt>> {
        let block = slot & ~UInt(pageSize &- 1)
        let number = (slot &- block) / UInt(Reader.size)
        return word(block &+ UInt(pageSize) &+ (number &+ 1) &* UInt(MemoryLayout<UInt>.size))
    }

    private func word(_ address: UInt) -> UnsafePointer<Atomic<UInt>> {
        UnsafePointer(bitPattern: address).unsafelyUnwrapped
    }
}
