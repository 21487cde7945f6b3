// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import CValuation

/// What the weights of the ads' own features draw, and of their crosses with each other and with the request's.
extension PolicyScoring {
    /// Draws for each candidate of a block, behind `drawShared`. Where the time is over before, what it leaves is of no use.
    @_optimize(speed)
    @inline(never)
    mutating func drawOwn(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, _ wanted: Scoring.Wanted, _ release: Int
    ) {
        let scoring = scratch.pointee.scorings + release
        let index = scoring.pointee.index
        if wanted.adFeatures == 0 || !index.pointee.hasVariances { return }
        let ads = AdArrays(scoring.pointee.scratch)
        var table = valuation_labels(
            hash: index.pointee.hashes.labels.function, pilots: index.pointee.labelPilots,
            slots: index.pointee.labelSlots)
        let width = RowPlaces.roundedUp(count)
        for position in 0..<Int(wanted.adFeatures) {
            if scoring.pointee.deadline.check(after: count) { return }
            let isUnusual = scoring.pointee.scratch.pointee.kernels.pointee.resolve(
                &table, ads.features, ads.lengths, position, width, ads.clickRows, ads.conversionRows, ads.unusual)
            let halves = scratch.pointee.draws.lanes.labelHalves
            for place in 0..<count where !(ads.clickRows[place].isEmpty && ads.conversionRows[place].isEmpty) {
                halves[place] = draw.half(ofLabel: candidates[place].features[position].key)
            }
            if wanted.click { drawRows(.click, ads.clickRows, candidates, count, release) }
            if wanted.conversion { drawRows(.conversion, ads.conversionRows, candidates, count, release) }
            if isUnusual == 0 { continue }
            ads.forEachUnusual(width) { place in
                let feature = candidates[place].features[position]
                guard let slot = index.pointee.label(feature.key), slot.pointee.isNumber, feature.number.isFinite else {
                    return
                }
                drawTerm(Term(slot: slot, number: feature.number), place, candidates[place].campaign, wanted, release)
            }
        }
        if !index.pointee.hasCrosses { return }
        for place in 0..<count where ads.lengths[place] > 0 {
            Scoring.forEachAdCross(candidates[place], scoring) { slot in
                drawTerm(Term(slot: slot, number: 1), place, candidates[place].campaign, wanted, release)
            }
        }
    }

    /// Draws the weights that candidates' models, and those that these extend, have in rows of their own, whose labels' halves of draws
    /// are at hand.
    @_optimize(speed)
    private mutating func drawRows(
        _ target: Target, _ rows: UnsafePointer<Index.Row>,
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, _ release: Int
    ) {
        let scoring = scratch.pointee.scorings + release
        let index = scoring.pointee.index
        let models = target == .click ? scoring.pointee.click.models : scoring.pointee.conversion.models
        let absent = UInt32(truncatingIfNeeded: index.pointee.counts.models(target))
        let (draws, lanes) = (scratch.pointee.draws.candidates(target), scratch.pointee.draws.lanes)
        for level in 0..<index.pointee.levels {
            let models = models + level &* Scratch.blockSize
            var any: UInt32 = 0
            for place in 0..<count {
                let model = models[place]
                if rows[place].isEmpty || model == absent {
                    lanes.found[place] = 0
                    continue
                }
                lanes.found[place] = index.pointee.deviation(rows[place], Int(model))
                any |= lanes.found[place].bitPattern
                let half =
                    level == 0
                    ? draws.shared[place].half
                    : Draw.half(ofCampaign: candidates[place].campaign, target, level: level)
                lanes.halves[place] = half ^ lanes.labelHalves[place]
            }
            if any == 0 { continue }
            for place in count..<DrawScratch.roundedUp(count) { lanes.found[place] = 0 }
            lanes.rows[0] = UnsafePointer(lanes.found)
            lanes.labels[0] = 0
            scoring.pointee.scratch.pointee.kernels.pointee.draw(
                lanes.rows, lanes.labels, 1, lanes.numbers, lanes.halves, normals.upper, DrawScratch.roundedUp(count),
                draws.moved, draws.variances)
        }
    }

