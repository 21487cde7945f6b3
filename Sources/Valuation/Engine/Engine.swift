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
        var next: UnsafeMutablePointer<Reader>?
    }

    let maximumInputBytes: UInt64
    /// Address of the `Snapshot`, or 0.
    private let current = Atomic<UInt>(0)
    /// The handle and each scorer count one.
    private let references = Atomic<Int>(1)
    /// The first of the readers, in memory of its own, which other threads may change while this value is read.
    private let readers: UnsafeMutablePointer<UnsafeMutablePointer<Reader>?>
    /// Guards `readers`.
    private let registry: Lock
    /// Held while loading, so that loads come one after the other.
    let loading: Lock

    private init(
        maximumInputBytes: UInt64, readers: UnsafeMutablePointer<UnsafeMutablePointer<Reader>?>,
        registry: consuming Lock, loading: consuming Lock
    ) {
        self.maximumInputBytes = maximumInputBytes
        self.readers = readers
        self.registry = registry
        self.loading = loading
    }

    deinit {
        if let snapshot = Engine.snapshot(current.load(ordering: .acquiring)) { Snapshot.destroy(snapshot) }
        free(readers)
    }

    static func allocate(maximumInputBytes: UInt64) throws(Failure) -> UnsafeMutablePointer<Engine> {
        let registry = try Lock()
        let loading = try Lock()
        guard let list = calloc(1, MemoryLayout<UnsafeMutablePointer<Reader>?>.size) else { throw .outOfMemory }
        guard let memory = malloc(MemoryLayout<Engine>.size) else {
            free(list)
            throw .outOfMemory
        }
        let pointer = memory.bindMemory(to: Engine.self, capacity: 1)
        pointer.initialize(
            to: Engine(
                maximumInputBytes: maximumInputBytes,
                readers: list.bindMemory(to: UnsafeMutablePointer<Reader>?.self, capacity: 1), registry: registry,
                loading: loading))
        return pointer
    }

    /// Gives up one reference; the last one frees the engine.
    static func release(_ engine: UnsafeMutablePointer<Engine>) {
        let (_, left) = engine.pointee.references.subtract(1, ordering: .acquiringAndReleasing)
        if left == 0 {
            engine.deinitialize(count: 1)
            free(engine)
        }
    }

    func addReader() throws(Failure) -> UnsafeMutablePointer<Reader> {
        var memory: UnsafeMutableRawPointer?
        if posix_memalign(&memory, Reader.size, Reader.size) != 0 { throw .outOfMemory }
        let reader = memory.unsafelyUnwrapped.bindMemory(to: Reader.self, capacity: 1)
        reader.initialize(to: Reader())
        registry.lock()
        reader.pointee.next = readers.pointee
        readers.pointee = reader
        registry.unlock()
        references.add(1, ordering: .relaxed)
        return reader
    }

    /// Takes a reader's place away. The caller then gives up its reference.
    func removeReader(_ reader: UnsafeMutablePointer<Reader>) {
        registry.lock()
        if readers.pointee == reader {
            readers.pointee = reader.pointee.next
        } else {
            var previous = readers.pointee
            while let candidate = previous, candidate.pointee.next != reader { previous = candidate.pointee.next }
            previous?.pointee.next = reader.pointee.next
        }
        registry.unlock()
        reader.deinitialize(count: 1)
        free(reader)
    }

    /// The current snapshot, which stays until `unpin`; nil if nothing is loaded. Wait-free but for a swap at the same moment.
    @inline(__always)
    func pin(_ reader: UnsafeMutablePointer<Reader>) -> UnsafeMutablePointer<Snapshot>? {
        var address = current.load(ordering: .acquiring)
        while true {
            reader.pointee.reading.store(address, ordering: .sequentiallyConsistent)
            let now = current.load(ordering: .sequentiallyConsistent)
            if now == address { return Engine.snapshot(address) }
            address = now
        }
    }

    @inline(__always)
    func unpin(_ reader: UnsafeMutablePointer<Reader>) {
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
        var reader = readers.pointee
        while let place = reader {
            if place.pointee.reading.load(ordering: .sequentiallyConsistent) == address { return true }
            reader = place.pointee.next
        }
        return false
    }

    private static func snapshot(_ address: UInt) -> UnsafeMutablePointer<Snapshot>? {
        UnsafeMutablePointer(bitPattern: address)
    }
}
