// SPDX-License-Identifier: Apache-2.0
import CKernels

/// By how much draws move a logit, and the variance of that; the half of a draw that the campaign's own model gives.
struct SharedDraw {
    var moved = 0.0
    var variance = 0.0
    var half: UInt32 = 0
}

/// What the weights of a model that all ads of a campaign share have drawn in the request that has a stamp.
struct KnownDraw {
    var stamp: UInt32 = 0
    /// The block in which it was drawn, counted through the request, and where in it the campaign stood first.
    var block: UInt32 = 0
    var campaign: UInt64 = 0
    var place: Int32 = 0
    var drawn = SharedDraw()
}

/// Rows of deviations that the kernels draw from together.
enum DrawnRows: Int, CaseIterable {
    /// Dense rows that share cache lines with those of the other target, and others.
    case paired, dense
    /// What was looked up for each lane.
    case found

    /// How many rows are drawn from at once.
    static let count = 32
}

/// The working memory of predictors that explore.
struct DrawScratch: ~Copyable {
    /// What is kept of each candidate of a block, target by target.
    struct Candidates {
        /// Which candidate stood first in the block with the same campaign's model, and what all its ads share.
        let sources: UnsafeMutablePointer<Int32>
        let shared: UnsafeMutablePointer<SharedDraw>
        /// All that has been drawn.
        let moved: UnsafeMutablePointer<Double>
        let variances: UnsafeMutablePointer<Double>
    }

    /// What is kept of each lane of the kernels.
    struct Lanes {
        /// The candidates whose campaigns have not drawn yet, and those of the lanes.
        let new: UnsafeMutablePointer<Int32>
        let candidates: UnsafeMutablePointer<Int32>
        /// The number of the model in its target, where it stands in paired rows, and in what was looked up: the lane's own number.
        let models: UnsafeMutablePointer<UInt32>
        let pairedPlaces: UnsafeMutablePointer<UInt32>
        let numbers: UnsafeMutablePointer<UInt32>
        /// The model's half of a draw, and what has been drawn.
        let halves: UnsafeMutablePointer<UInt32>
        /// The half of a draw that the label of the candidate's own feature at hand gives.
        let labelHalves: UnsafeMutablePointer<UInt32>
        let moved: UnsafeMutablePointer<Double>
        let variances: UnsafeMutablePointer<Double>
        /// `DrawnRows.count` of each kind: where they are, and the half of a draw that the label gives; and those that were looked up.
        let rows: UnsafeMutablePointer<UnsafePointer<Float>?>
        let labels: UnsafeMutablePointer<UInt32>
        let found: UnsafeMutablePointer<Float>

        /// Where the places of the lanes are in rows of a kind.
        func places(_ kind: DrawnRows) -> UnsafeMutablePointer<UInt32> {
            switch kind {
            case .paired: pairedPlaces
            case .dense: models
            case .found: numbers
            }
        }
    }

    private var sources = Buffer<Int32>()
    private var shared = Buffer<SharedDraw>()
    private var candidateSums = Buffer<Double>()
    private var candidateNumbers = Buffer<Int32>()
    private var laneNumbers = Buffer<UInt32>()
    private var laneSums = Buffer<Double>()
    private var rows = Buffer<UnsafePointer<Float>?>()
    private var labels = Buffer<UInt32>()
    private var found = Buffer<Float>()
    /// Of each model of each release, one release behind the other, and where those of each begin.
    private var known = Buffer<KnownDraw>()
    private var starts = Buffer<Int>()
    /// The halves of draws that the request's terms give.
    private(set) var termHalves = Buffer<UInt32>()
    /// The request's terms in the order of their labels.
    private(set) var sorted = Buffer<Term>()

    /// Makes room for the releases of a snapshot.
    mutating func prepare(_ snapshot: UnsafeMutablePointer<Snapshot>) throws(Failure) {
        if sources.count == 0 { try reserve() }
        starts.removeAll()
        var modelCount = 0
        for release in 0...snapshot.pointee.others.count {
            try starts.append(modelCount)
            modelCount += Snapshot.index(snapshot, release: release).pointee.counts.models
        }
        try known.resize(max(modelCount, known.count), filling: KnownDraw())
    }

    private mutating func reserve() throws(Failure) {
        let count = Scratch.blockSize
        try sources.resize(2 * count, filling: 0)
        try shared.resize(2 * count, filling: SharedDraw())
        try candidateSums.resize(4 * count, filling: 0)
        try candidateNumbers.resize(2 * count, filling: 0)
        try laneNumbers.resize(5 * count, filling: 0)
        for lane in 0..<count { laneNumbers[2 * count + lane] = UInt32(lane) }
        try laneSums.resize(2 * count, filling: 0)
        try rows.resize(DrawnRows.allCases.count * DrawnRows.count, filling: nil)
        try labels.resize(DrawnRows.allCases.count * DrawnRows.count, filling: 0)
        try found.resize(DrawnRows.count * count, filling: 0)
        try termHalves.reserve(Scratch.maximumTerms)
        try sorted.reserve(Scratch.maximumTerms)
    }

    /// Takes terms that are to be sorted.
    mutating func sort(_ terms: UnsafeMutableBufferPointer<Term>) {
        sorted.removeAll()
        for term in terms {
            sorted.spare.pointee = term
            sorted.appendWritten(1)
        }
    }

    /// Forgets what has been drawn: to be called when the stamps begin anew.
    mutating func forget() {
        for model in 0..<known.count { known[model].stamp = 0 }
    }

    /// Of each model of a release.
    func known(_ release: Int) -> UnsafeMutablePointer<KnownDraw> { known.base.unsafelyUnwrapped + starts[release] }

    @inline(__always)
    func candidates(_ target: Target) -> Candidates {
        let count = Scratch.blockSize
        let start = target == .click ? 0 : count
        return Candidates(
            sources: sources.base.unsafelyUnwrapped + start, shared: shared.base.unsafelyUnwrapped + start,
            moved: candidateSums.base.unsafelyUnwrapped + start,
            variances: candidateSums.base.unsafelyUnwrapped + (2 &* count &+ start))
    }

    @inline(__always)
    var lanes: Lanes {
        let count = Scratch.blockSize
        let numbers = laneNumbers.base.unsafelyUnwrapped
        return Lanes(
            new: candidateNumbers.base.unsafelyUnwrapped, candidates: candidateNumbers.base.unsafelyUnwrapped + count,
            models: numbers, pairedPlaces: numbers + count, numbers: numbers + 2 &* count, halves: numbers + 3 &* count,
            labelHalves: numbers + 4 &* count, moved: laneSums.base.unsafelyUnwrapped,
            variances: laneSums.base.unsafelyUnwrapped + count,
            rows: rows.base.unsafelyUnwrapped, labels: labels.base.unsafelyUnwrapped,
            found: found.base.unsafelyUnwrapped)
    }

    /// How many lanes the kernels draw for.
    static func roundedUp(_ count: Int) -> Int { (count &+ 7) & ~7 }
}
