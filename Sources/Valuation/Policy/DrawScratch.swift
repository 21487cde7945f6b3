// SPDX-License-Identifier: Apache-2.0
import CKernels

/// The draws of the weights of a model that all ads of a campaign share, in the request with this stamp: how far they
/// move a logit, and its variance.
struct KnownDraw {
    var stamp: UInt32 = 0
    /// The block in which it was drawn, counted through the request, and the campaign's first position in it.
    var block: UInt32 = 0
    var campaign: UInt64 = 0
    var moved = 0.0
    var variance = 0.0
    var place: Int32 = 0
}

/// The draws of all models of a target at once, each for its own campaign, in the request with this stamp.
struct DrawnModels {
    var stamp: UInt32 = 0
    /// Whether they have drawn from the dense rows and from the lists, or there are none.
    var hasDenseRows = false
    var hasLists = false
    /// The exploration of the predictor whose probabilities were computed for all models, and whether that succeeded.
    var scale = 0.0
    var hasProbabilities = false

    /// Whether there are draws to fetch.
    var hasAny: Bool { hasDenseRows || hasLists }
}

/// Rows of deviations from which the kernels draw together.
enum DrawnRows: Int, CaseIterable {
    /// Dense rows that share cache lines with those of the other target, and other dense rows.
    case paired, dense
    /// The weights that were looked up for each lane.
    case found

    /// The number of rows that are drawn from at once, and of lanes between two reads of the clock.
    static let count = Int(VALUATION_KERNELS_DRAWN_ROWS)
    static let lanes = 2048
}

/// The working memory of predictors that explore.
struct DrawScratch: ~Copyable {
    /// The state of each candidate of a block, target by target.
    struct Candidates {
        /// The first candidate in the block with the same campaign's model.
        let sources: UnsafeMutablePointer<Int32>
        /// The lower half of its campaign's key.
        let campaigns: UnsafeMutablePointer<UInt32>
        /// The sum of the draws, and the part of the variances that all its ads share.
        let moved: UnsafeMutablePointer<Double>
        let variances: UnsafeMutablePointer<Double>
        let sharedVariances: UnsafeMutablePointer<Double>
    }

    /// The state of each lane of the kernels.
    struct Lanes {
        /// The candidates whose campaigns have not drawn yet, and those of the lanes.
        let new: UnsafeMutablePointer<Int32>
        let candidates: UnsafeMutablePointer<Int32>
        /// The number of the model in its target, and its position in paired rows.
        let models: UnsafeMutablePointer<UInt32>
        let pairedPlaces: UnsafeMutablePointer<UInt32>
        /// The lower half of the campaign's key, and the sum of the draws.
        let campaigns: UnsafeMutablePointer<UInt32>
        let moved: UnsafeMutablePointer<Double>
        let variances: UnsafeMutablePointer<Double>
        /// The weights that were looked up for each, row by row.
        let found: UnsafeMutablePointer<Float>

        /// The positions of the lanes in rows of a kind; nil if they are consecutive.
        func places(_ kind: DrawnRows) -> UnsafeMutablePointer<UInt32>? {
            switch kind {
            case .paired: pairedPlaces
            case .dense: models
            case .found: nil
            }
        }
    }

    /// Rows that are still to be drawn from: `DrawnRows.count` of each kind, their positions, and the half of a draw
    /// that depends on the label.
    struct Rows {
        let starts: UnsafeMutablePointer<UnsafePointer<Float>?>
        let labels: UnsafeMutablePointer<UInt32>
    }

    private var sources = Buffer<Int32>()
    private var campaigns = Buffer<UInt32>()
    private var candidateSums = Buffer<Double>()
    private var candidateNumbers = Buffer<Int32>()
    private var laneNumbers = Buffer<UInt32>()
    private var laneSums = Buffer<Double>()
    private var rows = Buffer<UnsafePointer<Float>?>()
    private var labels = Buffer<UInt32>()
    private var found = Buffer<Float>()
    /// One for each model of each release, release by release, and the start of each release.
    private var known = Buffer<KnownDraw>()
    private var starts = Buffer<Int>()
    /// For each release, its targets; and for each model the sum of its draws and its variance, target by target. Each
    /// target has as many models as the other one, because a forged list may name those.
    private var drawn = Buffer<DrawnModels>()
    private var modelSums = Buffer<Double>()
    private var modelProbabilities = Buffer<Float>()
    private var sumStarts = Buffer<Int>()
    /// The halves of draws that depend on the request's terms.
    private(set) var termHalves = Buffer<UInt32>()
    /// The request's terms in the order of their labels.
    private(set) var sorted = Buffer<Term>()

    /// Grows the memory to the size for the releases of a snapshot.
    mutating func prepare(_ snapshot: UnsafeMutablePointer<Snapshot>) throws(Failure) {
        if sources.count == 0 { try reserve() }
        starts.removeAll()
        sumStarts.removeAll()
        var (modelCount, sumCount) = (0, 0)
        for release in 0...snapshot.pointee.others.count {
            try starts.append(modelCount)
            try sumStarts.append(sumCount)
            let index = Snapshot.index(snapshot, release: release)
            modelCount += index.pointee.counts.modelCount
            if index.pointee.hasVariances { sumCount += 4 * DrawScratch.width(index) }
        }
        try known.resize(max(modelCount, known.count), filling: KnownDraw())
        try drawn.resize(max(2 * starts.count, drawn.count), filling: DrawnModels())
        try modelSums.resize(max(sumCount, modelSums.count), filling: 0)
        try modelProbabilities.resize(max(sumCount / 2, modelProbabilities.count), filling: 0)
    }

