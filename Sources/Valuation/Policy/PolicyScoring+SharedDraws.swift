// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import CValuation

/// What the weights that all ads of a campaign share draw: intercepts, and the weights of the request's features.
///
/// The campaigns of a block stand side by side in the lanes of the kernels, which draw a weight of all of them at once. What a
/// campaign has drawn is kept for the blocks behind.
extension PolicyScoring {
    /// Draws for each candidate of a block whose sums have been taken, so that the models which theirs extend are found. Where the time is
    /// over before, what it leaves is of no use.
    @_optimize(speed)
    @inline(never)
    mutating func drawShared(
        _ target: Target, _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, _ release: Int
    ) {
        let scoring = scratch.pointee.scorings + release
        let index = scoring.pointee.index
        let models = target == .click ? scoring.pointee.click.models : scoring.pointee.conversion.models
        let absent = UInt32(truncatingIfNeeded: index.pointee.counts.models(target))
        let (draws, lanes) = (scratch.pointee.draws.candidates(target), scratch.pointee.draws.lanes)
        let known = scratch.pointee.draws.known(release) + (target == .click ? 0 : index.pointee.counts.clickModels)
        let stamp = scratch.pointee.decisions.stamp
        block &+= 1
        var newCount = 0
        for place in 0..<count where models[place] != absent {
            let (entry, campaign) = (known + Int(models[place]), candidates[place].campaign)
            let number = Int32(truncatingIfNeeded: place)
            draws.sources[place] = number
            if entry.pointee.stamp != stamp || entry.pointee.campaign != campaign {
                (entry.pointee.stamp, entry.pointee.block) = (stamp, block)
                (entry.pointee.campaign, entry.pointee.place) = (campaign, number)
                draws.shared[place] = SharedDraw()
                lanes.new[newCount] = number
                newCount &+= 1
            } else if entry.pointee.block == block {
                draws.sources[place] = entry.pointee.place
            } else {
                draws.shared[place] = entry.pointee.drawn
            }
        }
        for level in 0..<index.pointee.levels {
            if scoring.pointee.deadline.check(after: newCount) { return }
            let laneCount = take(
                lanes, newCount, draws, models + level &* Scratch.blockSize, level, candidates, target, index)
            if laneCount == 0 { break }
            if index.pointee.hasVariances && !drawTerms(lanes, laneCount, target, release) { return }
            for lane in 0..<laneCount {
                let drawn = draws.shared + Int(lanes.candidates[lane])
                drawn.pointee.moved += lanes.moved[lane]
                drawn.pointee.variance += lanes.variances[lane]
            }
        }
        for position in 0..<newCount {
            let place = Int(lanes.new[position])
            let entry = known + Int(models[place])
            if entry.pointee.campaign == candidates[place].campaign { entry.pointee.drawn = draws.shared[place] }
        }
        for place in 0..<count where models[place] != absent {
            let source = Int(draws.sources[place])
            if source != place { draws.shared[place] = draws.shared[source] }
            draws.moved[place] = draws.shared[place].moved
            draws.variances[place] = draws.shared[place].variance
        }
    }

    /// Gives each new campaign that has a model of a level a lane, which begins with what the intercept draws.
    ///
    /// - Returns: how many lanes there are.
    @_optimize(speed)
    private mutating func take(
        _ lanes: DrawScratch.Lanes, _ newCount: Int, _ draws: DrawScratch.Candidates, _ models: UnsafePointer<UInt32>,
        _ level: Int, _ candidates: UnsafePointer<valuation_candidate>, _ target: Target, _ index: UnsafePointer<Index>
    ) -> Int {
        let (absent, parameters) = (
            UInt32(truncatingIfNeeded: index.pointee.counts.models(target)),
            target == .click ? index.pointee.clickParameters : index.pointee.conversionParameters
        )
        let paired = Index.Row.dense(start: 0, isPaired: true)
        var count = 0
        for position in 0..<newCount {
            let place = Int(lanes.new[position])
            let (model, campaign) = (models[place], candidates[place].campaign)
            if model == absent { continue }
            let half = Draw.half(ofCampaign: campaign, target, level: level)
            if level == 0 { draws.shared[place].half = half }
            let deviation = index.pointee.interceptDeviation(parameters[Int(model)], target, campaign)
            lanes.candidates[count] = lanes.new[position]
            lanes.models[count] = model
            lanes.pairedPlaces[count] = valuation_row_dense_place(paired, model)
            lanes.halves[count] = half
            lanes.moved[count] = deviation * normals[Draw.part(interceptHalf, half)]
            lanes.variances[count] = deviation * deviation
            count &+= 1
        }
        // The kernels draw for whole vectors.
        for lane in count..<DrawScratch.roundedUp(count) { (lanes.models[lane], lanes.pairedPlaces[lane]) = (0, 0) }
        return count
    }

