// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform

/// The request's terms: the choice of each one's path, and the path that sums rows.
extension TargetScoring {
    /// Chooses a path for each term, and sums the rows of those that are to be summed; does nothing if that is done
    /// already.
    ///
    /// - Parameter candidates: about how many are still to be valued.
    mutating func plan(
        _ terms: RequestTerms, candidates: Int, _ scratch: UnsafeMutablePointer<Scratch>, _ deadline: inout Deadline
    ) {
        if isPlanned { return }
        isPlanned = true
        let cost = self.cost(candidates: candidates)
        let isIncomplete = terms.isIncomplete
        if cost.favorsLookups && !terms.hasNumbers && !isIncomplete { return lookUp(terms) }
        let denseRows = scratch.pointee.denseRows.base.unsafelyUnwrapped
        var denseCount = 0
        var savedByLists = 0
        for term in terms.list {
            let row = term.slot.pointee.row(target)
            if row.isEmpty { continue }
            if !term.slot.pointee.isNumber && row.isDense {
                denseRows[denseCount] = term
                denseCount &+= 1
                continue
            }
            let gain = self.saved(by: term, row, cost)
            savedByLists &+= max(0, gain)
            if gain > 0 {
                streamed[streamedCount] = term
                streamedCount &+= 1
            } else {
                appendDirect(term)
            }
        }
        // Summing dense rows sets the sums; without them they must be 0.
        let models = index.pointee.counts.models[target]
        let savedByDenseRows = denseCount &* cost.savedByDenseRow &- cost.setting(models)
        let savedByClearing = 0 &- cost.setting(areZero.pointee ? 0 : sumCount)
        let sumsDenseRows = isIncomplete || denseCount > 0 && savedByDenseRows > savedByClearing
        usesSums = isIncomplete || max(savedByDenseRows, savedByClearing) &+ savedByLists > cost.reading
        if !usesSums {
            // From the last, as numbers go to the end of the same array.
            for position in (0..<streamedCount).reversed() { appendDirect(streamed[position]) }
            streamedCount = 0
        }
        if usesSums && sumsDenseRows {
            sum(denseRows, denseCount, scratch, &deadline)
        } else {
            for position in 0..<denseCount { appendDirect(denseRows[position].slot.pointee.row(target)) }
            if usesSums { clearSums() }
        }
        padDirectRows()
        addLists(&deadline)
        if isIncomplete { addUnlistedCrosses(terms, &deadline) }
    }

    /// Chooses lookups for all terms. - Precondition: no numbers.
    private mutating func lookUp(_ terms: RequestTerms) {
        directRowCount = valuation_list_rows(
            terms.list.baseAddress, terms.list.count, target == .conversion ? 1 : 0, directRows)
        padDirectRows()
    }

    /// Appends empty rows: the kernels look up whole vectors.
    private mutating func padDirectRows() {
        for position in directRowCount..<RowPlaces.roundedUp(directRowCount) { directRows[position] = Index.Row() }
    }

    @inline(__always)
    func cost(candidates: Int) -> Cost {
        // Each candidate is looked up for its model and for those that this extends.
        Cost(
            kernels.pointee.prices, models: index.pointee.counts.models[target],
            weightBytes: index.pointee.counts.weightBytes, candidates: candidates &* index.pointee.levels)
    }

    @inline(__always)
    private mutating func appendDirect(_ row: Index.Row) {
        directRows[directRowCount] = row
        directRowCount &+= 1
    }

    @inline(__always)
    private mutating func appendDirect(_ term: Term) {
        if !term.slot.pointee.isNumber { return appendDirect(term.slot.pointee.row(target)) }
        directNumberCount &+= 1
        streamed[Scratch.maximumTerms &- directNumberCount] = term
    }

    /// Sets the sums of all models to those of the dense rows.
    private mutating func sum(
        _ terms: UnsafeMutablePointer<Term>, _ count: Int, _ scratch: UnsafeMutablePointer<Scratch>,
        _ deadline: inout Deadline
    ) {
        let rows = scratch.pointee.denseWeights.base.unsafelyUnwrapped
        var pairedCount = 0
        for position in 0..<count {
            let row = terms[position].slot.pointee.row(target)
            rows[position] = UnsafePointer(index.pointee.weights + Int(row.start))
            // The paired ones come first.
            if row.isPaired {
                (rows[position], rows[pairedCount]) = (rows[pairedCount], rows[position])
                pairedCount &+= 1
            }
        }
        prefetchLists()
        areZero.pointee = false
        let width = RowPlaces.roundedUp(index.pointee.counts.models[target])
        // With a deadline, sums as many models at a time as take a fraction of a millisecond.
        let slice = deadline.exists ? RowPlaces.roundedUp((1 &<< 18) / max(1, count) &+ 64) : width
        var start = 0
        while start < width && !deadline.check() {
            let length = min(slice, width &- start)
            kernels.pointee.sum_rows(rows, pairedCount, count, length, sums + start)
            for position in 0..<count {
                let read = position < pairedCount ? 2 &* length : length
                rows[position] = rows[position].unsafelyUnwrapped + read
            }
            start &+= length
        }
    }

