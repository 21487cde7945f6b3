// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import CValuation

/// Draws of the weights that all ads of a campaign share: intercepts, and the weights of the request's features.
///
/// If it costs less, all models draw at once (`drawModels`), each for its own campaign, and the candidates only fetch
/// the results. The rest is drawn for the campaigns of a block, which are side by side in the lanes of the kernels. A
/// campaign's draws are kept for the following blocks. Sums of draws are exact, so the path does not show in the
/// result.
extension PolicyScoring {
    /// Draws for each candidate of a block after its sums have been read, so that the models which theirs extend are
    /// known. If the time is over before the end, the result must not be used.
    @_optimize(speed)
    @inline(never)
    mutating func drawShared(
        _ target: Target, _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, _ release: Int
    ) {
        let scoring = scratch.pointee.scorings + release
        let index = scoring.pointee.index
        let drawn = drawModels(target, count, release)
        if scoring.pointee.deadline.isOver { return }
        let draws = scratch.pointee.draws.candidates(target)
        let newCount = findNew(target, candidates, count, drawn, release)
        for level in 0..<index.pointee.levels where newCount > 0 {
            // First those of the campaigns' own models that have drawn with all others, then the rest.
            let isApart = drawn.hasAny && level == 0
            if isApart { drawLanes(newCount, candidates, level, true, drawn, target, release) }
            drawLanes(newCount, candidates, level, isApart ? false : nil, DrawnModels(), target, release)
            if scoring.pointee.deadline.isOver { return }
        }
        if newCount > 0 { share(target, candidates, count, newCount, release) }
        if notesArms { memcpy(draws.sharedVariances, draws.variances, count &* MemoryLayout<Double>.stride) }
    }

    /// Fetches what candidates have drawn before, or all models at once, and stores the first candidates of campaigns
    /// that have not drawn yet.
    ///
    /// - Returns: how many these are.
    @_optimize(speed)
    @inline(__always)
    private mutating func findNew(
        _ target: Target, _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, _ drawn: DrawnModels,
        _ release: Int
    ) -> Int {
        let scoring = scratch.pointee.scorings + release
        let index = scoring.pointee.index
        let models = scoring.pointee.of(target).pointee.models
        let absent = UInt32(truncatingIfNeeded: index.pointee.counts.models[target])
        let (draws, lanes) = (scratch.pointee.draws.candidates(target), scratch.pointee.draws.lanes)
        let known = scratch.pointee.draws.known(release, target, index)
        let (intercepts, campaigns) = (index.pointee.intercepts[target], index.pointee.campaigns[target])
        let stamp = scratch.pointee.decisions.stamp
        let isComplete = drawn.hasDenseRows && drawn.hasLists && index.pointee.levels == 1
        if isComplete {
            let sums = scratch.pointee.draws.sums(release, target, index)
            var isAnyLeft = false
            for place in 0..<count {
                let model = models[place]
                let campaign = UInt32(truncatingIfNeeded: candidates[place].campaign)
                draws.campaigns[place] = campaign
                draws.moved[place] = sums.moved[Int(model)]
                draws.variances[place] = sums.variances[Int(model)]
                let isOwn = campaigns[Int(model)] == campaign && intercepts[Int(model)] >= 0
                isAnyLeft = isAnyLeft || !isOwn && model != absent
            }
            drawIntercepts(target, draws, models, count, release)
            if !isAnyLeft { return 0 }
        }
        block &+= 1
        var newCount = 0
        for place in 0..<count where models[place] != absent {
            let (model, campaign) = (Int(models[place]), candidates[place].campaign)
            let number = Int32(truncatingIfNeeded: place)
            draws.sources[place] = number
            if isComplete && campaigns[model] == draws.campaigns[place] && intercepts[model] >= 0 { continue }
            draws.campaigns[place] = UInt32(truncatingIfNeeded: campaign)
            let entry = known + model
            if entry.pointee.stamp != stamp || entry.pointee.campaign != campaign {
                (entry.pointee.stamp, entry.pointee.block) = (stamp, block)
                (entry.pointee.campaign, entry.pointee.place) = (campaign, number)
                (draws.moved[place], draws.variances[place]) = (0, 0)
                lanes.new[newCount] = number
                newCount &+= 1
            } else if entry.pointee.block == block {
                draws.sources[place] = entry.pointee.place
            } else {
                (draws.moved[place], draws.variances[place]) = (entry.pointee.moved, entry.pointee.variance)
            }
        }
        return newCount
    }