    /// Draws the weights of one candidate's term.
    private mutating func drawTerm(
        _ term: Term, _ place: Int, _ campaign: UInt64, _ wanted: Scoring.Wanted, _ release: Int
    ) {
        let half = draw.half(ofLabel: term.slot.pointee.key)
        for target in Target.allCases where wanted.has(target) {
            let draws = scratch.pointee.draws.candidates(target)
            forEachDeviation(of: term, target, place, release) { level, deviation in
                let z = normals[Draw.part(half, Draw.half(ofCampaign: campaign, target, level: level))]
                draws.moved[place] += Double(deviation) * z
                draws.variances[place] += Double(deviation) * Double(deviation)
            }
        }
    }

    /// Hands out the uncertain weights that a candidate's model and those that this extends have for a term, as deviations.
    @inline(__always)
    func forEachDeviation(
        of term: Term, _ target: Target, _ place: Int, _ release: Int, _ body: (_ level: Int, Float) -> Void
    ) {
        let scoring = scratch.pointee.scorings + release
        for level in 0..<scoring.pointee.index.pointee.levels {
            let deviation = deviation(of: term, target, place, level, release)
            if deviation != 0 { body(level, deviation) }
        }
    }

    /// By how much a standard deviation of a term's weight moves the logit of a candidate's model, or of one that this extends.
    @inline(__always)
    func deviation(of term: Term, _ target: Target, _ place: Int, _ level: Int, _ release: Int) -> Float {
        let scoring = scratch.pointee.scorings + release
        let index = scoring.pointee.index
        let models = target == .click ? scoring.pointee.click.models : scoring.pointee.conversion.models
        let model = Int(models[level &* Scratch.blockSize &+ place])
        if model == index.pointee.counts.models(target) { return 0 }
        return index.pointee.deviation(of: term.slot, number: term.number, target, model)
    }
}

extension Scoring {
    /// Hands out an ad's features that models know; stops where the time is over.
    static func forEachAdFeature(
        _ candidate: valuation_candidate, _ scoring: UnsafeMutablePointer<Scoring>, _ body: (Term) -> Void
    ) {
        guard let features = candidate.features else { return }
        let index = scoring.pointee.index
        for position in 0..<Int(candidate.feature_count) {
            if scoring.pointee.deadline.check(after: 1) { return }
            let feature = features[position]
            guard let slot = index.pointee.label(feature.key), !slot.pointee.isCross else { continue }
            if slot.pointee.isNumber && !feature.number.isFinite { continue }
            body(Term(slot: slot, number: feature.number))
        }
    }

    /// Hands out the crosses of an ad's features with the request's and with each other; stops where the time is over.
    static func forEachAdCross(
        _ candidate: valuation_candidate, _ scoring: UnsafeMutablePointer<Scoring>,
        _ body: (UnsafePointer<Index.LabelSlot>) -> Void
    ) {
        guard let features = candidate.features else { return }
        let index = scoring.pointee.index
        let count = Int(candidate.feature_count)
        for position in 0..<count {
            if scoring.pointee.deadline.check(after: 1) { return }
            guard let slot = index.pointee.label(features[position].key), slot.pointee.isCrossing else { continue }
            for second in scoring.pointee.terms.crossing {
                if scoring.pointee.deadline.check(after: 1) { return }
                if let cross = index.pointee.cross(slot, second) { body(cross) }
            }
            for other in (position &+ 1)..<max(position &+ 1, count) {
                if scoring.pointee.deadline.check(after: 1) { return }
                guard let second = index.pointee.label(features[other].key), second.pointee.isCrossing else { continue }
                if let cross = index.pointee.cross(slot, second) { body(cross) }
            }
        }
    }
}
