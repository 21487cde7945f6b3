// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import Synchronization

/// What a `valuation_engine` handle points to: the current snapshot and the readers that may be using it.
///
/// A scorer announces the snapshot that it reads in a slot of its own (a hazard pointer: Michael, "Hazard pointers:
/// safe memory reclamation for lock-free objects", 2004). Whoever replaces the snapshot waits until no slot names the
/// old one, then frees it. So a reader takes no lock and writes no memory that another reader writes.
///
/// A process may fork at any moment. In the child, the locks are free and nothing is announced (see `Readers`). State
/// that the locks guard changes by single stores, each of which leaves it consistent.
struct Engine: ~Copyable {
    let maximumInputBytes: UInt64
    let trustsCompiled: Bool
    let copiesCompiled: Bool
    let forgetsPrevious: Bool
    /// The loops that its scorers run.
    let kernels: UnsafePointer<valuation_kernels>
    let secret: EngineSecret
    /// Address of the `Snapshot` that scorers use, or 0: the one that the history names, or is about to name.
    private let current = Atomic<UInt>(0)
    /// The handle and each scorer count one.
    private let references = Atomic<Int>(1)
    private let readers: Readers
    /// Two records: one has the current history, the other one is where it is changed.
    private let records: Room<History>
    /// Address of the current record. Changed while both locks (of loading and of the history) are held, so that
    /// holding one is enough to read it.
    private let history = Atomic<UInt>(0)

    /// The options with which an engine is created.
    struct Options {
        var maximumInputBytes: UInt64 = .max
        var trustsCompiled = false
        var copiesCompiled = false
        var forgetsPrevious = false
        var kernels: UnsafePointer<valuation_kernels> = valuation_kernels_for_this_machine().unsafelyUnwrapped
    }

    private init(
        _ options: Options, secret: consuming EngineSecret, readers: consuming Readers,
        records: consuming Room<History>
    ) {
        maximumInputBytes = options.maximumInputBytes
        trustsCompiled = options.trustsCompiled
        copiesCompiled = options.copiesCompiled
        forgetsPrevious = options.forgetsPrevious
        kernels = options.kernels
        self.secret = secret
        self.readers = readers
        records.start.initialize(to: History())
        history.store(UInt(bitPattern: records.start), ordering: .relaxed)
        self.records = records
    }

    deinit {
        if let snapshot = record.pointee.serving { Memory.destroy(snapshot) }
        if let snapshot = record.pointee.previous { Memory.destroy(snapshot) }
        if let snapshot = record.pointee.leaving { Memory.destroy(snapshot) }
        record.deinitialize(count: 1)
    }

    /// - Returns: an engine that threads share, so nobody may write to it except through its atomics.
    static func allocate(_ options: Options) throws(Failure) -> UnsafePointer<Engine> {
        let secret = try EngineSecret()
        let readers = try Readers()
        let records = try Room<History>(count: 2)
        return UnsafePointer(
            try Memory.place(Engine(options, secret: secret, readers: readers, records: records)))
    }

    /// Releases one reference; the last one frees the engine.
    static func release(_ engine: UnsafePointer<Engine>) {
        let (_, left) = engine.pointee.references.subtract(1, ordering: .acquiringAndReleasing)
        if left == 0 { Memory.destroy(UnsafeMutablePointer(mutating: engine)) }
    }

    func addReader() throws(Failure) -> UnsafePointer<Readers.Reader> {
        let reader = try readers.take()
        references.add(1, ordering: .relaxed)
        return reader
    }

    /// Frees a reader's slot. The caller then releases its reference.
    func removeReader(_ reader: UnsafePointer<Readers.Reader>) {
        readers.giveBack(reader)
    }

    /// The current snapshot, which stays until `unpin`; nil if nothing is loaded. Wait-free except for a swap at the
    /// same moment.
    @inline(__always)
    func pin(_ reader: UnsafePointer<Readers.Reader>) -> UnsafeMutablePointer<Snapshot>? {
        var address = current.load(ordering: .acquiring)
        while true {
            reader.pointee.reading.store(address, ordering: .sequentiallyConsistent)
            let now = current.load(ordering: .sequentiallyConsistent)
            if now == address { return Engine.snapshot(address) }
            address = now
        }
    }

    func unpin(_ reader: UnsafePointer<Readers.Reader>) {
        reader.pointee.reading.store(0, ordering: .releasing)
    }

    // MARK: Swapping

