// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import CValuation

/// Draws from the request's features for all models of a release at once, each for its own campaign. As when
/// `TargetScoring` sums rows, rows are read once and sequentially, which for many candidates costs less than looking up
/// the weights of each.
extension PolicyScoring {
    /// Draws for all models of a target from the dense rows, from the lists, from both or from none, whichever costs
    /// less, unless that is done already. If the time is over before the end, the result must not be used.
    ///
    /// - Parameter count: how many candidates of the block are to be valued.
    @_optimize(speed)
    @inline(__always)
    mutating func drawModels(_ target: Target, _ count: Int, _ release: Int) -> DrawnModels {
        let drawn = scratch.pointee.draws.drawn(release, target)
        let stamp = scratch.pointee.decisions.stamp
        if drawn.pointee.stamp != stamp {
            drawn.pointee = DrawnModels(stamp: stamp)
            let index = (scratch.pointee.scorings + release).pointee.index
            if index.pointee.hasVariances { planModels(target, expected(count), release, drawn) }
        }
        return drawn.pointee
    }

    @inline(never)
    private mutating func planModels(
        _ target: Target, _ candidates: Int, _ release: Int, _ drawn: UnsafeMutablePointer<DrawnModels>
    ) {
        let scoring = scratch.pointee.scorings + release
        let index = scoring.pointee.index
        let models = index.pointee.counts.models[target]
        var cost = DrawCost(models: models, candidates: candidates)
        for term in scoring.pointee.terms.list {
            let row = term.slot.pointee.row(target)
            if row.isEmpty { continue }
            if term.slot.pointee.isNumber {
                cost.addList(Int(row.shape))
            } else if row.isDense {
                cost.addDenseRow()
            } else {
                cost.addList(row.isShort ? row.shortLength : RowPlaces.estimatedLength(row, models))
            }
        }
        let (drawsDenseRows, drawsLists) = (cost.favorsDenseRows, cost.favorsLists)
        if !drawsDenseRows && !drawsLists { return }
        if drawsLists { prefetchLists(target, release) }
        drawn.pointee.hasDenseRows = drawsDenseRows || cost.denseRows == 0
        drawn.pointee.hasLists = drawsLists || cost.lists == 0
        let sums = scratch.pointee.draws.sums(release, target, index)
        memset(sums.moved, 0, 2 &* DrawScratch.width(index) &* MemoryLayout<Double>.stride)
        drawAll(target, release, drawn.pointee, sums.moved, notesArms ? sums.variances : nil)
    }

    /// Computes the drawn probabilities of all models, if all have drawn and this costs less than computing those of the
    /// candidates; each candidate then only fetches its own. Not for ads with features, for models with bases, or for
    /// campaigns that are valued by another's model or an observed rate, because these draw separately.
    ///
    /// - Returns: whether the candidates' probabilities and flags have been set.
    @inline(never)
    mutating func fetchDrawn(_ target: Target, _ count: Int, _ release: Int, _ scale: Double) -> Bool {
        let scoring = scratch.pointee.scorings + release
        let index = scoring.pointee.index
        if index.pointee.levels > 1 || scoring.pointee.deadline.isOver { return false }
        let drawn = drawModels(target, count, release)
        if !drawn.hasDenseRows || !drawn.hasLists || scoring.pointee.deadline.isOver { return false }
        let probabilities = scratch.pointee.draws.probabilities(release, target, index)
        var hasProbabilities = drawn.hasProbabilities
        if drawn.scale != scale {
            hasProbabilities = finishDrawn(target, count, release, scale, probabilities)
            let drawn = scratch.pointee.draws.drawn(release, target)
            (drawn.pointee.scale, drawn.pointee.hasProbabilities) = (scale, hasProbabilities)
        }
        if !hasProbabilities || !scoring.pointee.flagsOfAny(count).isDisjoint(with: .standIns) { return false }
        scoring.pointee.of(target).pointee.takeProbabilities(
            count: count, drawn: probabilities, scoring.pointee.scratch)
        return true
    }

