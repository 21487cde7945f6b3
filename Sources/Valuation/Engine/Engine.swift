// SPDX-License-Identifier: Apache-2.0
import CPlatform
import Synchronization

/// What a `valuation_engine` handle points to: the current snapshot and the readers that may be using it.
///
/// A scorer announces the snapshot it reads in a place of its own (a hazard pointer: Michael, "Hazard pointers: safe memory
/// reclamation for lock-free objects", 2004); who replaces the snapshot waits until no place names the old one, then frees it.
/// So a reader takes no lock and writes no memory that another reader writes.
struct Engine: ~Copyable {
    /// One scorer's place. Alone on its cache lines.
    struct Reader: ~Copyable {
        static let size = 128
        /// Address of the snapshot in use, or 0.
        let reading = Atomic<UInt>(0)
        /// Address of the next reader of the engine, or 0; guarded by the registry's lock.
        let next = Atomic<UInt>(0)
    }

    let maximumInputBytes: UInt64
    /// Address of the `Snapshot`, or 0.
    private let current = Atomic<UInt>(0)
    /// The handle and each scorer count one.
    private let references = Atomic<Int>(1)
    /// Address of the first of the readers, or 0; guarded by the registry's lock.
    private let readers = Atomic<UInt>(0)
    private let registry: Lock
    /// Held while loading, so that loads come one after the other.
    let loading: Lock

    private init(maximumInputBytes: UInt64, registry: consuming Lock, loading: consuming Lock) {
        self.maximumInputBytes = maximumInputBytes
        self.registry = registry
        self.loading = loading
    }

    deinit {
        if let snapshot = Engine.snapshot(current.load(ordering: .acquiring)) { Snapshot.destroy(snapshot) }
    }

    /// - Returns: shared by threads, so nobody may write to it but through its atomics.
    static func allocate(maximumInputBytes: UInt64) throws(Failure) -> UnsafePointer<Engine> {
        let registry = try Lock()
        let loading = try Lock()
        guard let memory = malloc(MemoryLayout<Engine>.size) else { throw .outOfMemory }
        let pointer = memory.bindMemory(to: Engine.self, capacity: 1)
        pointer.initialize(
            to: Engine(maximumInputBytes: maximumInputBytes, registry: registry, loading: loading))
        return UnsafePointer(pointer)
    }

    /// Gives up one reference; the last one frees the engine.
    static func release(_ engine: UnsafePointer<Engine>) {
        let (_, left) = engine.pointee.references.subtract(1, ordering: .acquiringAndReleasing)
        if left == 0 {
            let memory = UnsafeMutablePointer(mutating: engine)
            memory.deinitialize(count: 1)
            free(memory)
        }
    }

    func addReader() throws(Failure) -> UnsafePointer<Reader> {
        var memory: UnsafeMutableRawPointer?
        if posix_memalign(&memory, Reader.size, Reader.size) != 0 { throw .outOfMemory }
        let reader = memory.unsafelyUnwrapped.bindMemory(to: Reader.self, capacity: 1)
        reader.initialize(to: Reader())
        let added = UnsafePointer(reader)
        registry.lock()
        added.pointee.next.store(readers.load(ordering: .relaxed), ordering: .relaxed)
        readers.store(UInt(bitPattern: added), ordering: .relaxed)
        registry.unlock()
        references.add(1, ordering: .relaxed)
        return added
    }

    /// Takes a reader's place away. The caller then gives up its reference.
    func removeReader(_ reader: UnsafePointer<Reader>) {
        let address = UInt(bitPattern: reader)
        registry.lock()
        let next = reader.pointee.next.load(ordering: .relaxed)
        if readers.load(ordering: .relaxed) == address {
            readers.store(next, ordering: .relaxed)
        } else {
            var previous = Engine.reader(readers.load(ordering: .relaxed))
            while let place = previous {
                let following = place.pointee.next.load(ordering: .relaxed)
                if following == address {
                    place.pointee.next.store(next, ordering: .relaxed)
                    break
                }
                previous = Engine.reader(following)
            }
        }
        registry.unlock()
        let memory = UnsafeMutablePointer(mutating: reader)
        memory.deinitialize(count: 1)
        free(memory)
    }

    /// The current snapshot, which stays until `unpin`; nil if nothing is loaded. Wait-free but for a swap at the same moment.
    func pin(_ reader: UnsafePointer<Reader>) -> UnsafeMutablePointer<Snapshot>? {
        var address = current.load(ordering: .acquiring)
        while true {
            reader.pointee.reading.store(address, ordering: .sequentiallyConsistent)
            let now = current.load(ordering: .sequentiallyConsistent)
            if now == address { return Engine.snapshot(address) }
            address = now
        }
    }

    func unpin(_ reader: UnsafePointer<Reader>) {
        reader.pointee.reading.store(0, ordering: .releasing)
    }

    /// Makes a snapshot the current one, waits for the last reader of the one before, and frees that.
    ///
    /// - Precondition: `loading` is held.
    func replace(with snapshot: UnsafeMutablePointer<Snapshot>) {
        let old = current.exchange(UInt(bitPattern: snapshot), ordering: .sequentiallyConsistent)
        guard let former = Engine.snapshot(old) else { return }
        var wait = 1_000
        while isRead(old) {
            valuation_platform_sleep(wait)
            wait = min(wait * 2, 1_000_000)
        }
        Snapshot.destroy(former)
    }

    /// Whether a reader is using the snapshot at an address. The lock is held for a glance only, so that scorers can come and go
    /// while a long call is waited for.
    private func isRead(_ address: UInt) -> Bool {
        registry.lock()
        defer { registry.unlock() }
        var reader = Engine.reader(readers.load(ordering: .relaxed))
        while let place = reader {
            if place.pointee.reading.load(ordering: .sequentiallyConsistent) == address { return true }
            reader = Engine.reader(place.pointee.next.load(ordering: .relaxed))
        }
        return false
    }

    private static func reader(_ address: UInt) -> UnsafePointer<Reader>? {
        UnsafePointer(bitPattern: address)
    }

    private static func snapshot(_ address: UInt) -> UnsafeMutablePointer<Snapshot>? {
        UnsafeMutablePointer(bitPattern: address)
    }
}
