// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation

/// The features of the ads themselves, and their crosses.
extension Scoring {
    /// Adds the weights of the candidates' own features, and of their crosses with each other and with the request's.
    mutating func addAds(_ count: Int, _ wanted: Wanted, _ flags: UnsafeMutablePointer<Flags>) {
        let (ads, longest) = (AdArrays(scratch), Int(wanted.adFeatures))
        var position = 0
        while position < longest && !deadline.check() {
            let positions = position..<min(position &+ AdFeatures.depth, longest)
            if find(positions, count) { addUnusual(count, positions, wanted, flags) }
            if wanted.click { click.addWeights(ads.clickRows, depth: positions.count, count: count) }
            if wanted.conversion { conversion.addWeights(ads.conversionRows, depth: positions.count, count: count) }
            position = positions.upperBound
        }
        cover(count, upTo: position)
        if index.pointee.hasCrosses { addCrosses(count, wanted) }
    }

    /// Counts the candidates' features before a position, which have been looked up.
    @_optimize(speed)
    func lookedUp(_ count: Int, upTo position: Int) -> Int {
        let (lengths, most) = (AdArrays(scratch).lengths, UInt32(truncatingIfNeeded: position))
        var sum: UInt32 = 0
        for place in 0..<count { sum &+= min(lengths[place], most) }
        return Int(sum)
    }

    /// Counts the candidates' features before a position, which have been looked up, as known; those that are not have
    /// been subtracted by `addUnusual`.
    @inline(__always)
    func cover(_ count: Int, upTo position: Int) {
        let features = lookedUp(count, upTo: position)
        scratch.pointee.coverage.candidateFeatures &+= features
        scratch.pointee.coverage.knownCandidateFeatures &+= features
    }

    /// Finds the rows of the features at some positions, at most `AdFeatures.depth`. - Returns: whether any is unusual.
    mutating func find(_ positions: Range<Int>, _ count: Int) -> Bool {
        let ads = AdArrays(scratch)
        var table = index.pointee.labelTable
        return scratch.pointee.kernels.pointee.resolve(
            &table, ads.features, ads.lengths, positions.lowerBound, positions.count, count, ads.clickRows,
            ads.conversionRows, ads.unusual) != 0
    }

    /// Adds those of the found features that are numbers. The other features without a row are unknown, and are
    /// subtracted from the known ones.
    mutating func addUnusual(
        _ count: Int, _ positions: Range<Int>, _ wanted: Wanted, _ flags: UnsafeMutablePointer<Flags>
    ) {
        let ads = AdArrays(scratch)
        for position in positions {
            ads.forEachUnusual(count, position &- positions.lowerBound) { place in
                let feature = ads.features(of: place).unsafelyUnwrapped[position]
                if !addUnusual(feature, to: place, wanted, &flags[place]) {
                    scratch.pointee.coverage.knownCandidateFeatures &-= 1
                }
            }
        }
    }

    /// Adds a number, and flags one that is not finite. - Returns: whether it counts.
    private mutating func addUnusual(
        _ feature: valuation_feature, to place: Int, _ wanted: Wanted, _ flags: inout Flags
    ) -> Bool {
        guard let slot = index.pointee.label(feature.key), slot.pointee.isNumber else { return false }
        if !feature.number.isFinite {
            flags.insert(.invalidNumber)
            return false
        }
        let term = Term(slot: slot, number: feature.number)
        if wanted.click { click.addNumber(term, to: place) }
        if wanted.conversion { conversion.addNumber(term, to: place) }
        return true
    }

    // MARK: Crosses

    mutating func addCrosses(_ count: Int, _ wanted: Wanted) {
        let ads = AdArrays(scratch)
        let lengths = ads.lengths
        for place in 0..<count where lengths[place] > 0 {
            if deadline.check() { return }
            guard let features = ads.features(of: place) else { continue }
            scratch.pointee.adCrossing.removeAll()
            for position in 0..<Int(lengths[place]) {
                if deadline.check(after: 1) { return }
                guard let slot = index.pointee.label(features[position].key), slot.pointee.isCrossing else { continue }
                scratch.pointee.adCrossing.spare.pointee = slot
                scratch.pointee.adCrossing.appendWritten(1)
            }
            addCrosses(of: scratch.pointee.adCrossing.elements, to: place, wanted)
        }
    }

    /// Adds the crosses of an ad's features with the request's and with each other.
    private mutating func addCrosses(
        of crossing: UnsafeMutableBufferPointer<UnsafePointer<Index.LabelSlot>>, to place: Int, _ wanted: Wanted
    ) {
        for position in 0..<crossing.count {
            for second in terms.crossing {
                if deadline.check(after: 1) { return }
                guard let slot = index.pointee.cross(crossing[position], second) else { continue }
                addCross(slot, to: place, wanted)
            }
            for other in (position &+ 1)..<crossing.count {
                if deadline.check(after: 1) { return }
                guard let slot = index.pointee.cross(crossing[position], crossing[other]) else { continue }
                addCross(slot, to: place, wanted)
            }
        }
    }

    private mutating func addCross(_ slot: UnsafePointer<Index.LabelSlot>, to place: Int, _ wanted: Wanted) {
        if wanted.click { click.addWeight(slot.pointee.click, to: place) }
        if wanted.conversion { conversion.addWeight(slot.pointee.conversion, to: place) }
    }
}
