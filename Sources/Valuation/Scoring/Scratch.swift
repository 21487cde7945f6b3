// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import CValuation

/// The working memory of one scorer: allocated when the scorer is created and when models are loaded, never while
/// scoring.
struct Scratch: ~Copyable {
    /// A request's features, and as many crosses of them as are listed.
    static let maximumTerms = 2 * Limits.maximumFeatures
    /// Candidates that are valued together: enough to fill the vector units, few enough to stay in the L1 cache.
    static let blockSize = VALUATION_KERNELS_BLOCK

    /// Calls `body` with the start and the length of each block of the candidates.
    @inline(__always)
    static func forEachBlock(of count: Int, _ body: (_ start: Int, _ length: Int) -> Void) {
        var start = 0
        while start < count {
            let length = min(blockSize, count &- start)
            body(start, length)
            start &+= length
        }
    }

    /// The loops for one instruction set.
    let kernels: UnsafePointer<valuation_kernels>
    /// Of the features that have been looked up for the current request, or for the last one.
    var coverage = Coverage()
    /// The request's known features, then their crosses.
    var terms = Buffer<Term>()
    /// How many of the terms are those of the features that the current batch shares.
    var shared = SharedTerms()
    /// Those of the request's features that may be in crosses.
    var crossing = Buffer<UnsafePointer<Index.LabelSlot>>()
    var adFeatures = AdFeatures()
    /// Those of the current ad's features that may be in crosses.
    var adCrossing = Buffer<UnsafePointer<Index.LabelSlot>>()
    /// The terms with dense rows, and the positions of these.
    var denseRows = Buffer<Term>()
    var denseWeights = Buffer<UnsafePointer<Int32>?>()
    var flags = Buffer<Flags>()
    var values = Buffer<valuation_value>()
    /// A block of candidates whose features were in one array.
    private var candidates = Buffer<valuation_candidate>()
    var click = TargetScratch()
    var conversion = TargetScratch()
    /// For how many models the memory is large enough.
    private var models = ByTarget(click: 0, conversion: 0)

    init(_ kernels: UnsafePointer<valuation_kernels>) throws(Failure) {
        self.kernels = kernels
        try terms.reserve(Scratch.maximumTerms)
        try crossing.reserve(Limits.maximumFeatures)
        try adFeatures.reserve()
        try adCrossing.reserve(Limits.maximumFeatures)
        try denseRows.reserve(Scratch.maximumTerms)
        try denseWeights.reserve(Scratch.maximumTerms)
        try flags.resize(Scratch.blockSize, filling: [])
        try values.resize(Scratch.blockSize, filling: valuation_value())
        try candidates.resize(Scratch.blockSize, filling: valuation_candidate())
        try click.reserve()
        try conversion.reserve()
    }

    /// Memory for a block of candidates.
    var candidateRoom: UnsafeMutablePointer<valuation_candidate> { candidates.base.unsafelyUnwrapped }

    /// `flags` in the type that `CKernels` expects.
    var flagBits: UnsafeMutablePointer<UInt32> {
        UnsafeMutableRawPointer(flags.base.unsafelyUnwrapped).assumingMemoryBound(to: UInt32.self)
    }

    /// - Parameter kernels: by default, those for the best set that the machine has.
    /// - Returns: a new one, to be passed to `Memory.destroy`.
    static func allocate(
        _ kernels: UnsafePointer<valuation_kernels> = valuation_kernels_for_this_machine().unsafelyUnwrapped
    ) throws(Failure) -> UnsafeMutablePointer<Scratch> {
        try Memory.place(try Scratch(kernels))
    }

    /// Grows the memory to the size for an index; does nothing if it is large enough.
    @inline(__always)
    mutating func prepare(_ counts: Index.Counts) throws(Failure) {
        if counts.models.click > models.click || counts.models.conversion > models.conversion { try grow(counts) }
    }

    @inline(never)
    private mutating func grow(_ counts: Index.Counts) throws(Failure) {
        let wanted = ByTarget { max(models[$0], counts.models[$0]) }
        let largest = max(wanted.click, wanted.conversion)
        try click.prepare(models: wanted.click, sums: largest)
        try conversion.prepare(models: wanted.conversion, sums: largest)
        models = wanted
    }
}

/// A feature or cross that some model knows.
typealias Term = valuation_term

/// The part of the working memory that exists for each target.
struct TargetScratch: ~Copyable {
    /// One for each model of the target, and one for no model. As many as for the other target, because a forged list
    /// may name models of that one.
    var sums = Buffer<Int64>()
    /// One element: whether all the sums are 0 between two requests.
    var areZero = Buffer<Bool>()
    var modelLogits = Buffer<Double>()
    var modelProbabilities = Buffer<Float>()
    /// The terms whose rows are added to the sums of all models; from the end backwards, numbers that are looked up
    /// candidate by candidate.
    var streamed = Buffer<Term>()
    /// The rows of categories that are looked up candidate by candidate.
    var directRows = Buffer<Index.Row>()
    /// The numbers of the models in the target: those of the candidates, then those that these extend, and so on,
    /// `Scratch.blockSize` of each; and the sum of each one's weights.
    var entryModels = Buffer<UInt32>()
    var entrySums = Buffer<Int64>()
    /// One for each candidate of a block.
    var logits = Buffer<Double>()
    var probabilities = Buffer<Float>()

    fileprivate mutating func reserve() throws(Failure) {
        let entries = Scratch.blockSize * IndexBuilder.maximumChain
        try areZero.resize(1, filling: true)
        try prepare(models: 1, sums: 1)
        try streamed.reserve(Scratch.maximumTerms)
        try directRows.reserve(RowPlaces.roundedUp(Scratch.maximumTerms))
        try entryModels.resize(entries, filling: 0)
        try entrySums.resize(entries, filling: 0)
        try logits.resize(Scratch.blockSize, filling: 0)
        try probabilities.resize(Scratch.blockSize, filling: 0)
    }

    fileprivate mutating func prepare(models: Int, sums wanted: Int) throws(Failure) {
        let width = RowPlaces.roundedUp(models + 1)
        try modelLogits.resize(max(modelLogits.count, width), filling: 0)
        try modelProbabilities.resize(max(modelProbabilities.count, width), filling: 0)
        try sums.resize(max(sums.count, RowPlaces.roundedUp(wanted + 1)), filling: 0)
    }
}
