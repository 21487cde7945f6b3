// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import CValuation

/// Draws of the weights of the ads' own features, and of their crosses with each other and with the request's.
extension PolicyScoring {
    /// Adds the candidates' own weights, and draws each where it was found; after `drawShared`. If the time is over
    /// before the end, the result must not be used.
    @_optimize(speed)
    @inline(never)
    mutating func addOwn(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, _ wanted: Scoring.Wanted, _ release: Int
    ) {
        let scoring = scratch.pointee.scorings + release
        let index = scoring.pointee.index
        let ads = AdArrays(scoring.pointee.scratch)
        let flags = scoring.pointee.scratch.pointee.flags.base.unsafelyUnwrapped
        var position = 0
        while position < Int(wanted.adFeatures) && !scoring.pointee.deadline.check() {
            let depth = min(AdFeatures.depth, Int(wanted.adFeatures) &- position)
            let positions = position..<(position &+ depth)
            if scoring.pointee.find(positions, count) {
                scoring.pointee.addUnusual(count, positions, wanted, flags)
            }
            for level in 0..<index.pointee.levels {
                var found = scratch.pointee.draws.weights
                if wanted.click {
                    scoring.pointee.click.addWeights(
                        ads.clickRows, depth: depth, count: count, level: level, notedIn: &found)
                    draw(found, .click, level, candidates, position, release)
                }
                if wanted.conversion {
                    scoring.pointee.conversion.addWeights(
                        ads.conversionRows, depth: depth, count: count, level: level, notedIn: &found)
                    draw(found, .conversion, level, candidates, position, release)
                }
            }
            for number in 0..<depth {
                ads.forEachUnusual(count, number) { place in
                    drawNumber(candidates[place].features[position &+ number], place, candidates, wanted, release)
                }
            }
            position &+= depth
        }
        scoring.pointee.cover(count, upTo: position)
        if !index.pointee.hasCrosses { return }
        scoring.pointee.addCrosses(count, wanted)
        if !index.pointee.hasVariances { return }
        for place in 0..<count where ads.lengths[place] > 0 {
            Scoring.forEachAdCross(candidates[place], scoring) { slot in
                drawTerm(Term(slot: slot, number: 1), place, candidates[place].campaign, wanted, release)
            }
        }
    }

    /// Draws the weights of a candidate's feature if it is a number.
    private mutating func drawNumber(
        _ feature: valuation_feature, _ place: Int, _ candidates: UnsafePointer<valuation_candidate>,
        _ wanted: Scoring.Wanted, _ release: Int
    ) {
        guard let slot = (scratch.pointee.scorings + release).pointee.index.pointee.label(feature.key),
            slot.pointee.isNumber, feature.number.isFinite
        else { return }
        drawTerm(Term(slot: slot, number: feature.number), place, candidates[place].campaign, wanted, release)
    }

    /// Draws the weights that were found for the features from a position on.
    @_optimize(speed)
    @inline(never)
    private mutating func draw(
        _ found: valuation_found, _ target: Target, _ level: Int, _ candidates: UnsafePointer<valuation_candidate>,
        _ position: Int, _ release: Int
    ) {
        let scoring = scratch.pointee.scorings + release
        let index = scoring.pointee.index
        if !index.pointee.hasVariances { return }
        let all = scoring.pointee.of(target).pointee.models
        let (models, deviations) = (all + level &* Scratch.blockSize, index.pointee.deviations)
        let absent = UInt32(truncatingIfNeeded: index.pointee.counts.models[target])
        let (draws, draw) = (scratch.pointee.draws.candidates(target), draw)
        // They are scattered: without this each read would wait for memory.
        for number in 0..<found.count { valuation_kernels_prefetch(deviations + Int(found.places[number])) }
        for number in 0..<found.count {
            let place = Int(found.sums[number]) % Scratch.blockSize
            // In a dense row, the element after the last model may be something else.
            if models[place] == absent { continue }
            let deviation = deviations[Int(found.places[number])]
            let feature = candidates[place].features + (position &+ Int(found.sums[number]) / Scratch.blockSize)
            let label = Draw.label(draw.half(ofLabel: feature.pointee.key), target, level: level)
            draws.moved[place] += Draw.move(deviation, Draw.z(label, draws.campaigns[place]))
        }
    }

    /// Draws the weights of one candidate's term.
    @inline(never)
    private mutating func drawTerm(
        _ term: Term, _ place: Int, _ campaign: UInt64, _ wanted: Scoring.Wanted, _ release: Int
    ) {
        let half = draw.half(ofLabel: term.slot.pointee.key)
        for target in Target.allCases where wanted.has(target) {
            let draws = scratch.pointee.draws.candidates(target)
            forEachDeviation(of: term, target, place, release) { level, deviation in
                let label = Draw.label(half, target, level: level)
                draws.moved[place] += Draw.move(deviation, Draw.coldZ(label, UInt32(truncatingIfNeeded: campaign)))
            }
        }
    }

    /// Passes `body` the uncertain weights that a candidate's model and those that this extends have for a term, as
    /// deviations.
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

    /// How far a standard deviation of a term's weight moves the logit of a candidate's model, or of one that this
    /// extends.
    @inline(__always)
    func deviation(of term: Term, _ target: Target, _ place: Int, _ level: Int, _ release: Int) -> Float {
        let scoring = scratch.pointee.scorings + release
        let index = scoring.pointee.index
        let models = scoring.pointee.of(target).pointee.models
        let model = Int(models[level &* Scratch.blockSize &+ place])
        if model == index.pointee.counts.models[target] { return 0 }
        return index.pointee.deviation(of: term.slot, number: term.number, target, model)
    }
}

extension Scoring {
    /// Passes `body` an ad's known features; stops when the time is over.
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

    /// Passes `body` the crosses of an ad's features with the request's and with each other; stops when the time is
    /// over.
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
