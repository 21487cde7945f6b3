// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import Synchronization

/// What a `valuation_engine` handle points to: the current snapshot and the readers that may be using it.
///
/// A scorer announces the snapshot that it reads in a slot of its own (a hazard pointer: Michael, "Hazard pointers:
/// safe memory reclamation for lock-free objects", 2004). Whoever frees a snapshot first waits until no slot names it.
/// So a reader takes no lock and writes no memory that another reader writes.
///
/// There are two locks. That of loading is held by whoever opens files, for seconds perhaps, one at a time: nobody else
/// frees what the history has put aside. That of the history is held for as long as it takes to read or to change a few
/// words. A change is made ready under the first, as a draft, and put into the history under the second, unless the
/// engine has changed meanwhile; then it is made ready anew.
///
/// A process may fork at any moment. In the child, the locks are free and nothing is announced (see `Readers`). State
/// that the locks guard changes by single stores, each of which leaves it consistent.
struct Engine: ~Copyable {
    let maximumInputBytes: UInt64
    let trustsCompiled: Bool
    let copiesCompiled: Bool
    let forgetsPrevious: Bool
    /// Whether an index is never built here.
    let isCompiledOnly: Bool
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
    /// Address of the current record. Read and changed while the history is locked.
    private let history = Atomic<UInt>(0)

    /// The options with which an engine is created.
    struct Options {
        var maximumInputBytes: UInt64 = .max
        var trustsCompiled = false
        var copiesCompiled = false
        var forgetsPrevious = false
        var isCompiledOnly = false
        var kernels: UnsafePointer<valuation_kernels> = valuation_kernels_for_this_machine().unsafelyUnwrapped
    }

    private init(
        _ options: Options, secret: consuming EngineSecret, readers: consuming Readers,
        records: consuming Room<History>, followed: UnsafeMutablePointer<Followed>
    ) {
        maximumInputBytes = options.maximumInputBytes
        trustsCompiled = options.trustsCompiled
        copiesCompiled = options.copiesCompiled
        forgetsPrevious = options.forgetsPrevious
        isCompiledOnly = options.isCompiledOnly
        kernels = options.kernels
        self.secret = secret
        self.readers = readers
        records.start.initialize(to: History(state: History.State(followed: followed)))
        history.store(UInt(bitPattern: records.start), ordering: .relaxed)
        self.records = records
    }

    deinit {
        let state = record.pointee.state
        if let snapshot = state.serving { Memory.destroy(snapshot) }
        if let snapshot = state.previous { Memory.destroy(snapshot) }
        Memory.destroy(state.followed)
        state.prepared?.discard()
        Engine.free(record.pointee.retired, record.pointee.retiredFollowed)
        Engine.free(record.pointee.newest)
        record.deinitialize(count: 1)
    }