    /// Adds the draws of the intercepts of candidates' models, if these have a variance.
    @inline(__always)
    private mutating func drawIntercepts(
        _ target: Target, _ draws: DrawScratch.Candidates, _ models: UnsafePointer<UInt32>, _ count: Int,
        _ release: Int
    ) {
        let scoring = scratch.pointee.scorings + release
        let pending = scratch.pointee.draws.pending
        pending.starts[0] = UnsafePointer(scoring.pointee.index.pointee.intercepts[target])
        pending.labels[0] = Draw.label(interceptHalf, target, level: 0)
        scoring.pointee.scratch.pointee.kernels.pointee.draw(
            pending.starts, pending.labels, 1, models, 0, draws.campaigns, count, draws.moved,
            notesArms ? draws.variances : nil)
    }

    /// Copies the draws of a campaign's first candidate to its others, and keeps them for the following blocks.
    private mutating func share(
        _ target: Target, _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, _ newCount: Int,
        _ release: Int
    ) {
        let scoring = scratch.pointee.scorings + release
        let index = scoring.pointee.index
        let models = scoring.pointee.of(target).pointee.models
        let absent = UInt32(truncatingIfNeeded: index.pointee.counts.models[target])
        let (draws, lanes) = (scratch.pointee.draws.candidates(target), scratch.pointee.draws.lanes)
        let known = scratch.pointee.draws.known(release, target, index)
        for position in 0..<newCount {
            let place = Int(lanes.new[position])
            let entry = known + Int(models[place])
            if entry.pointee.campaign == candidates[place].campaign {
                (entry.pointee.moved, entry.pointee.variance) = (draws.moved[place], draws.variances[place])
            }
        }
        for place in 0..<count where models[place] != absent {
            let source = Int(draws.sources[place])
            if source == place { continue }
            (draws.moved[place], draws.variances[place]) = (draws.moved[source], draws.variances[source])
        }
    }

    /// Draws for new campaigns' models of a level, unless the time is over. - Parameters: as of `take` and `drawTerms`.
    @inline(never)
    private mutating func drawLanes(
        _ newCount: Int, _ candidates: UnsafePointer<valuation_candidate>, _ level: Int, _ isFetching: Bool?,
        _ drawn: DrawnModels, _ target: Target, _ release: Int
    ) {
        let scoring = scratch.pointee.scorings + release
        if scoring.pointee.deadline.check(after: newCount) { return }
        let (draws, lanes) = (scratch.pointee.draws.candidates(target), scratch.pointee.draws.lanes)
        let count = take(newCount, candidates, level, isFetching, target, release)
        if count == 0 { return }
        drawTerms(lanes, count, drawn, target, level, release)
        for lane in 0..<count {
            let place = Int(lanes.candidates[lane])
            draws.moved[place] += lanes.moved[lane]
            draws.variances[place] += lanes.variances[lane]
        }
    }

