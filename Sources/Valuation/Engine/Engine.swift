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
    let trustsCompiled: Bool
    let forgetsPrevious: Bool
    /// Address of the `Snapshot`, or 0.
    private let current = Atomic<UInt>(0)
    /// The handle and each scorer count one.
    private let references = Atomic<Int>(1)
    /// Address of the first of the readers, or 0; guarded by the registry's lock.
    private let readers = Atomic<UInt>(0)
    private let registry: Lock
    /// Held while loading, so that loads come one after the other.
    let loading: Lock
    /// Written while both locks are held, so that holding one is enough to read it.
    private let history: UnsafeMutablePointer<History>

    /// What an engine is told when it is made.
    struct Options {
        var maximumInputBytes: UInt64 = .max
        var trustsCompiled = false
        var forgetsPrevious = false
    }

    private init(
        _ options: Options, registry: consuming Lock, loading: consuming Lock, history: UnsafeMutablePointer<History>
    ) {
        maximumInputBytes = options.maximumInputBytes
        trustsCompiled = options.trustsCompiled
        forgetsPrevious = options.forgetsPrevious
        self.registry = registry
        self.loading = loading
        self.history = history
    }

    deinit {
        if let snapshot = Engine.snapshot(current.load(ordering: .acquiring)) { Snapshot.destroy(snapshot) }
        if let snapshot = history.pointee.previous { Snapshot.destroy(snapshot) }
        history.deinitialize(count: 1)
        CPlatform.free(history)
    }

    /// - Returns: shared by threads, so nobody may write to it but through its atomics.
    static func allocate(_ options: Options) throws(Failure) -> UnsafePointer<Engine> {
        let registry = try Lock()
        let loading = try Lock()
        guard let historyMemory = malloc(MemoryLayout<History>.size) else { throw .outOfMemory }
        guard let memory = malloc(MemoryLayout<Engine>.size) else {
            CPlatform.free(historyMemory)
            throw .outOfMemory
        }
        let history = historyMemory.bindMemory(to: History.self, capacity: 1)
        history.initialize(to: History())
        let pointer = memory.bindMemory(to: Engine.self, capacity: 1)
        pointer.initialize(to: Engine(options, registry: registry, loading: loading, history: history))
        return UnsafePointer(pointer)
    }

    /// Gives up one reference; the last one frees the engine.
    static func release(_ engine: UnsafePointer<Engine>) {
        let (_, left) = engine.pointee.references.subtract(1, ordering: .acquiringAndReleasing)
        if left == 0 {
            let memory = UnsafeMutablePointer(mutating: engine)
            memory.deinitialize(count: 1)
            CPlatform.free(memory)
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
        CPlatform.free(memory)
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

    // MARK: Swapping

    /// What serves now. - Precondition: `loading` is held, so that it goes on serving.
    var serving: UnsafeMutablePointer<Snapshot>? {
        Engine.snapshot(current.load(ordering: .acquiring))
    }

    /// What is remembered of loads. - Precondition: `loading` is held.
    func withHistory<Result: ~Copyable>(_ body: (borrowing History) throws(Failure) -> Result) throws(Failure) -> Result
    {
        try body(history.pointee)
    }

    /// The same while loads may go on, which wait at their end until `body` has returned.
    ///
    /// - Returns: false, and `body` is not run, where a snapshot that a reader has pinned does not serve any more.
    func withHistoryMeanwhile(
        of snapshot: UnsafeMutablePointer<Snapshot>, _ body: (borrowing History) throws(Failure) -> Void
    ) throws(Failure) -> Bool {
        registry.lock()
        defer { registry.unlock() }
        if current.load(ordering: .acquiring) != UInt(bitPattern: snapshot) { return false }
        try body(history.pointee)
        return true
    }

    /// Remembers something of a load. - Precondition: `loading` is held.
    func remember(_ update: (inout History) -> Void) {
        registry.lock()
        defer { registry.unlock() }
        update(&history.pointee)
    }

    /// Makes a snapshot the current one and keeps the one before; waits for the last reader of the one before that, and frees it.
    ///
    /// - Parameters:
    ///   - keepsFormer: false where the models stay as they are: the snapshot before is freed then, and the one before that kept.
    ///   - update: remembers something at the same moment.
    /// - Precondition: `loading` is held.
    func replace(
        with snapshot: UnsafeMutablePointer<Snapshot>, keepsFormer: Bool = true,
        remembering update: (inout History) -> Void = { _ in }
    ) {
        var former: UnsafeMutablePointer<Snapshot>?
        remember { history in
            former = Engine.snapshot(current.exchange(UInt(bitPattern: snapshot), ordering: .sequentiallyConsistent))
            if keepsFormer && !forgetsPrevious { swap(&history.previous, &former) }
            update(&history)
        }
        free(former)
    }

    /// Makes the snapshot that served before the current one, and keeps the present one in its place. - Returns: whether there was one.
    ///
    /// - Precondition: `loading` is held.
    func swapWithPrevious() -> Bool {
        guard let previous = history.pointee.previous else { return false }
        remember { history in
            history.previous = Engine.snapshot(
                current.exchange(UInt(bitPattern: previous), ordering: .sequentiallyConsistent))
        }
        return true
    }

    private func free(_ snapshot: UnsafeMutablePointer<Snapshot>?) {
        guard let snapshot else { return }
        var wait = 1_000
        while isRead(UInt(bitPattern: snapshot)) {
            valuation_platform_sleep(wait)
            wait = min(wait * 2, 1_000_000)
        }
        Snapshot.destroy(snapshot)
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
