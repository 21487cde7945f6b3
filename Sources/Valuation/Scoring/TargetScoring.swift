// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform

/// One target of one request: the sums of the weights that the candidates' models have for its terms.
///
/// Each term takes the road that costs less (`Cost`): its row is added to the sums of all models at once, or its weight is looked
/// up for each candidate. As the sums are exact, the road does not show in the result.
///
/// Models are numbered in their target here; the number behind the last stands for none.
struct TargetScoring {
    let target: Target
    let index: UnsafePointer<Index>
    let scales: UnsafeMutablePointer<valuation_scale>
    let parameters: UnsafeMutablePointer<Index.ModelParameters>
    /// One for each candidate of the block, then one for each base that their models extend.
    let models: UnsafeMutablePointer<UInt32>
    let logits: UnsafeMutablePointer<Double>
    let probabilities: UnsafeMutablePointer<Float>
    let modelLogits: UnsafeMutablePointer<Double>
    let modelProbabilities: UnsafeMutablePointer<Float>
    let sums: UnsafeMutablePointer<Int64>
    let kernels: UnsafePointer<valuation_kernels>
    let sumCount: Int
    let areZero: UnsafeMutablePointer<Bool>
    let streamed: UnsafeMutablePointer<Term>
    let direct: UnsafeMutablePointer<Term>
    let baseStarts: UnsafeMutablePointer<Int>
    let entrySums: UnsafeMutablePointer<Int64>
    var directCount = 0
    var streamedCount = 0
    var isPlanned = false
    var usesSums = false
    var hasTriedModels = false
    /// Whether the probabilities of all models are there.
    var hasModels = false
    var entryCount = 0

    init(
        _ target: Target, _ scratch: borrowing TargetScratch, _ index: UnsafePointer<Index>,
        _ kernels: UnsafePointer<valuation_kernels>
    ) {
        self.target = target
        self.index = index
        scales = index.pointee.scales(target)
        parameters = index.pointee.parameters(target)
        models = scratch.entryModels.base.unsafelyUnwrapped
        logits = scratch.logits.base.unsafelyUnwrapped
        probabilities = scratch.probabilities.base.unsafelyUnwrapped
        modelLogits = scratch.modelLogits.base.unsafelyUnwrapped
        modelProbabilities = scratch.modelProbabilities.base.unsafelyUnwrapped
        sums = scratch.sums.base.unsafelyUnwrapped
        self.kernels = kernels
        sumCount = scratch.sums.count
        areZero = scratch.areZero.base.unsafelyUnwrapped
        streamed = scratch.streamed.base.unsafelyUnwrapped
        direct = scratch.direct.base.unsafelyUnwrapped
        baseStarts = scratch.baseStarts.base.unsafelyUnwrapped
        entrySums = scratch.entrySums.base.unsafelyUnwrapped
    }

    /// The number of models, which stands for none.
    var absentModel: UInt32 { UInt32(truncatingIfNeeded: index.pointee.counts.models(target)) }

    /// What the probability of a candidate is when there is no time to compute it.
    func prior(_ place: Int) -> Float { parameters[Int(models[place])].prior }

    // MARK: A block of candidates

    /// Takes the sums of the request's terms for the models of `count` candidates, and for the bases of these.
    mutating func beginBlock(count: Int, _ deadline: inout Deadline) {
        entryCount = count
        if index.pointee.hasBases { addBases(count) }
        let (models, entrySums, sums) = (models, entrySums, sums)
        if usesSums {
            for entry in 0..<entryCount { entrySums[entry] = sums[Int(models[entry])] }
        } else {
            memset(entrySums, 0, entryCount &* MemoryLayout<Int64>.stride)
        }
        if directCount == 0 { return }
        for entry in entryCount..<RowPlaces.roundedUp(entryCount) { models[entry] = 0 }
        for position in 0..<directCount {
            if position & 15 == 15 && deadline.check() { return }
            addDirectly(direct[position])
        }
    }

    /// Adds an entry for each base of each candidate's model, those of one candidate after those of the one before.
    private mutating func addBases(_ count: Int) {
        for place in 0..<count {
            baseStarts[place] = entryCount
            var base = parameters[Int(models[place])].base
            while base != Index.none {
                models[entryCount] = base
                entryCount &+= 1
                base = parameters[Int(base)].base
            }
        }
    }