    /// Assigns a lane to each new campaign that has a model of a level; the lane starts with the draw of the intercept.
    ///
    /// - Parameter isFetching: whether to take the campaigns whose models have drawn for them with all others, so that
    ///   their lanes add only the intercept's draw; nil for all campaigns.
    /// - Returns: the number of lanes.
    @_optimize(speed)
    private mutating func take(
        _ newCount: Int, _ candidates: UnsafePointer<valuation_candidate>, _ level: Int, _ isFetching: Bool?,
        _ target: Target, _ release: Int
    ) -> Int {
        let scoring = scratch.pointee.scorings + release
        let index = scoring.pointee.index
        let all = scoring.pointee.of(target).pointee.models
        let (models, lanes) = (all + level &* Scratch.blockSize, scratch.pointee.draws.lanes)
        let absent = UInt32(truncatingIfNeeded: index.pointee.counts.models[target])
        let campaigns = index.pointee.campaigns[target]
        let paired = Index.Row.dense(start: 0, isPaired: true)
        let label = Draw.label(interceptHalf, target, level: level)
        var count = 0
        for position in 0..<newCount {
            let place = Int(lanes.new[position])
            let (model, campaign) = (models[place], candidates[place].campaign)
            if model == absent { continue }
            let isOwn = campaigns[Int(model)] == UInt32(truncatingIfNeeded: campaign)
            if let isFetching, isFetching != isOwn { continue }
            let deviation = index.pointee.interceptDeviation(Int(model), target, campaign)
            lanes.candidates[count] = lanes.new[position]
            lanes.models[count] = model
            lanes.pairedPlaces[count] = valuation_row_dense_place(paired, model)
            lanes.campaigns[count] = UInt32(truncatingIfNeeded: campaign)
            lanes.moved[count] = Draw.move(deviation, Draw.z(label, lanes.campaigns[count]))
            lanes.variances[count] = Double(deviation * deviation)
            count &+= 1
        }
        if isFetching == true {
            let sums = scratch.pointee.draws.sums(release, target, index)
            for lane in 0..<count {
                lanes.moved[lane] += sums.moved[Int(lanes.models[lane])]
                lanes.variances[lane] += sums.variances[Int(lanes.models[lane])]
            }
        }
        // The kernels draw for whole vectors.
        for lane in count..<DrawScratch.roundedUp(count) { (lanes.models[lane], lanes.pairedPlaces[lane]) = (0, 0) }
        return count
    }

    /// Adds the draws of the weights of the request's terms in each lane, unless the time is over.
    ///
    /// - Parameter drawn: what has been drawn from already.
    private mutating func drawTerms(
        _ lanes: DrawScratch.Lanes, _ count: Int, _ drawn: DrawnModels, _ target: Target, _ level: Int, _ release: Int
    ) {
        let scoring = scratch.pointee.scorings + release
        let index = scoring.pointee.index
        if !index.pointee.hasVariances || drawn.hasDenseRows && drawn.hasLists { return }
        let terms = scoring.pointee.terms.list
        guard let halves = termHalves(release) else { return }
        let variances = notesArms ? lanes.variances : nil
        var rows = PendingRows(scratch.pointee.draws.pending)
        for position in 0..<terms.count {
            let term = terms[position]
            let row = term.slot.pointee.row(target)
            if row.isEmpty { continue }
            let label = Draw.label(halves[position], target, level: level)
            if row.isDense && !term.slot.pointee.isNumber {
                if drawn.hasDenseRows { continue }
                let kind: DrawnRows = row.isPaired ? .paired : .dense
                if rows.add(index.pointee.deviations + Int(row.start), label, kind) {
                    draw(kind, &rows, lanes.places(kind), lanes.campaigns, count, lanes.moved, variances, release)
                }
            } else if !drawn.hasLists {
                if scoring.pointee.deadline.check(after: count) { return }
                let deviations = lanes.found + rows.found &* Scratch.blockSize
                for lane in 0..<count {
                    deviations[lane] = index.pointee.deviation(
                        of: term.slot, number: term.number, target, Int(lanes.models[lane]))
                }
                if rows.add(deviations, label, .found) {
                    draw(.found, &rows, nil, lanes.campaigns, count, lanes.moved, variances, release)
                }
            }
        }
        draw(.paired, &rows, lanes.pairedPlaces, lanes.campaigns, count, lanes.moved, variances, release)
        draw(.dense, &rows, lanes.models, lanes.campaigns, count, lanes.moved, variances, release)
        draw(.found, &rows, nil, lanes.campaigns, count, lanes.moved, variances, release)
    }