    /// Adds what the weights of the request's terms draw in each lane. - Returns: false where the time was over before.
    @_optimize(speed)
    private mutating func drawTerms(
        _ lanes: DrawScratch.Lanes, _ count: Int, _ target: Target, _ release: Int
    ) -> Bool {
        let scoring = scratch.pointee.scorings + release
        let index = scoring.pointee.index
        let terms = scoring.pointee.terms.list
        guard let halves = termHalves(release) else { return false }
        var (paired, dense, found) = (0, 0, 0)
        for position in 0..<terms.count {
            let term = terms[position]
            let row = term.slot.pointee.row(target)
            if row.isEmpty { continue }
            if !row.isDense || term.slot.pointee.isNumber {
                if scoring.pointee.deadline.check(after: count) { return false }
                let deviations = lanes.found + found &* Scratch.blockSize
                for lane in 0..<count {
                    deviations[lane] = index.pointee.deviation(
                        of: term.slot, number: term.number, target, Int(lanes.models[lane]))
                }
                add(deviations, halves[position], .found, &found, lanes, count, release)
            } else if row.isPaired {
                add(
                    index.pointee.deviations + Int(row.start), halves[position], .paired, &paired, lanes, count, release
                )
            } else {
                add(index.pointee.deviations + Int(row.start), halves[position], .dense, &dense, lanes, count, release)
            }
        }
        drawRows(.paired, &paired, lanes, count, release)
        drawRows(.dense, &dense, lanes, count, release)
        drawRows(.found, &found, lanes, count, release)
        return !scoring.pointee.deadline.isOver
    }

    /// Takes a row in, and draws where there are as many as are drawn from at once.
    @inline(__always)
    private mutating func add(
        _ deviations: UnsafePointer<Float>, _ half: UInt32, _ kind: DrawnRows, _ rowCount: inout Int,
        _ lanes: DrawScratch.Lanes, _ count: Int, _ release: Int
    ) {
        let place = kind.rawValue &* DrawnRows.count &+ rowCount
        lanes.rows[place] = deviations
        lanes.labels[place] = half
        rowCount &+= 1
        if rowCount == DrawnRows.count { drawRows(kind, &rowCount, lanes, count, release) }
    }

    /// Draws from the rows that have been taken in, unless the time is over.
    @inline(never)
    private mutating func drawRows(
        _ kind: DrawnRows, _ rowCount: inout Int, _ lanes: DrawScratch.Lanes, _ count: Int, _ release: Int
    ) {
        defer { rowCount = 0 }
        let scoring = scratch.pointee.scorings + release
        if rowCount == 0 || scoring.pointee.deadline.check(after: count) { return }
        let start = kind.rawValue &* DrawnRows.count
        scoring.pointee.scratch.pointee.kernels.pointee.draw(
            lanes.rows + start, lanes.labels + start, rowCount, lanes.places(kind), lanes.halves, normals.upper,
            DrawScratch.roundedUp(count), lanes.moved, lanes.variances)
    }

    /// The halves of the draws that the request's terms give; nil where the time was over before.
    private mutating func termHalves(_ release: Int) -> UnsafeMutablePointer<UInt32>? {
        let halves = scratch.pointee.draws.termHalves.base.unsafelyUnwrapped
        if releaseOfHalves == release { return halves }
        let scoring = scratch.pointee.scorings + release
        for position in 0..<scoring.pointee.terms.list.count {
            if scoring.pointee.deadline.check(after: 1) { return nil }
            halves[position] = draw.half(ofLabel: scoring.pointee.terms.list[position].slot.pointee.key)
        }
        releaseOfHalves = release
        return halves
    }
}

extension Index {
    /// By how much a standard deviation moves a model's intercept as a campaign has it.
    @inline(__always)
    func interceptDeviation(_ model: ModelParameters, _ target: Target, _ campaign: UInt64) -> Double {
        model.deviation >= 0 ? Double(model.deviation) : deviationOfRate(target, campaign)
    }

    @inline(never)
    private func deviationOfRate(_ target: Target, _ campaign: UInt64) -> Double {
        let (click, conversion) = Naive().rates(observed: observed(campaign), overall: overall)
        let variance = target == .click ? click.logitVariance : conversion.logitVariance
        return variance.isFinite ? sqrt(variance) : 0
    }
}
