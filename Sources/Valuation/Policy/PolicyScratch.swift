// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation

/// What a scorer needs under a policy besides `Scratch`: allocated when the scorer first meets a policy, never while
/// scoring.
struct PolicyScratch: ~Copyable {
    var decisions = Decisions()
    /// For the scoring of each release.
    private let room: Room<Scoring>
    /// Those of each release; the first is the scorer's own.
    private(set) var scratches = Buffer<UnsafeMutablePointer<Scratch>>()
    /// A block, read once for all releases.
    var slots = CandidateSlots()
    /// One for each candidate of a block: its decision, and its adjustment (-1 for none).
    var decided = Buffer<Decision>()
    var adjustments = Buffer<Int32>()
    /// Candidates of one predictor, their positions in the block, and their values; and the positions of those that are
    /// not valued yet.
    var candidates = Buffer<valuation_candidate>()
    var places = Buffer<Int>()
    var values = Buffer<valuation_value>()
    var left = Buffer<Int>()
    var means = EnsembleMeans()
    /// The distributions of the values of a block, if their predictors explore.
    var arms = Buffer<Arm>()
    /// Those of a request whose propensities are requested.
    var allArms = Buffer<Arm>()
    var propensities = Propensities()
    /// The factors of the arms, and whether the memory for one was missing.
    var factors = Buffer<Factor>()
    var lacksMemory = false
    var draws = DrawScratch()

    private init(_ room: consuming Room<Scoring>) {
        self.room = room
    }

    deinit {
        for release in 1..<max(1, scratches.count) { Memory.destroy(scratches[release]) }
    }

    @inline(__always)
    var scorings: UnsafeMutablePointer<Scoring> { room.start }

    /// - Parameter own: the scorer's, which outlives this.
    static func allocate(_ own: UnsafeMutablePointer<Scratch>) throws(Failure) -> UnsafeMutablePointer<PolicyScratch> {
        let pointer = try Memory.place(PolicyScratch(try Room(count: PolicyDocument.maximumReleases)))
        do {
            try pointer.pointee.reserve(own)
        } catch {
            Memory.destroy(pointer)
            throw error
        }
        return pointer
    }

    private mutating func reserve(_ own: UnsafeMutablePointer<Scratch>) throws(Failure) {
        let count = Scratch.blockSize
        try scratches.append(own)
        try slots.reserve()
        try decided.resize(count, filling: Decision(predictor: 0, source: 0))
        try adjustments.resize(count, filling: -1)
        try candidates.resize(count, filling: valuation_candidate())
        try places.resize(count, filling: 0)
        try values.resize(count, filling: valuation_value())
        try left.resize(count, filling: 0)
        try means.reserve()
        try arms.resize(count, filling: Arm())
    }

    /// Grows the memory to the size for a policy and its releases; does nothing if it is large enough.
    mutating func prepare(
        _ policy: UnsafePointer<Policy>, _ snapshot: UnsafeMutablePointer<Snapshot>
    ) throws(Failure) {
        try decisions.prepare(policy)
        if policy.pointee.explores { try draws.prepare(snapshot) }
        for number in 0..<snapshot.pointee.others.count {
            if scratches.count == number + 1 {
                try scratches.reserve(scratches.count + 1)
                try scratches.append(try Scratch.allocate(scratches[0].pointee.kernels))
            }
            try scratches[number + 1].pointee.prepare(snapshot.pointee.others[number].pointee.counts)
        }
    }
}