    /// Draws all models' intercepts, too, and computes the probabilities, with a negative sign if nothing was drawn.
    ///
    /// - Returns: whether they have been computed.
    @inline(never)
    private mutating func finishDrawn(
        _ target: Target, _ count: Int, _ release: Int, _ scale: Double, _ probabilities: UnsafeMutablePointer<Float>
    ) -> Bool {
        let scoring = scratch.pointee.scorings + release
        let index = scoring.pointee.index
        let models = index.pointee.counts.models[target]
        let pending = scratch.pointee.draws.pending
        pending.starts[0] = UnsafePointer(index.pointee.intercepts[target])
        pending.labels[0] = Draw.label(interceptHalf, target, level: 0)
        // In the memory of the variances, which are only stored if no probabilities are computed.
        let (moved, all) = scratch.pointee.draws.sums(release, target, index)
        memcpy(all, moved, index.pointee.counts.width(target) &* MemoryLayout<Double>.stride)
        scoring.pointee.scratch.pointee.kernels.pointee.draw(
            pending.starts, pending.labels, 1, nil, 0, index.pointee.campaigns[target], models,
            all, nil)
        for place in models..<index.pointee.counts.width(target) { all[place] = 0 }
        return scoring.pointee.of(target).pointee.finishModels(
            candidates: expected(count), movedBy: all, scale, into: probabilities)
    }

    /// Prefetches the deviations of the lists, which are too short for the processor to detect sequential reading.
    private func prefetchLists(_ target: Target, _ release: Int) {
        let scoring = scratch.pointee.scorings + release
        for term in scoring.pointee.terms.list {
            let row = term.slot.pointee.row(target)
            if row.isEmpty || row.isDense || term.slot.pointee.isNumber { continue }
            let deviations = UnsafeRawPointer(scoring.pointee.index.pointee.deviations + Int(row.start))
            for line in 0..<4 { valuation_kernels_prefetch(deviations + line &* 64) }
        }
    }

    private mutating func drawAll(
        _ target: Target, _ release: Int, _ drawn: DrawnModels, _ moved: UnsafeMutablePointer<Double>,
        _ variances: UnsafeMutablePointer<Double>?
    ) {
        let scoring = scratch.pointee.scorings + release
        let index = scoring.pointee.index
        let terms = scoring.pointee.terms.list
        guard let halves = termHalves(release) else { return }
        let campaigns = index.pointee.campaigns[target]
        let width = index.pointee.counts.models[target]
        var rows = PendingRows(scratch.pointee.draws.pending)
        for position in 0..<terms.count {
            let term = terms[position]
            let row = term.slot.pointee.row(target)
            if row.isEmpty { continue }
            let label = Draw.label(halves[position], target, level: 0)
            if row.isDense && !term.slot.pointee.isNumber {
                if !drawn.hasDenseRows { continue }
                let kind: DrawnRows = row.isPaired ? .paired : .dense
                if rows.add(index.pointee.deviations + Int(row.start), label, kind) {
                    draw(kind, &rows, nil, campaigns, width, moved, variances, release)
                }
            } else if drawn.hasLists {
                if scoring.pointee.deadline.check() { return }
                if term.slot.pointee.isNumber {
                    drawNumbers(term, row, label, campaigns, index, moved, variances)
                } else {
                    drawList(row, target, label, campaigns, index, moved, variances)
                }
            }
        }
        draw(.paired, &rows, nil, campaigns, width, moved, variances, release)
        draw(.dense, &rows, nil, campaigns, width, moved, variances, release)
    }

    /// The hot loop of lists.
    @inline(never)
    private func drawList(
        _ row: Index.Row, _ target: Target, _ label: UInt32, _ campaigns: UnsafePointer<UInt32>,
        _ index: UnsafePointer<Index>, _ moved: UnsafeMutablePointer<Double>, _ variances: UnsafeMutablePointer<Double>?
    ) {
        let start = Int(row.start)
        let isWide = index.pointee.counts.isWide
        let models = index.pointee.listModels + start &* (isWide ? 4 : 2)
        let deviations = index.pointee.deviations + start
        for position in 0..<index.pointee.length(of: row, target) {
            let model =
                isWide
                ? Int(models.load(fromByteOffset: 4 &* position, as: UInt32.self))
                : Int(models.load(fromByteOffset: 2 &* position, as: UInt16.self))
            moved[model] += Draw.move(deviations[position], Draw.z(label, campaigns[model]))
            if let variances { variances[model] += Double(deviations[position] * deviations[position]) }
        }
    }

    @inline(never)
    private func drawNumbers(
        _ term: Term, _ row: Index.Row, _ label: UInt32, _ campaigns: UnsafePointer<UInt32>,
        _ index: UnsafePointer<Index>, _ moved: UnsafeMutablePointer<Double>, _ variances: UnsafeMutablePointer<Double>?
    ) {
        for place in Int(row.start)..<(Int(row.start) &+ Int(row.shape)) {
            let model = Int(index.pointee.numberModels[place])
            let deviation = index.pointee.deviation(ofNumberAt: place, number: term.number)
            moved[model] += Draw.move(deviation, Draw.coldZ(label, campaigns[model]))
            variances?[model] += Double(deviation * deviation)
        }
    }
}
