// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import CValuation

/// The scoring of one request with one index: the request's features are looked up once, then candidates are valued
/// block by block.
///
/// - Complexity: for each requested target, the cheapest of the paths of `TargetScoring` for the request's features,
///   then O(1 + ad features) a candidate. Allocates nothing.
struct Scoring: ~Copyable {
    let index: UnsafePointer<Index>
    let scratch: UnsafeMutablePointer<Scratch>
    let terms: RequestTerms
    var deadline: Deadline
    var click: TargetScoring
    var conversion: TargetScoring
    private(set) var campaigns: valuation_campaigns
    private(set) var block: valuation_block
    /// The number of candidates that are left.
    private var remaining: Int
    /// Flags of all values, besides those of the candidate.
    var flags: Flags = []
    /// The source that the values name.
    var source: UInt32 {
        get { block.source }
        set { block.source = newValue }
    }

    /// Looks the request's features up.
    ///
    /// - Parameters:
    ///   - ad: features that every candidate's ad has; the candidates then come without them. Empty if models have crosses.
    ///   - campaigns: the index's table, or its replacement.
    /// - Precondition: `scratch` is prepared for `index`.
    init(
        _ request: Request, ad: UnsafeBufferPointer<valuation_feature> = UnsafeBufferPointer(start: nil, count: 0),
        candidates: Int, index: UnsafePointer<Index>, scratch: UnsafeMutablePointer<Scratch>,
        campaigns: valuation_campaigns
    ) {
        self.index = index
        self.campaigns = campaigns
        self.scratch = scratch
        var deadline = request.deadline
        remaining = candidates
        click = TargetScoring(.click, scratch.pointee.click, index, scratch.pointee.kernels)
        conversion = TargetScoring(.conversion, scratch.pointee.conversion, index, scratch.pointee.kernels)
        let ads = AdArrays(scratch)
        block = valuation_block(
            absent_click: click.absentModel, absent_conversion: conversion.absentModel, click_models: click.models,
            conversion_models: conversion.models, flags: scratch.pointee.flagBits, features: ads.features,
            lengths: ads.lengths, source: 0, wants_clicks: 0, wants_conversions: 0, longest: 0, offsets: nil, array: nil
        )
        terms = RequestTerms(request, ad, index: index, scratch: scratch, &deadline)
        self.deadline = deadline
    }

    /// The address of a target's scoring. Valid because scorings stay where they are: in a scorer's memory, or in a
    /// variable of the caller for as long as this is used.
    @inline(__always)
    mutating func of(_ target: Target) -> UnsafeMutablePointer<TargetScoring> {
        target == .click
            ? withUnsafeMutablePointer(to: &click) { $0 } : withUnsafeMutablePointer(to: &conversion) { $0 }
    }

    /// Values `count` ≤ `Scratch.blockSize` candidates.
    mutating func score(
        _ candidates: Candidates, at start: Int, count: Int, into values: UnsafeMutablePointer<valuation_value>
    ) {
        let (first, found) = read(candidates, at: start, count)
        value(first, count: count, found, into: values)
    }

    /// Values candidates that have just been read.
    @inline(never)
    @_optimize(speed)
    mutating func value(
        _ candidates: UnsafePointer<valuation_candidate>, count: Int, _ found: Wanted,
        into values: UnsafeMutablePointer<valuation_value>
    ) {
        let wanted = add(count, found)
        takeLogits(count, wanted)
        write(candidates, count, wanted, into: values)
    }

    /// Computes the probabilities of candidates that have just been read.
    @inline(never)
    @_optimize(speed)
    mutating func predict(count: Int, _ found: Wanted) {
        let wanted = add(count, found)
        takeLogits(count, wanted)
        takeProbabilities(count, wanted)
    }

    /// Sums the weights of candidates that have just been read, or fetches the probabilities of their models.
    ///
    /// - Returns: what is still wanted.
    @_optimize(speed)
    private mutating func add(_ count: Int, _ found: Wanted) -> Wanted {
        var wanted = found
        if addOnly(count, wanted) {
            if wanted.adFeatures > 0 { addAds(count, wanted, scratch.pointee.flags.base.unsafelyUnwrapped) }
            return wanted
        }
        plan(wanted)
        if deadline.isOver { return wanted }
        if wanted.adFeatures == 0 {
            if wanted.click && click.finishModels(candidates: remaining) {
                click.takeProbabilities(count: count)
                wanted.click = false
            }
            if wanted.conversion && conversion.finishModels(candidates: remaining) {
                conversion.takeProbabilities(count: count)
                wanted.conversion = false
            }
        }
        beginBlock(count, wanted)
        if wanted.adFeatures > 0 && !deadline.isOver {
            addAds(count, wanted, scratch.pointee.flags.base.unsafelyUnwrapped)
        }
        return wanted
    }

    /// Sums the weights of the request's terms for the only candidate that is to be valued, both targets at once.
    ///
    /// - Returns: whether that was possible.
    @inline(__always)
    private mutating func addOnly(_ count: Int, _ wanted: Wanted) -> Bool {
        if count != 1 || remaining != 1 || !wanted.click || !wanted.conversion || click.isPlanned { return false }
        if terms.isIncomplete || terms.list.count > VALUATION_KERNELS_PAIR || deadline.check() { return false }
        TargetScoring.lookUpOnly(terms, &click, &conversion)
        return true
    }

    /// Sums the weights of the request's terms for the models of candidates that were just read. - Precondition: `plan`.
    @inline(never)
    mutating func beginRequest(_ count: Int, _ wanted: Wanted) {
        if !deadline.isOver { beginBlock(count, wanted) }
    }

