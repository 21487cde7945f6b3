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
        let models = index.pointee.counts.models(target)
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
        drawAll(target, release, drawn.pointee, sums.moved, sums.variances)
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

    @_optimize(speed)
    private mutating func drawAll(
        _ target: Target, _ release: Int, _ drawn: DrawnModels, _ moved: UnsafeMutablePointer<Double>,
        _ variances: UnsafeMutablePointer<Double>
    ) {
        let scoring = scratch.pointee.scorings + release
        let index = scoring.pointee.index
        let terms = scoring.pointee.terms.list
        guard let halves = termHalves(release) else { return }
        let (own, campaigns) = (Draw.half(of: target, level: 0), index.pointee.campaigns(target))
        let width = DrawScratch.roundedUp(index.pointee.counts.models(target))
        var rows = PendingRows(scratch.pointee.draws.pending)
        for position in 0..<terms.count {
            let term = terms[position]
            let row = term.slot.pointee.row(target)
            if row.isEmpty { continue }
            let half = halves[position] ^ own
            if row.isDense && !term.slot.pointee.isNumber {
                if !drawn.hasDenseRows { continue }
                let kind: DrawnRows = row.isPaired ? .paired : .dense
                if rows.add(index.pointee.deviations + Int(row.start), half, kind) {
                    draw(kind, &rows, nil, campaigns, width, moved, variances, release)
                }
            } else if drawn.hasLists {
                if scoring.pointee.deadline.check() { return }
                if term.slot.pointee.isNumber {
                    drawNumbers(term, row, target, half, campaigns, index, moved, variances)
                } else if index.pointee.counts.isWide {
                    drawList(row, target, half, campaigns, index, moved, variances, of: UInt32.self)
                } else {
                    drawList(row, target, half, campaigns, index, moved, variances, of: UInt16.self)
                }
            }
        }
        draw(.paired, &rows, nil, campaigns, width, moved, variances, release)
        draw(.dense, &rows, nil, campaigns, width, moved, variances, release)
    }

    /// The hot loop of lists.
    @inline(__always)
    private func drawList<Model: FixedWidthInteger>(
        _ row: Index.Row, _ target: Target, _ half: UInt32, _ campaigns: UnsafePointer<UInt32>,
        _ index: UnsafePointer<Index>, _ moved: UnsafeMutablePointer<Double>,
        _ variances: UnsafeMutablePointer<Double>, of _: Model.Type
    ) {
        let start = Int(row.start)
        let models = index.pointee.listModels.assumingMemoryBound(to: Model.self) + start
        let (deviations, normals) = (index.pointee.deviations + start, normals)
        for position in 0..<index.pointee.length(of: row, target) {
            let (model, deviation) = (Int(truncatingIfNeeded: models[position]), deviations[position])
            moved[model] += Draw.move(deviation, normals.single(Draw.part(half, campaigns[model])))
            variances[model] += Double(deviation * deviation)
        }
    }

    private func drawNumbers(
        _ term: Term, _ row: Index.Row, _ target: Target, _ half: UInt32, _ campaigns: UnsafePointer<UInt32>,
        _ index: UnsafePointer<Index>, _ moved: UnsafeMutablePointer<Double>, _ variances: UnsafeMutablePointer<Double>
    ) {
        for place in Int(row.start)..<(Int(row.start) &+ Int(row.shape)) {
            let model = Int(index.pointee.numberModels[place])
            let deviation = index.pointee.deviation(ofNumberAt: place, number: term.number)
            moved[model] += Draw.move(deviation, normals.single(Draw.part(half, campaigns[model])))
            variances[model] += Double(deviation * deviation)
        }
    }
}