    private mutating func reserve() throws(Failure) {
        let count = Scratch.blockSize
        try sources.resize(2 * count, filling: 0)
        try campaigns.resize(2 * count, filling: 0)
        try candidateSums.resize(6 * count, filling: 0)
        try candidateNumbers.resize(2 * count, filling: 0)
        try laneNumbers.resize((3 + 2 * AdFeatures.depth) * count, filling: 0)
        try laneSums.resize(2 * count, filling: 0)
        try rows.resize(DrawnRows.allCases.count * DrawnRows.count, filling: nil)
        try labels.resize(DrawnRows.allCases.count * DrawnRows.count, filling: 0)
        try found.resize(DrawnRows.count * count, filling: 0)
        try termHalves.reserve(Scratch.maximumTerms)
        try sorted.reserve(Scratch.maximumTerms)
    }

    /// Copies terms that are to be sorted.
    mutating func sort(_ terms: UnsafeMutableBufferPointer<Term>) {
        sorted.removeAll()
        for term in terms {
            sorted.spare.pointee = term
            sorted.appendWritten(1)
        }
    }

    /// Invalidates all draws: must be called when the stamps start anew.
    mutating func forget() {
        for model in 0..<known.count { known[model].stamp = 0 }
        for target in 0..<drawn.count { drawn[target].stamp = 0 }
    }

    /// Those of the models of a target of a release.
    func known(
        _ release: Int, _ target: Target, _ index: UnsafePointer<Index>
    ) -> UnsafeMutablePointer<KnownDraw> {
        known.base.unsafelyUnwrapped + (starts[release] &+ target.position &* index.pointee.counts.models.click)
    }

    /// The draws of all models of a target of a release.
    func drawn(_ release: Int, _ target: Target) -> UnsafeMutablePointer<DrawnModels> {
        drawn.base.unsafelyUnwrapped + (2 &* release &+ target.position)
    }

    /// How far the draws move the logit of each model, and their variances. - Precondition: the index has variances.
    func sums(
        _ release: Int, _ target: Target, _ index: UnsafePointer<Index>
    ) -> (moved: UnsafeMutablePointer<Double>, variances: UnsafeMutablePointer<Double>) {
        let width = DrawScratch.width(index)
        let start = modelSums.base.unsafelyUnwrapped + (sumStarts[release] &+ 2 &* width &* target.position)
        return (start, start + width)
    }

    /// The drawn probability of each model.
    func probabilities(
        _ release: Int, _ target: Target, _ index: UnsafePointer<Index>
    ) -> UnsafeMutablePointer<Float> {
        let start = sumStarts[release] / 2 &+ target.position &* DrawScratch.width(index)
        return modelProbabilities.base.unsafelyUnwrapped + start
    }

    /// The number of sums of each target.
    static func width(_ index: UnsafePointer<Index>) -> Int {
        max(index.pointee.counts.width(.click), index.pointee.counts.width(.conversion))
    }

    @inline(__always)
    func candidates(_ target: Target) -> Candidates {
        let count = Scratch.blockSize
        let start = target.position &* count
        return Candidates(
            sources: sources.base.unsafelyUnwrapped + start, campaigns: campaigns.base.unsafelyUnwrapped + start,
            moved: candidateSums.base.unsafelyUnwrapped + start,
            variances: candidateSums.base.unsafelyUnwrapped + (2 &* count &+ start),
            sharedVariances: candidateSums.base.unsafelyUnwrapped + (4 &* count &+ start))
    }

    @inline(__always)
    var lanes: Lanes {
        let count = Scratch.blockSize
        let numbers = laneNumbers.base.unsafelyUnwrapped
        return Lanes(
            new: candidateNumbers.base.unsafelyUnwrapped, candidates: candidateNumbers.base.unsafelyUnwrapped + count,
            models: numbers, pairedPlaces: numbers + count, campaigns: numbers + 2 &* count,
            moved: laneSums.base.unsafelyUnwrapped, variances: laneSums.base.unsafelyUnwrapped + count,
            found: found.base.unsafelyUnwrapped)
    }

    @inline(__always)
    var pending: Rows { Rows(starts: rows.base.unsafelyUnwrapped, labels: labels.base.unsafelyUnwrapped) }

    /// Memory for the weights of some features of each candidate.
    @inline(__always)
    var weights: valuation_found {
        let numbers = laneNumbers.base.unsafelyUnwrapped
        return valuation_found(
            places: numbers + 3 &* Scratch.blockSize, sums: numbers + (3 &+ AdFeatures.depth) &* Scratch.blockSize,
            count: 0)
    }

    /// The number of lanes for which the kernels draw.
    static func roundedUp(_ count: Int) -> Int { (count &+ 7) & ~7 }
}