    /// The flags that any of the candidates that were just read has.
    @_optimize(speed)
    @inline(never)
    func flagsOfAny(_ count: Int) -> Flags {
        let flags = scratch.pointee.flagBits
        var all: UInt32 = 0
        for place in 0..<count { all |= flags[place] }
        return Flags(rawValue: all)
    }

    /// Chooses the path of each of the request's terms, and takes that of the sums, unless this has been done.
    @inline(never)
    mutating func plan(_ wanted: Wanted) {
        if wanted.click && !deadline.check() {
            click.plan(terms, candidates: remaining, scratch, &deadline)
        }
        if wanted.conversion && !deadline.check() {
            conversion.plan(terms, candidates: remaining, scratch, &deadline)
        }
    }

    @inline(__always)
    private mutating func beginBlock(_ count: Int, _ wanted: Wanted) {
        if wanted.click { click.beginBlock(count: count, &deadline) }
        if wanted.conversion { conversion.beginBlock(count: count, &deadline) }
    }

    /// Turns the sums into logits.
    mutating func takeLogits(_ count: Int, _ wanted: Wanted) {
        if deadline.check() { return }
        if wanted.click { click.takeLogits(count: count) }
        if wanted.conversion { conversion.takeLogits(count: count) }
    }

    /// Turns the logits into values.
    mutating func write(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, _ wanted: Wanted,
        into values: UnsafeMutablePointer<valuation_value>
    ) {
        takeProbabilities(count, wanted)
        scratch.pointee.kernels.pointee.write(
            candidates, &block, click.probabilities, conversion.probabilities, count, values)
    }

    /// Turns the logits into probabilities.
    @inline(__always)
    private mutating func takeProbabilities(_ count: Int, _ wanted: Wanted) {
        let flags = scratch.pointee.flags.base.unsafelyUnwrapped
        if deadline.isOver {
            usePriors(count, flags)
        } else {
            if wanted.click { click.takeProbabilities(ofLogits: count, flags) }
            if wanted.conversion { conversion.takeProbabilities(ofLogits: count, flags) }
        }
        remaining &-= count
    }

    /// Must be called after the last block. Completes the scratch's coverage.
    mutating func finish() {
        click.finish(isLate: deadline.isOver)
        conversion.finish(isLate: deadline.isOver)
        scratch.pointee.coverage.isLate = deadline.isOver
    }

    /// What the candidates of a block need.
    struct Wanted {
        var click = false
        var conversion = false
        /// The largest number of features of an ad.
        var adFeatures: UInt32 = 0

        @inline(__always)
        func has(_ target: Target) -> Bool { target == .click ? click : conversion }
    }

    /// Finds the models and problems of candidates in either form. Until the next block is read, their features are in
    /// `AdArrays` alone.
    @inline(__always)
    mutating func read(
        _ candidates: Candidates, at start: Int, _ count: Int
    ) -> (UnsafePointer<valuation_candidate>, Wanted) {
        let first = candidates.take(at: start, &block)
        let wanted = read(first, count)
        block.offsets = nil
        return (first, wanted)
    }

    /// Finds the models of each candidate, and its problems.
    mutating func read(_ candidates: UnsafePointer<valuation_candidate>, _ count: Int) -> Wanted {
        let all = terms.flags.union(flags).rawValue
        scratch.pointee.kernels.pointee.read(candidates, count, &campaigns, all, &block)
        return Wanted(
            click: block.wants_clicks != 0, conversion: block.wants_conversions != 0, adFeatures: block.longest)
    }

    /// Uses the probabilities that models have without any features, for lack of time.
    private mutating func usePriors(_ count: Int, _ flags: UnsafeMutablePointer<Flags>) {
        for place in 0..<count {
            flags[place].insert(.budgetExceeded)
            click.probabilities[place] = click.priorProbability(place)
            conversion.probabilities[place] = conversion.priorProbability(place)
        }
    }

    /// The prediction of one model from features alone, whatever its campaign, for self-tests. The features are scored
    /// as an ad's, so the cost is that of one model's weights.
    ///
    /// - Precondition: at most `Limits.maximumFeatures` features.
    static func probability(
        model: UInt32, features: UnsafeMutableBufferPointer<valuation_feature>, index: UnsafePointer<Index>,
        scratch: UnsafeMutablePointer<Scratch>
    ) -> Float {
        let request = Request(features: nil, featureCount: 0, timeBudget: 0)
        var scoring = Scoring(
            request, candidates: 1, index: index, scratch: scratch, campaigns: index.pointee.campaignTable)
        return scoring.probability(model, features)
    }

    private mutating func probability(
        _ model: UInt32, _ features: UnsafeMutableBufferPointer<valuation_feature>
    ) -> Float {
        let (target, own) = index.pointee.local(model)
        let wanted = Wanted(
            click: target == .click, conversion: target == .conversion, adFeatures: UInt32(features.count))
        let flags = scratch.pointee.flags.base.unsafelyUnwrapped
        flags[0] = Flags()
        let place = UInt32(truncatingIfNeeded: own)
        let scoring = of(target)
        Scoring.begin(&scoring.pointee, place)
        let ads = AdArrays(scratch)
        ads.set(0, features.baseAddress.map { UnsafePointer($0) }, length: wanted.adFeatures)
        for place in 1..<RowPlaces.roundedUp(1) { ads.set(place, nil, length: 0) }
        addAds(1, wanted, flags)
        takeLogits(1, wanted)
        scoring.pointee.takeProbabilities(ofLogits: 1, flags)
        return scoring.pointee.probabilities[0]
    }

    private static func begin(_ target: inout TargetScoring, _ model: UInt32) {
        var deadline = Deadline(budget: 0)
        target.models[0] = model
        target.beginBlock(count: 1, &deadline)
    }
}
