// SPDX-License-Identifier: Apache-2.0
import CKernels

/// One target of one request: the sums of the weights that the candidates' models have for its terms.
///
/// Each term takes the road that costs less (`Cost`): its row is added to the sums of all models at once, or its weight is looked
/// up for each candidate. As the sums are exact, the road does not show in the result.
///
/// Models are numbered in their target here; the number behind the last stands for none.
struct TargetScoring {
    let target: Target
    private let index: UnsafePointer<Index>
    private let scales: UnsafeMutablePointer<valuation_scale>
    private let parameters: UnsafeMutablePointer<Index.ModelParameters>
    /// One for each candidate of the block, then one for each base that their models extend.
    let models: UnsafeMutablePointer<UInt32>
    let logits: UnsafeMutablePointer<Double>
    let probabilities: UnsafeMutablePointer<Float>
    private let sums: UnsafeMutablePointer<Int64>
    private let direct: UnsafeMutablePointer<Term>
    private let baseStarts: UnsafeMutablePointer<Int>
    private let entrySums: UnsafeMutablePointer<Int64>
    private var directCount = 0
    private(set) var isPlanned = false
    private var usesSums = false
    private var entryCount = 0
    private var lookups: Lookups

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
        sums = scratch.sums.base.unsafelyUnwrapped
        direct = scratch.direct.base.unsafelyUnwrapped
        baseStarts = scratch.baseStarts.base.unsafelyUnwrapped
        entrySums = scratch.entrySums.base.unsafelyUnwrapped
        lookups = Lookups(scratch, index, kernels)
    }

    /// The number of models, which stands for none.
    var absentModel: UInt32 { UInt32(truncatingIfNeeded: index.pointee.counts.models(target)) }

    /// What the probability of a candidate is when there is no time to compute it.
    func prior(_ place: Int) -> Float { parameters[Int(models[place])].prior }

    // MARK: The request's terms

    /// Chooses a road for each term, and goes that of the sums; does nothing if that is done already.
    ///
    /// - Parameter candidates: about how many are still to be valued.
    mutating func plan(
        _ terms: RequestTerms, candidates: Int, _ scratch: UnsafeMutablePointer<Scratch>, _ deadline: inout Deadline
    ) {
        if isPlanned { return }
        isPlanned = true
        let cost = Cost(models: index.pointee.counts.models(target), candidates: candidates)
        let isIncomplete = terms.firstUnlisted < terms.crossing.count
        var saved = 0
        for term in terms.list { saved &+= max(0, self.saved(by: term, cost)) }
        usesSums = isIncomplete || saved > cost.sums
        scratch.pointee.denseRows.removeAll()
        for term in terms.list {
            let row = term.slot.pointee.row(target)
            if row.isEmpty { continue }
            if !usesSums || self.saved(by: term, cost) <= 0 {
                direct[directCount] = term
                directCount &+= 1
            } else if row.isDense {
                scratch.pointee.denseRows.spare.pointee = UnsafePointer(index.pointee.weights + Int(row.start))
                scratch.pointee.denseRows.appendWritten(1)
            }
        }
        if !usesSums { return }
        let width = RowPlaces.roundedUp(index.pointee.counts.models(target))
        scratch.pointee.kernels.pointee.sum_rows(
            scratch.pointee.denseRows.base, scratch.pointee.denseRows.count, width, sums)
        for term in terms.list {
            let row = term.slot.pointee.row(target)
            if row.isEmpty || row.isDense || self.saved(by: term, cost) <= 0 { continue }
            if deadline.check() { return }
            if term.slot.pointee.isNumber { addNumbers(row, term.number) } else { addList(row) }
        }
        if isIncomplete { addUnlistedCrosses(terms, &deadline) }
    }

    /// Adds the crosses that there are too many of to be listed.
    private func addUnlistedCrosses(_ terms: RequestTerms, _ deadline: inout Deadline) {
        for position in terms.firstUnlisted..<terms.crossing.count {
            if deadline.check() { return }
            terms.forEachCross(of: position) { slot in
                let row = slot.pointee.row(target)
                if row.isDense {
                    for model in 0..<index.pointee.counts.models(target) {
                        sums[model] &+= Int64(index.pointee.weights[Int(row.start) &+ model])
                    }
                } else {
                    addList(row)
                }
            }
        }
    }

    /// How much time the road of the sums saves with a term.
    @inline(__always)
    private func saved(by term: Term, _ cost: Cost) -> Int {
        let row = term.slot.pointee.row(target)
        if term.slot.pointee.isNumber { return cost.savedByNumbers(Int(row.shape)) }
        if row.isDense { return cost.savedByDenseRow }
        return cost.savedByList(index.pointee.length(of: row, target))
    }

    private func addList(_ row: Index.Row) {
        if index.pointee.counts.isWide { addList(row, of: UInt32.self) } else { addList(row, of: UInt16.self) }
    }

    /// The hot loop of lists.
    @inline(__always)
    private func addList<Model: FixedWidthInteger>(_ row: Index.Row, of _: Model.Type) {
        let start = Int(row.start)
        let length = index.pointee.length(of: row, target)
        let models = index.pointee.listModels.assumingMemoryBound(to: Model.self) + start
        let weights = index.pointee.weights + start
        let sums = sums
        for position in 0..<length {
            sums[Int(truncatingIfNeeded: models[position])] &+= Int64(weights[position])
        }
    }

    private func addNumbers(_ row: Index.Row, _ number: Double) {
        let start = Int(row.start)
        for place in start..<(start &+ Int(row.shape)) {
            let model = Int(index.pointee.numberModels[place])
            sums[model] &+= index.pointee.numberContribution(place, number: number, unit: scales[model].unit)
        }
    }

    // MARK: A block of candidates

    /// Takes the sums of the request's terms for the models of `count` candidates, and for the bases of these.
    mutating func beginBlock(count: Int) {
        entryCount = count
        if index.pointee.hasBases { addBases(count) }
        let (models, entrySums, sums) = (models, entrySums, sums)
        if usesSums {
            for entry in 0..<entryCount { entrySums[entry] = sums[Int(models[entry])] }
        } else {
            entrySums.update(repeating: 0, count: entryCount)
        }
        for position in 0..<directCount { addDirectly(direct[position]) }
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

    private mutating func addDirectly(_ term: Term) {
        if term.slot.pointee.isNumber {
            for entry in 0..<entryCount { addNumber(term, to: entry) }
        } else {
            let row = term.slot.pointee.row(target)
            for entry in 0..<entryCount { lookups.add(row, to: entry) }
        }
    }

    /// Adds a term of the ad of a candidate, for the candidate's model and the bases of this.
    @inline(__always)
    mutating func add(_ term: Term, to place: Int) {
        addToEntry(term, place)
        if !index.pointee.hasBases { return }
        var entry = baseStarts[place]
        var base = parameters[Int(models[place])].base
        while base != Index.none {
            addToEntry(term, entry)
            entry &+= 1
            base = parameters[Int(base)].base
        }
    }

    @inline(__always)
    private mutating func addToEntry(_ term: Term, _ entry: Int) {
        if term.slot.pointee.isNumber {
            addNumber(term, to: entry)
        } else {
            lookups.add(term.slot.pointee.row(target), to: entry)
        }
    }

    private func addNumber(_ term: Term, to entry: Int) {
        let model = Int(models[entry])
        guard let place = index.pointee.numberPlace(term.slot.pointee.row(target), model) else { return }
        entrySums[entry] &+= index.pointee.numberContribution(place, number: term.number, unit: scales[model].unit)
    }

    /// Turns the sums into logits, cut at ±`Sigmoid.bound`.
    mutating func finishBlock(count: Int, _ flags: UnsafeMutablePointer<Flags>) {
        lookups.finish()
        let (models, entrySums, scales, logits) = (models, entrySums, scales, logits)
        let hasBases = index.pointee.hasBases
        for place in 0..<count {
            let scale = scales[Int(models[place])]
            var logit = scale.constant + scale.unit * Double(entrySums[place])
            if hasBases {
                var entry = baseStarts[place]
                var base = parameters[Int(models[place])].base
                while base != Index.none {
                    logit += scales[Int(base)].unit * Double(entrySums[entry])
                    entry &+= 1
                    base = parameters[Int(base)].base
                }
            }
            let cut = max(-Sigmoid.bound, min(Sigmoid.bound, logit))
            logits[place] = cut
            flags[place].formUnion(cut != logit ? .clamped : [])
        }
    }
}
