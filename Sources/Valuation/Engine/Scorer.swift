// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation
import Synchronization

/// What a `valuation_scorer` handle points to: one thread's slot at the engine and its working memory.
struct Scorer: ~Copyable {
    let engine: UnsafePointer<Engine>
    let reader: UnsafePointer<Readers.Reader>
    /// Whether a call is under way. If it seems to be when the scorer is destroyed, this process was forked meanwhile.
    private let isInCall = Atomic<Bool>(false)
    /// In memory of its own, so that scoring can keep a plain pointer to it.
    let scratch: UnsafeMutablePointer<Scratch>
    /// nil until a policy decides.
    private(set) var policyScratch: UnsafeMutablePointer<PolicyScratch>?
    var requests = RequestReader()
    /// How many batches have been scored.
    var batches: UInt64 = 0
    /// All features of a request of a batch, in one piece.
    var seeding = Buffer<valuation_feature>()
    var rankedIndices = Buffer<Int>()
    var values = Buffer<valuation_value>()
    /// For a request that leaves something to chance: the values of all candidates, and their propensities.
    var exploredValues = Buffer<valuation_value>()
    /// The position of the chosen candidate; nil if none is worth anything.
    var chosen: Int?
    var propensities = Buffer<Double>()
    /// The last text that was returned.
    var output = Buffer<UInt8>()

    private init(
        engine: UnsafePointer<Engine>, reader: UnsafePointer<Readers.Reader>,
        scratch: UnsafeMutablePointer<Scratch>
    ) {
        (self.engine, self.reader, self.scratch) = (engine, reader, scratch)
    }

    deinit {
        if let policyScratch { Memory.destroy(policyScratch) }
        Memory.destroy(scratch)
    }

    static func allocate(engine: UnsafePointer<Engine>) throws(Failure) -> UnsafeMutablePointer<Scorer> {
        let room = try Room<Scorer>()
        let scratch = try Scratch.allocate(engine.pointee.kernels)
        let place: UnsafePointer<Readers.Reader>
        do {
            place = try engine.pointee.addReader()
        } catch {
            Memory.destroy(scratch)
            throw error
        }
        let pointer = room.place(Scorer(engine: engine, reader: place, scratch: scratch))
        do {
            if let snapshot = engine.pointee.pin(place) {
                try Scorer.prepare(pointer, snapshot)
            }
            engine.pointee.unpin(place)
        } catch {
            engine.pointee.unpin(place)
            Scorer.destroy(pointer)
            throw error
        }
        return pointer
    }

    static func destroy(_ scorer: UnsafeMutablePointer<Scorer>) {
        let engine = scorer.pointee.engine
        engine.pointee.removeReader(scorer.pointee.reader)
        // State that a call had half changed cannot be freed.
        if !scorer.pointee.isInCall.load(ordering: .relaxed) { Memory.destroy(scorer) }
        Engine.release(engine)
    }

    /// Runs `body` on the snapshot that is current now, which stays for its duration.
    @inline(__always)
    static func withSnapshot<Result>(
        _ scorer: UnsafeMutablePointer<Scorer>,
        _ body: (UnsafeMutablePointer<Snapshot>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let engine = scorer.pointee.engine
        let reader = scorer.pointee.reader
        scorer.pointee.isInCall.store(true, ordering: .relaxed)
        defer {
            engine.pointee.unpin(reader)
            scorer.pointee.isInCall.store(false, ordering: .releasing)
        }
        guard let snapshot = engine.pointee.pin(reader) else {
            throw Engine.nothingLoaded
        }
        try Scorer.prepare(scorer, snapshot)
        return try body(snapshot)
    }

    /// Grows the memory to the size for a snapshot; does nothing if it is large enough.
    @inline(__always)
    private static func prepare(
        _ scorer: UnsafeMutablePointer<Scorer>, _ snapshot: UnsafeMutablePointer<Snapshot>
    ) throws(Failure) {
        let scratch = scorer.pointee.scratch
        try scratch.pointee.prepare(snapshot.pointee.index.counts)
        if let policy = snapshot.pointee.policy { try prepare(scorer, policy, snapshot) }
    }

    @inline(never)
    private static func prepare(
        _ scorer: UnsafeMutablePointer<Scorer>, _ policy: UnsafeMutablePointer<Policy>,
        _ snapshot: UnsafeMutablePointer<Snapshot>
    ) throws(Failure) {
        let room: UnsafeMutablePointer<PolicyScratch>
        if let known = scorer.pointee.policyScratch {
            room = known
        } else {
            room = try PolicyScratch.allocate(scorer.pointee.scratch)
            scorer.pointee.policyScratch = room
        }
        try room.pointee.prepare(policy, snapshot)
    }
}