    private func addDirectly(_ term: Term) {
        if term.slot.pointee.isNumber {
            for entry in 0..<entryCount { addNumber(term, to: entry) }
        } else {
            let row = term.slot.pointee.row(target)
            withUnsafePointer(to: index.pointee.rows) {
                kernels.pointee.add_row($0, row, models, entryCount, entrySums)
            }
        }
    }

    /// Hands out the entries of the bases that a candidate's model extends.
    @inline(__always)
    func forEachBase(of place: Int, _ body: (_ entry: Int) -> Void) {
        if !index.pointee.hasBases { return }
        var entry = baseStarts[place]
        var base = parameters[Int(models[place])].base
        while base != Index.none {
            body(entry)
            entry &+= 1
            base = parameters[Int(base)].base
        }
    }

    /// Adds the weights of candidates' ads in rows of their own, for the candidates' models and the bases of these.
    ///
    /// - Parameters:
    ///   - places: the candidate of each row.
    ///   - count: at most `AdLookups.capacity`.
    func addWeights(_ rows: UnsafePointer<Index.Row>, of places: UnsafePointer<UInt32>, count: Int) {
        withUnsafePointer(to: index.pointee.rows) {
            kernels.pointee.look_up($0, rows, places, models, count, entrySums)
        }
        if !index.pointee.hasBases { return }
        for position in 0..<count {
            forEachBase(of: Int(truncatingIfNeeded: places[position])) { entry in
                entrySums[entry] &+= index.pointee.weight(rows[position], Int(models[entry]))
            }
        }
    }

    /// Adds a number of a candidate's ad, for the candidate's model and the bases of this.
    func addNumber(_ term: Term, toAdOf place: Int) {
        addNumber(term, to: place)
        forEachBase(of: place) { addNumber(term, to: $0) }
    }

    private func addNumber(_ term: Term, to entry: Int) {
        let model = Int(models[entry])
        guard let place = index.pointee.numberPlace(term.slot.pointee.row(target), model) else { return }
        entrySums[entry] &+= index.pointee.numberContribution(place, number: term.number, unit: scales[model].unit)
    }

    /// Turns the sums into probabilities of logits cut at ±`Sigmoid.bound`.
    func finishBlock(count: Int, _ flags: UnsafeMutablePointer<Flags>) {
        let (models, entrySums, scales, logits) = (models, entrySums, scales, logits)
        for place in 0..<count {
            let scale = scales[Int(models[place])]
            logits[place] = scale.constant + scale.unit * Double(entrySums[place])
        }
        if index.pointee.hasBases {
            for place in 0..<count {
                forEachBase(of: place) { entry in
                    logits[place] += scales[Int(models[entry])].unit * Double(entrySums[entry])
                }
            }
        }
        for place in 0..<count {
            let logit = logits[place]
            let cut = max(-Sigmoid.bound, min(Sigmoid.bound, logit))
            logits[place] = cut
            flags[place].formUnion(cut != logit ? .clamped : Flags())
        }
        kernels.pointee.sigmoid(logits, RowPlaces.roundedUp(count), probabilities)
    }

    // MARK: All models at once

    /// Computes the probability of every model, if that costs less than computing those of the candidates, of which each then
    /// only fetches its own. Not for ads with features, nor for models with bases.
    ///
    /// - Parameter candidates: about how many are still to be valued.
    /// - Returns: whether they are there, to be fetched.
    mutating func finishModels(candidates: Int) -> Bool {
        if hasTriedModels { return hasModels }
        hasTriedModels = true
        let count = index.pointee.counts.models(target)
        if !usesSums || directCount > 0 || index.pointee.hasBases || count > 2 * candidates { return false }
        let width = RowPlaces.roundedUp(count &+ 1)
        let wasCut = kernels.pointee.scale(sums, scales, width, Sigmoid.bound, modelLogits)
        // A cut is flagged, which only the road of the candidates does.
        if wasCut != 0 { return false }
        kernels.pointee.sigmoid(modelLogits, width, modelProbabilities)
        hasModels = true
        return true
    }

    /// Fetches the candidates' probabilities from those of all models.
    func takeProbabilities(count: Int) {
        for place in 0..<count { probabilities[place] = modelProbabilities[Int(models[place])] }
    }
}
