// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform

/// One target of one request: the sums of the weights that the candidates' models have for its terms.
///
/// Each term takes the cheaper path (`Cost`): its row is added to the sums of all models at once, or its weight is
/// looked up for each candidate. Sums are exact, so the path does not show in the result.
///
/// Models are numbered in their target here; the number after the last stands for no model. Methods are mutating even
/// if they change only the scratch space: otherwise the compiler would copy the value at each call.
struct TargetScoring {
    let target: Target
    let index: UnsafePointer<Index>
    let scales: UnsafeMutablePointer<valuation_scale>
    let parameters: UnsafeMutablePointer<Index.ModelParameters>
    /// See `TargetScratch.entryModels`.
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
    let directRows: UnsafeMutablePointer<Index.Row>
    let entrySums: UnsafeMutablePointer<Int64>
    var directRowCount = 0
    var directNumberCount = 0
    var streamedCount = 0
    var isPlanned = false
    var usesSums = false
    var hasTriedModels = false
    /// Whether the probabilities of all models have been computed.
    var hasModels = false

    init(
        _ target: Target, _ scratch: borrowing TargetScratch, _ index: UnsafePointer<Index>,
        _ kernels: UnsafePointer<valuation_kernels>
    ) {
        self.target = target
        self.index = index
        scales = index.pointee.scales[target]
        parameters = index.pointee.parameters[target]
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
        directRows = scratch.directRows.base.unsafelyUnwrapped
        entrySums = scratch.entrySums.base.unsafelyUnwrapped
    }

    /// The number of models, which stands for no model.
    var absentModel: UInt32 { UInt32(truncatingIfNeeded: index.pointee.counts.models[target]) }

    /// The probability of a candidate if there is no time to compute it.
    func priorProbability(_ place: Int) -> Float { parameters[Int(models[place])].prior }

    // MARK: A block of candidates

    /// Reads the sums of the request's terms for the models of `count` candidates, and for those that these extend.
    @_optimize(speed)
    mutating func beginBlock(count: Int, _ deadline: inout Deadline) {
        beginLookups(count: count)
        if usesSums {
            let (models, entrySums, sums) = (models, entrySums, sums)
            for level in 0..<index.pointee.levels {
                let start = level &* Scratch.blockSize
                for entry in start..<(start &+ RowPlaces.roundedUp(count)) {
                    entrySums[entry] = sums[Int(models[entry])]
                }
            }
        }
        addDirectly(count, &deadline)
    }

    /// Finds the models that those of `count` candidates extend, and sets the sums of all of them to 0.
    @inline(__always)
    mutating func beginLookups(count: Int) {
        let width = RowPlaces.roundedUp(count)
        for place in count..<width { models[place] = 0 }
        addBases(width)
        for level in 0..<index.pointee.levels {
            memset(entrySums + level &* Scratch.blockSize, 0, width &* MemoryLayout<Int64>.stride)
        }
    }

    /// Finds the models that those of the candidates extend; if there is none, the one that stands for no model, whose
    /// unit is 0.
    private mutating func addBases(_ width: Int) {
        for level in 1..<max(1, index.pointee.levels) {
            let own = models + (level &- 1) &* Scratch.blockSize
            for place in 0..<width {
                let base = parameters[Int(own[place])].base
                own[Scratch.blockSize &+ place] = base == Index.none ? absentModel : base
            }
        }
    }

    /// Looks up the weights of some rows at a time: as many as take a fraction of a millisecond.
    private mutating func addDirectly(_ count: Int, _ deadline: inout Deadline) {
        for position in 0..<directNumberCount {
            let number = streamed[Scratch.maximumTerms &- 1 &- position]
            for place in 0..<count { addNumber(number, to: place) }
            if deadline.check(after: count) { return }
        }
        let most = min(Scratch.blockSize, RowPlaces.roundedUp(2048 / max(1, count)))
        var first = 0
        while first < directRowCount && !deadline.check() {
            let length = min(most, directRowCount &- first)
            withUnsafePointer(to: index.pointee.rows) {
                for level in 0..<index.pointee.levels {
                    let start = level &* Scratch.blockSize
                    kernels.pointee.add_rows($0, directRows + first, length, models + start, count, entrySums + start)
                }
            }
            first &+= length
        }
    }

    /// Adds the weights of candidates' ads, each in its own row, for the candidates' models and those that these
    /// extend.
    mutating func addWeights(_ rows: UnsafePointer<Index.Row>, depth: Int, count: Int) {
        withUnsafePointer(to: index.pointee.rows) {
            for level in 0..<index.pointee.levels {
                let start = level &* Scratch.blockSize
                kernels.pointee.look_up($0, rows, depth, models + start, count, entrySums + start, nil)
            }
        }
    }

    /// The same for the models of one level; notes where weights were found.
    mutating func addWeights(
        _ rows: UnsafePointer<Index.Row>, depth: Int, count: Int, level: Int, notedIn found: inout valuation_found
    ) {
        let start = level &* Scratch.blockSize
        found.count = 0
        withUnsafePointer(to: index.pointee.rows) {
            kernels.pointee.look_up($0, rows, depth, models + start, count, entrySums + start, &found)
        }
    }