    /// Serialises loads: waits for the one under way.
    func beginLoad() {
        readers.lock(.loading).lock()
        settle()
    }

    func endLoad() {
        readers.lock(.loading).unlock()
    }

    /// The snapshot that serves. - Precondition: a load has begun, so that it goes on serving.
    var serving: UnsafeMutablePointer<Snapshot>? { record.pointee.serving }

    /// The history of loads. - Precondition: a load has begun.
    func withHistory<Result: ~Copyable>(_ body: (borrowing History) throws(Failure) -> Result) throws(Failure) -> Result
    {
        try body(record.pointee)
    }

    /// The same while loads may go on; they wait at their end until `body` has returned.
    ///
    /// - Returns: false, and `body` does not run, if a snapshot that a reader has pinned no longer serves.
    func withHistoryMeanwhile(
        of snapshot: UnsafeMutablePointer<Snapshot>, _ body: (borrowing History) throws(Failure) -> Void
    ) throws(Failure) -> Bool {
        let lock = readers.lock(.history)
        lock.lock()
        defer { lock.unlock() }
        // In a child, nobody else might.
        catchUp()
        if record.pointee.serving != snapshot { return false }
        try body(record.pointee)
        return true
    }

    /// Updates the history of loads, and puts its snapshot into service. - Precondition: a load has begun.
    ///
    /// - Parameter update: replaces values that the record owns. It changes none of them in place, because a child that
    ///   is forked meanwhile may have the former record.
    func remember(_ update: (inout History) -> Void) {
        let lock = readers.lock(.history)
        lock.lock()
        defer { lock.unlock() }
        amend(update)
        catchUp()
    }

    /// Changes the history by one store: a child that is forked meanwhile has the old record or the new one.
    ///
    /// - Precondition: both locks are held.
    func amend(_ update: (inout History) -> Void) {
        let former = record
        let next = former == records.start ? records.start + 1 : records.start
        // Only the current record owns its values.
        memcpy(next, former, MemoryLayout<History>.size)
        update(&next.pointee)
        history.store(UInt(bitPattern: next), ordering: .releasing)
    }

    /// Makes a snapshot the current one and keeps the previous one. Waits for the last reader of the one before that,
    /// and frees it.
    ///
    /// - Parameters:
    ///   - keepsFormer: false if the models stay the same: then the previous snapshot is freed, and the one before that
    ///     kept.
    ///   - update: updates the history at the same moment.
    /// - Precondition: a load has begun.
    func replace(
        with snapshot: UnsafeMutablePointer<Snapshot>, keepsFormer: Bool = true,
        remembering update: (inout History) -> Void = { _ in }
    ) {
        remember { history in
            history.leaving = history.serving
            history.serving = snapshot
            if keepsFormer && !forgetsPrevious { swap(&history.previous, &history.leaving) }
            update(&history)
        }
        settle()
    }

    /// Makes the previous snapshot the current one, and the current one the previous. - Returns: whether there was one.
    ///
    /// - Precondition: a load has begun.
    func swapWithPrevious() -> Bool {
        if record.pointee.previous == nil { return false }
        remember { history in swap(&history.previous, &history.serving) }
        settle()
        return true
    }

    /// Makes scorers use the snapshot of the history. Also completes a load that the parent had begun when this process
    /// was forked.
    ///
    /// - Precondition: one of both locks is held.
    private func catchUp() {
        let serving = UInt(bitPattern: record.pointee.serving)
        if current.load(ordering: .relaxed) != serving { current.store(serving, ordering: .sequentiallyConsistent) }
    }

    /// Finishes a load, possibly one of the parent's: frees the leaving snapshot as soon as nobody reads it. -
    /// Precondition: a load has begun.
    private func settle() {
        catchUp()
        guard let leaving = record.pointee.leaving else { return }
        var wait = 1_000
        while readers.isRead(UInt(bitPattern: leaving)) {
            valuation_platform_sleep(wait)
            wait = min(wait * 2, 1_000_000)
        }
        // A child that is forked from now on does not free it: it may be partly freed.
        remember { history in history.leaving = nil }
        Memory.destroy(leaving)
    }

    private var record: UnsafeMutablePointer<History> {
        UnsafeMutablePointer(bitPattern: history.load(ordering: .acquiring)).unsafelyUnwrapped
    }

    private static func snapshot(_ address: UInt) -> UnsafeMutablePointer<Snapshot>? {
        UnsafeMutablePointer(bitPattern: address)
    }
}