    /// Draws from the collected rows of a kind, unless the time is over.
    ///
    /// - Parameter places: the positions of the lanes in the rows; nil if they are consecutive.
    @inline(never)
    mutating func draw(
        _ kind: DrawnRows, _ rows: inout PendingRows, _ places: UnsafePointer<UInt32>?,
        _ campaigns: UnsafePointer<UInt32>, _ width: Int, _ moved: UnsafeMutablePointer<Double>,
        _ variances: UnsafeMutablePointer<Double>?, _ release: Int
    ) {
        let (starts, labels, count) = rows.take(kind)
        let scoring = scratch.pointee.scorings + release
        let (slice, isPaired) = (DrawnRows.lanes, places == nil && kind == .paired)
        var start = 0
        while start < width && count > 0 && !scoring.pointee.deadline.check(after: slice) {
            let length = min(slice, width &- start)
            scoring.pointee.scratch.pointee.kernels.pointee.draw(
                starts, labels, count, places.map { $0 + start }, isPaired ? 1 : 0, campaigns + start, length,
                moved + start, variances.map { $0 + start })
            start &+= length
            if places != nil { continue }
            for row in 0..<count { starts[row] = starts[row].map { $0 + (isPaired ? 2 &* length : length) } }
        }
    }

    /// The halves of the draws that depend on the request's terms; nil if the time was over before the end.
    mutating func termHalves(_ release: Int) -> UnsafeMutablePointer<UInt32>? {
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

/// Rows that are collected to be drawn from together.
struct PendingRows {
    private let memory: DrawScratch.Rows
    private var paired = 0
    private var dense = 0
    private(set) var found = 0

    init(_ memory: DrawScratch.Rows) { self.memory = memory }

    /// - Parameter label: the number of the row's label. - Returns: whether there are as many as are drawn from at once.
    @inline(__always)
    mutating func add(_ deviations: UnsafePointer<Float>, _ label: UInt32, _ kind: DrawnRows) -> Bool {
        let count = self.count(kind)
        let place = kind.rawValue &* DrawnRows.count &+ count
        memory.starts[place] = deviations
        memory.labels[place] = label
        set(kind, count &+ 1)
        return count &+ 1 == DrawnRows.count
    }

    /// Returns the rows of a kind; there are none after that.
    @inline(__always)
    mutating func take(
        _ kind: DrawnRows
    ) -> (UnsafeMutablePointer<UnsafePointer<Float>?>, UnsafeMutablePointer<UInt32>, Int) {
        let (start, count) = (kind.rawValue &* DrawnRows.count, count(kind))
        set(kind, 0)
        return (memory.starts + start, memory.labels + start, count)
    }

    @inline(__always)
    private func count(_ kind: DrawnRows) -> Int {
        switch kind {
        case .paired: paired
        case .dense: dense
        case .found: found
        }
    }

    @inline(__always)
    private mutating func set(_ kind: DrawnRows, _ count: Int) {
        switch kind {
        case .paired: paired = count
        case .dense: dense = count
        case .found: found = count
        }
    }
}

extension Index {
    /// How far a standard deviation moves a model's intercept for a campaign.
    @inline(__always)
    func interceptDeviation(_ model: Int, _ target: Target, _ campaign: UInt64) -> Float {
        let deviation = intercepts[target][model]
        return deviation >= 0 ? deviation : Float(deviationOfRate(target, campaign))
    }

    @inline(never)
    private func deviationOfRate(_ target: Target, _ campaign: UInt64) -> Double {
        let variance = Naive().evidence(target, observed(campaign), overall: overall[target]).rate.logitVariance
        return variance.isFinite ? min(sqrt(variance), Double(Index.largestDeviation)) : 0
    }
}