    /// Adds a row's weight for a candidate's model, and for those that it extends.
    mutating func addWeight(_ row: Index.Row, to place: Int) {
        for level in 0..<index.pointee.levels {
            let entry = level &* Scratch.blockSize &+ place
            entrySums[entry] &+= index.pointee.weight(row, Int(models[entry]))
        }
    }

    /// Adds a number for a candidate's model, and for those that it extends.
    mutating func addNumber(_ term: Term, to place: Int) {
        for level in 0..<index.pointee.levels {
            let entry = level &* Scratch.blockSize &+ place
            let model = Int(models[entry])
            guard let found = index.pointee.numberPlace(term.slot.pointee.row(target), model) else { continue }
            entrySums[entry] &+= index.pointee.numberContribution(found, number: term.number, unit: scales[model].unit)
        }
    }

    /// Turns the sums into logits.
    mutating func takeLogits(count: Int) {
        let (models, entrySums, scales, logits) = (models, entrySums, scales, logits)
        kernels.pointee.scale(entrySums, scales, models, count, logits)
        for level in 1..<max(1, index.pointee.levels) {
            let start = level &* Scratch.blockSize
            for place in 0..<count {
                logits[place] += scales[Int(models[start &+ place])].unit * Double(entrySums[start &+ place])
            }
        }
    }

    /// Turns the logits into probabilities, clamped to ±`Sigmoid.bound`.
    mutating func takeProbabilities(ofLogits count: Int, _ flags: UnsafeMutablePointer<Flags>) {
        let logits = logits
        if kernels.pointee.sigmoid(logits, count, Sigmoid.bound, probabilities) == 0 { return }
        for place in 0..<count where logits[place].magnitude > Sigmoid.bound { flags[place].formUnion(.clamped) }
    }

    // MARK: All models at once

    /// Computes the probability of every model, if that costs less than computing those of the candidates. Each
    /// candidate then only fetches its own. Not for ads with features, nor for models with bases.
    ///
    /// - Parameter candidates: about how many are still to be valued.
    /// - Returns: whether the probabilities can be fetched.
    mutating func finishModels(candidates: Int) -> Bool {
        if hasTriedModels { return hasModels }
        hasTriedModels = true
        hasModels = finishModels(candidates: candidates, movedBy: nil, 0, modelProbabilities)
        return hasModels
    }

    @inline(never)
    private mutating func finishModels(
        candidates: Int, movedBy moves: UnsafePointer<Double>?, _ scale: Double,
        _ probabilities: UnsafeMutablePointer<Float>
    ) -> Bool {
        let count = index.pointee.counts.models[target]
        let isApart = directRowCount &+ directNumberCount > 0 || index.pointee.levels > 1
        let cost = self.cost(candidates: candidates)
        if !usesSums || isApart || !cost.favorsAllModels { return false }
        let width = RowPlaces.roundedUp(count &+ 1)
        let logits = modelLogits
        kernels.pointee.scale(sums, scales, nil, width, logits)
        if let moves { TargetScoring.move(logits, by: moves, scale, width) }
        // A clamped logit must be flagged, which only the path of the candidates does.
        return kernels.pointee.sigmoid(logits, width, Sigmoid.bound, probabilities) == 0
    }

    /// The same, each time anew, with each model's logit moved by `scale` × `moves`. The probability is negated if the
    /// move is 0.
    @inline(never)
    mutating func finishModels(
        candidates: Int, movedBy moves: UnsafePointer<Double>, _ scale: Double,
        into probabilities: UnsafeMutablePointer<Float>
    ) -> Bool {
        if !finishModels(candidates: candidates, movedBy: moves, scale, probabilities) { return false }
        for model in 0..<index.pointee.counts.width(target) where moves[model] == 0 { probabilities[model].negate() }
        return true
    }

    @_optimize(speed)
    @inline(never)
    private static func move(
        _ logits: UnsafeMutablePointer<Double>, by moves: UnsafePointer<Double>, _ scale: Double, _ count: Int
    ) {
        for model in 0..<count { logits[model] += moves[model] * scale }
    }

    /// Fetches the candidates' probabilities from those of all models, which are negated if nothing was drawn.
    @_optimize(speed)
    @inline(never)
    mutating func takeProbabilities(
        count: Int, drawn: UnsafePointer<Float>, _ scratch: UnsafeMutablePointer<Scratch>
    ) {
        let (flags, probabilities, models) = (scratch.pointee.flagBits, probabilities, models)
        for place in 0..<count {
            let bits = drawn[Int(models[place])].bitPattern
            probabilities[place] = Float(bitPattern: bits & (1 &<< 31 &- 1))
            flags[place] |= (bits &>> 31 ^ 1) &* Flags.explored.rawValue
        }
    }

    /// Fetches the candidates' probabilities from those of all models.
    mutating func takeProbabilities(count: Int) {
        for place in 0..<count { probabilities[place] = modelProbabilities[Int(models[place])] }
    }
}