    /// Sets the sums of all models to 0, unless `finish` has left them so.
    private mutating func clearSums() {
        prefetchLists()
        if areZero.pointee { return }
        // The whole array, including sums that only a previously loaded index has used.
        memset(sums, 0, sumCount &* MemoryLayout<Int64>.stride)
        areZero.pointee = true
    }

    /// Adds the lists and numbers that are cheaper to add for all models.
    private mutating func addLists(_ deadline: inout Deadline) {
        for position in 0..<streamedCount {
            if deadline.check() {
                streamedCount = position
                return
            }
            let term = streamed[position]
            let row = term.slot.pointee.row(target)
            if term.slot.pointee.isNumber { addNumbers(row, term.number) } else { addList(row) }
        }
    }

    /// If only lists were added to the sums, resets the few sums that they touched. Otherwise `areZero` says that the
    /// sums are not 0.
    ///
    /// - Parameter isLate: whether the time is over; then the next request that needs the sums resets all.
    mutating func finish(isLate: Bool) {
        if isLate && streamedCount > 0 { areZero.pointee = false }
        if !areZero.pointee { return }
        for position in 0..<streamedCount {
            let row = streamed[position].slot.pointee.row(target)
            if streamed[position].slot.pointee.isNumber {
                for place in Int(row.start)..<(Int(row.start) &+ Int(row.shape)) {
                    sums[Int(index.pointee.numberModels[place])] = 0
                }
            } else if index.pointee.counts.isWide {
                clear(row, of: UInt32.self)
            } else {
                clear(row, of: UInt16.self)
            }
        }
    }

    @inline(__always)
    private mutating func clear<Model: FixedWidthInteger>(_ row: Index.Row, of _: Model.Type) {
        let models = index.pointee.listModels.assumingMemoryBound(to: Model.self) + Int(row.start)
        let length = index.pointee.length(of: row, target)
        let sums = sums
        for position in 0..<length { sums[Int(truncatingIfNeeded: models[position])] = 0 }
    }

    private mutating func prefetchLists() {
        for position in 0..<streamedCount where !streamed[position].slot.pointee.isNumber {
            prefetch(streamed[position].slot.pointee.row(target))
        }
    }

    /// Prefetches a list: it is too short for the processor to detect sequential reading.
    private mutating func prefetch(_ row: Index.Row) {
        let start = Int(row.start)
        let models = index.pointee.listModels + start &* (index.pointee.counts.isWide ? 4 : 2)
        let weights = UnsafeRawPointer(index.pointee.weights + start)
        for line in 0..<2 { valuation_kernels_prefetch(models + line &* 64) }
        for line in 0..<4 { valuation_kernels_prefetch(weights + line &* 64) }
        if row.hasDirectory {
            valuation_kernels_prefetch(index.pointee.directory + index.pointee.lastEntry(of: row, target))
        }
    }

    /// Adds the crosses that did not fit into the list.
    private mutating func addUnlistedCrosses(_ terms: RequestTerms, _ deadline: inout Deadline) {
        for position in terms.firstUnlisted..<terms.crossing.count {
            if deadline.check() { return }
            terms.forEachCross(of: position, &deadline) { slot in
                let row = slot.pointee.row(target)
                if row.isDense {
                    for model in 0..<index.pointee.counts.models[target] {
                        sums[model] &+= index.pointee.weight(row, model)
                    }
                } else {
                    addList(row)
                }
            }
        }
    }

    /// What summing saves for a term whose row is not dense.
    @inline(__always)
    private mutating func saved(by term: Term, _ row: Index.Row, _ cost: Cost) -> Int {
        if term.slot.pointee.isNumber { return cost.saved(byNumber: Int(row.shape)) }
        if row.isShort { return cost.saved(byShortList: row.shortLength) }
        return cost.saved(byList: RowPlaces.estimatedLength(row, index.pointee.counts.models[target]))
    }

    private mutating func addList(_ row: Index.Row) {
        if index.pointee.counts.isWide { addList(row, of: UInt32.self) } else { addList(row, of: UInt16.self) }
    }

    /// The hot loop of lists.
    @inline(__always)
    private mutating func addList<Model: FixedWidthInteger>(_ row: Index.Row, of _: Model.Type) {
        let start = Int(row.start)
        let length = index.pointee.length(of: row, target)
        let models = index.pointee.listModels.assumingMemoryBound(to: Model.self) + start
        let weights = index.pointee.weights + start
        let sums = sums
        for position in 0..<length {
            sums[Int(truncatingIfNeeded: models[position])] &+= Int64(weights[position])
        }
    }

    private mutating func addNumbers(_ row: Index.Row, _ number: Double) {
        let start = Int(row.start)
        for place in start..<(start &+ Int(row.shape)) {
            let model = Int(index.pointee.numberModels[place])
            sums[model] &+= index.pointee.numberContribution(place, number: number, unit: scales[model].unit)
        }
    }
}