    /// - Returns: an engine that threads share, so nobody may write to it except through its atomics.
    static func allocate(_ options: Options) throws(Failure) -> UnsafePointer<Engine> {
        let secret = try EngineSecret()
        let readers = try Readers()
        let records = try Room<History>(count: 2)
        let room = try Room<Engine>()
        let followed = try Memory.place(Followed())
        return UnsafePointer(
            room.place(Engine(options, secret: secret, readers: readers, records: records, followed: followed)))
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

    // MARK: Changing

    /// Serialises loads: waits for the one under way. Frees what the last one left.
    @inline(never)
    func beginLoad() {
        readers.lock(.loading).lock()
        settle()
    }

    @inline(never)
    func endLoad() {
        settle()
        readers.lock(.loading).unlock()
    }

    /// Locks the history, for a few microseconds at most.
    func lockHistory() {
        readers.lock(.history).lock()
        // Completes what the parent had begun when this process was forked.
        catchUp()
    }

    func unlockHistory() {
        readers.lock(.history).unlock()
    }

    /// What the next change depends on. Whoever has begun a load may use everything in it until the load ends; nobody
    /// else may, except between `hold` and `letGo`.
    var state: History.State {
        lockHistory()
        defer { unlockHistory() }
        return record.pointee.state
    }

    /// The state, of which nothing is freed until `letGo`. It does not wait for a load.
    @inline(never)
    func hold() -> (state: History.State, group: Int) {
        lockHistory()
        defer { unlockHistory() }
        return (record.pointee.state, readers.hold())
    }

    func letGo(_ group: Int) {
        readers.letGo(group)
    }

    /// Reads the history. - Precondition: it is locked.
    func withHistory<Result: ~Copyable, Problem: Error>(
        _ body: (borrowing History) throws(Problem) -> Result
    ) throws(Problem) -> Result {
        try body(record.pointee)
    }

    /// The newest generation. - Precondition: the history is locked.
    var newest: UnsafeMutablePointer<Generation>? { record.pointee.newest }

    /// Updates the history.
    ///
    /// - Parameter update: replaces values that the record owns. It changes none of them in place, because a child that
    ///   is forked meanwhile may have the former record.
    func remember(_ update: (inout History) -> Void) {
        lockHistory()
        defer { unlockHistory() }
        amend(update)
        catchUp()
    }

    /// Changes the history by one store: a child that is forked meanwhile has the old record or the new one.
    ///
    /// - Precondition: the history is locked.
    func amend(_ update: (inout History) -> Void) {
        let former = record
        let next = former == records.start ? records.start + 1 : records.start
        // Only the current record owns its values.
        memcpy(next, former, MemoryLayout<History>.size)
        update(&next.pointee)
        history.store(UInt(bitPattern: next), ordering: .releasing)
    }

    /// Puts a draft into the history, and its snapshot into service.
    ///
    /// - Parameter spare: keeps the draft's models if it does not get into the history.
    /// - Returns: false, and nothing has changed, if the engine has changed since the draft was made: make it anew.
    @inline(never)
    func publish(_ draft: Draft, orKeep spare: inout Spare) throws(Failure) -> Bool {
        lockHistory()
        defer { unlockHistory() }
        do throws(Failure) {
            if try adopt(draft) { return true }
        } catch {
            spare.keep(draft)
            throw error
        }
        spare.keep(draft)
        return false
    }

    /// The same, without freeing anything. - Precondition: the history is locked.
    @inline(never)
    func adopt(_ draft: Draft) throws(Failure) -> Bool {
        if draft.edition != record.pointee.state.edition { return false }
        if let snapshot = draft.snapshot {
            try secret.keep(snapshot.pointee.index.secret)
            let generation = snapshot.pointee.generation
            generation.pointee.number = (newest?.pointee.number ?? 0) &+ 1
            generation.pointee.time = Generation.now
            generation.pointee.before = newest
        }
        amend { history in
            if let snapshot = draft.snapshot {
                if history.state.prepared?.snapshot == snapshot { history.state.prepared = nil }
                let former = history.state.serving
                history.state.serving = snapshot
                history.newest = snapshot.pointee.generation
                history.generationCount &+= 1
                if draft.keepsFormer && !forgetsPrevious {
                    history.retire(history.state.previous)
                    history.state.previous = former
                } else {
                    history.retire(former)
                }
            }
            if let followed = draft.followed {
                history.retire(history.state.followed)
                history.state.followed = followed
            }
            if !draft.isEmpty { history.state.edition &+= 1 }
        }
        catchUp()
        return true
    }

    /// Makes scorers use the snapshot of the history. - Precondition: the history is locked.
    private func catchUp() {
        let serving = UInt(bitPattern: record.pointee.state.serving)
        if current.load(ordering: .relaxed) != serving { current.store(serving, ordering: .sequentiallyConsistent) }
    }

    // MARK: Freeing

    /// Frees what the history has put aside, after its last reader has left; also what the parent had put aside when this
    /// process was forked. - Precondition: a load has begun.
    private func settle() {
        while let retired = oneToFree() {
            // A child that is forked from now on does not free it: it may be partly freed.
            if let snapshot = retired.snapshot { Memory.destroy(snapshot) }
            if let followed = retired.followed { Memory.destroy(followed) }
        }
        forgetGenerations()
    }

    /// Takes something out of the history that nobody reads; nil if there is nothing.
    private func oneToFree() -> (
        snapshot: UnsafeMutablePointer<Snapshot>?, followed: UnsafeMutablePointer<Followed>?
    )? {
        lockHistory()
        let (snapshot, followed) = (record.pointee.retired, record.pointee.retiredFollowed)
        unlockHistory()
        if snapshot == nil && followed == nil { return nil }
        waitForHolds()
        if let snapshot { Engine.wait { readers.isRead(UInt(bitPattern: snapshot)) } }
        // Only who has begun a load takes anything out, so what others have put aside meanwhile is before these.
        remember { history in
            if let snapshot { history.take(snapshot) }
            if let followed { history.take(followed) }
        }
        return (snapshot, followed)
    }

    /// Waits until nobody holds what the history had before. - Precondition: a load has begun.
    private func waitForHolds() {
        let group = readers.joined
        Engine.wait { readers.holds(1 - group) > 0 }
        lockHistory()
        readers.changeGroups()
        unlockHistory()
        Engine.wait { readers.holds(group) > 0 }
    }

    private static func wait(while condition: () -> Bool) {
        var wait = 1_000
        while condition() {
            valuation_platform_sleep(wait)
            wait = min(wait * 2, 1_000_000)
        }
    }

    /// Forgets the oldest generations. - Precondition: a load has begun.
    private func forgetGenerations() {
        while let generation = oneToForget() { Memory.destroy(generation) }
    }

    private func oneToForget() -> UnsafeMutablePointer<Generation>? {
        lockHistory()
        defer { unlockHistory() }
        if record.pointee.generationCount <= Generation.kept { return nil }
        var (known, last) = (1, newest)
        while let after = last, let generation = after.pointee.before {
            if known >= Generation.kept && !generation.pointee.isInMemory {
                after.pointee.before = generation.pointee.before
                amend { $0.generationCount &-= 1 }
                return generation
            }
            (known, last) = (known + 1, generation)
        }
        return nil
    }

    private static func free(_ retired: UnsafeMutablePointer<Snapshot>?, _ followed: UnsafeMutablePointer<Followed>?) {
        var (snapshot, followed) = (retired, followed)
        while let next = snapshot {
            snapshot = next.pointee.nextRetired
            Memory.destroy(next)
        }
        while let next = followed {
            followed = next.pointee.nextRetired
            Memory.destroy(next)
        }
    }

    private static func free(_ newest: UnsafeMutablePointer<Generation>?) {
        var generation = newest
        while let next = generation {
            generation = next.pointee.before
            Memory.destroy(next)
        }
    }

    private var record: UnsafeMutablePointer<History> {
        UnsafeMutablePointer(bitPattern: history.load(ordering: .acquiring)).unsafelyUnwrapped
    }

    static var nothingLoaded: Failure {
        Failure(.nothingLoaded, "No models are loaded; load some into the engine first.")
    }

    private static func snapshot(_ address: UInt) -> UnsafeMutablePointer<Snapshot>? {
        UnsafeMutablePointer(bitPattern: address)
    }
}
