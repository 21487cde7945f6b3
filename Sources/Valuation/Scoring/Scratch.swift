// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation

/// The working memory of one scorer: taken when the scorer is made and when models are loaded, never while scoring.
struct Scratch: ~Copyable {
    static let maximumFeatures = 10_000
    /// Candidates that are valued together: enough to fill the vector units, few enough to stay in the first cache.
    static let blockSize = 128

    /// A feature that some model knows.
    struct Resolved {
        var slot: UnsafePointer<Index.LabelSlot>
        var number: Double
    }

    /// One per model: the sum of the request's weights, in the model's units. Valid for the targets accumulated.
    var accumulators = Buffer<Int64>()
    /// The request's known features, and those among them that may take part in a cross.
    var features = Buffer<Resolved>()
    var crossing = Buffer<UnsafePointer<Index.LabelSlot>>()
    /// The same of the candidate at hand.
    var adFeatures = Buffer<Resolved>()
    var adCrossing = Buffer<UnsafePointer<Index.LabelSlot>>()

    // One element per candidate of the block at hand.
    var clickLogits = Buffer<Double>()
    var conversionLogits = Buffer<Double>()
    var clickProbabilities = Buffer<Float>()
    var conversionProbabilities = Buffer<Float>()
    var clickModels = Buffer<UInt32>()
    var conversionModels = Buffer<UInt32>()
    var flags = Buffer<Flags>()
    var values = Buffer<valuation_value>()

    init() throws(Failure) {
        try features.reserve(Scratch.maximumFeatures)
        try crossing.reserve(Scratch.maximumFeatures)
        try adFeatures.reserve(Scratch.maximumFeatures)
        try adCrossing.reserve(Scratch.maximumFeatures)
        try clickLogits.resize(Scratch.blockSize, filling: 0)
        try conversionLogits.resize(Scratch.blockSize, filling: 0)
        try clickProbabilities.resize(Scratch.blockSize, filling: 0)
        try conversionProbabilities.resize(Scratch.blockSize, filling: 0)
        try clickModels.resize(Scratch.blockSize, filling: 0)
        try conversionModels.resize(Scratch.blockSize, filling: 0)
        try flags.resize(Scratch.blockSize, filling: [])
        try values.resize(Scratch.blockSize, filling: valuation_value())
    }

    /// Moves a new one to memory of its own. - Returns: to be given to `destroy`.
    static func allocate() throws(Failure) -> UnsafeMutablePointer<Scratch> {
        guard let memory = malloc(MemoryLayout<Scratch>.size) else { throw .outOfMemory }
        let pointer = memory.bindMemory(to: Scratch.self, capacity: 1)
        do {
            pointer.initialize(to: try Scratch())
        } catch {
            free(memory)
            throw error
        }
        return pointer
    }

    static func destroy(_ scratch: UnsafeMutablePointer<Scratch>) {
        scratch.deinitialize(count: 1)
        free(scratch)
    }

    /// Makes room for an index of so many models; does nothing if there is enough already.
    mutating func prepare(models: Int) throws(Failure) {
        if accumulators.count < models { try accumulators.resize(models, filling: 0) }
    }
}
