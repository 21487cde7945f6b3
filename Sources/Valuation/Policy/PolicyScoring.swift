// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation

/// The scoring of one request under a policy, block by block as in `Scoring`.
///
/// The features are looked up once in each release that some candidate needs, however many predictors use it.
///
/// - Complexity: if no rule is about single campaigns, the cost of `Scoring` and one decision for the request;
///   otherwise, for each block with campaigns that rules are about, O(candidates × predictors in it) in addition.
struct PolicyScoring: ~Copyable {
    let snapshot: UnsafeMutablePointer<Snapshot>
    let policy: UnsafeMutablePointer<Policy>
    let scratch: UnsafeMutablePointer<PolicyScratch>
    let request: Request
    /// The decision for campaigns that no rule is about.
    private let everyone: Decision
    /// The release that values these, or -1 if it is not a single one.
    private let commonRelease: Int
    /// Its exploration.
    private let commonExploration: Double
    /// The number of candidates that are left.
    private(set) var remaining: Int
    let draw: Draw
    /// The half of a draw that depends on an intercept; only if a predictor explores.
    let interceptHalf: UInt32
    /// The release whose terms' halves of draws are stored, and for how many blocks has been drawn.
    var releaseOfHalves = -1
    /// The release whose terms are sorted.
    var releaseOfSorted = -1
    var block: UInt32 = 0
    /// The deadline of the work done here; the work of a release has its own.
    var deadline: Deadline
    /// Whether the distribution of each value is requested, and the position of the next one.
    let notesArms: Bool
    private var arms: UnsafeMutablePointer<Arm>
    /// One bit for each release in which the features have been looked up.
    private var begun: UInt32 = 0

    init(
        _ request: Request, candidates: Int, snapshot: UnsafeMutablePointer<Snapshot>,
        policy: UnsafeMutablePointer<Policy>, scratch: UnsafeMutablePointer<PolicyScratch>,
        arms: UnsafeMutablePointer<Arm>? = nil
    ) {
        notesArms = arms != nil
        deadline = request.deadline
        draw = policy.pointee.explores ? Draw(request) : Draw()
        interceptHalf = policy.pointee.explores ? draw.half(ofLabel: Draw.intercept) : 0
        self.arms = arms ?? scratch.pointee.arms.base.unsafelyUnwrapped
        (self.snapshot, self.policy, self.scratch, self.request) = (snapshot, policy, scratch, request)
        remaining = candidates
        scratch.pointee.decisions.begin(request, policy)
        if scratch.pointee.decisions.stamp == 1 { scratch.pointee.draws.forget() }
        everyone = scratch.pointee.decisions.decide(CampaignTable.everyone, request, policy)
        let predictor = policy.pointee.document.predictor(Int(everyone.predictor))
        let isRelease = predictor.pointee.kind == .release && arms == nil
        commonExploration = predictor.pointee.exploration
        commonRelease = isRelease ? Int(policy.pointee.document.members[predictor.pointee.members.start]) : -1
    }

    /// Values every candidate.
    @_optimize(speed)
    mutating func score(
        _ candidates: UnsafePointer<valuation_candidate>, count: Int, into values: UnsafeMutablePointer<valuation_value>
    ) {
        var start = 0
        while start < count {
            let length = min(Scratch.blockSize, count &- start)
            score(candidates + start, block: length, into: values + start)
            start &+= length
        }
        finish()
    }

    /// Values every candidate and keeps the best. - Parameter values: memory for a block.
    @_optimize(speed)
    mutating func rank(
        _ candidates: UnsafePointer<valuation_candidate>, count: Int, into ranking: inout Ranking,
        _ values: UnsafeMutablePointer<valuation_value>
    ) {
        var start = 0
        while start < count {
            let length = min(Scratch.blockSize, count &- start)
            score(candidates + start, block: length, into: values)
            for place in 0..<length { ranking.add(values[place], index: start &+ place) }
            start &+= length
        }
        finish()
        ranking.finish()
    }

    /// Values `count` ≤ `Scratch.blockSize` candidates.
    @_optimize(speed)
    @inline(never)
    private mutating func score(
        _ candidates: UnsafePointer<valuation_candidate>, block count: Int,
        into values: UnsafeMutablePointer<valuation_value>
    ) {
        defer { remaining &-= count }
        if commonRelease < 0 {
            _ = decide(candidates, count, areMarked: false)
            scoreApart(candidates, count, into: values)
            return finish(candidates, count, values)
        }
        let scoring = begin(commonRelease, expecting: remaining)
        (scoring.pointee.source, scoring.pointee.flags) = (everyone.source, everyone.flags)
        let wanted = scoring.pointee.read(candidates, count)
        if !policy.pointee.hasCampaigns || !isAnyMarked(count) {
            return value(
                candidates, count, wanted, release: commonRelease, exploration: commonExploration, into: values)
        }
        if decide(candidates, count, areMarked: true) {
            removeMarks(commonRelease, count)
            (scoring.pointee.source, scoring.pointee.flags) = (0, [])
            value(candidates, count, wanted, release: commonRelease, exploration: commonExploration, into: values)
        } else {
            scoreApart(candidates, count, into: values)
        }
        finish(candidates, count, values)
    }

    /// Must be called after the last block.
    private mutating func finish() {
        while begun != 0 {
            let release = begun.trailingZeroBitCount
            begun &= begun &- 1
            let place = scratch.pointee.scorings + release
            place.pointee.finish()
            place.deinitialize(count: 1)
        }
    }

    /// Looks the features up in a release, unless that is done. - Parameter count: for about how many candidates.
    mutating func begin(_ release: Int, expecting count: Int) -> UnsafeMutablePointer<Scoring> {
        let place = scratch.pointee.scorings + release
        if begun & 1 << UInt32(release) != 0 { return place }
        begun |= 1 << UInt32(release)
        let index = Snapshot.index(snapshot, release: release)
        let campaigns =
            policy.pointee.hasCampaigns ? policy.pointee.campaigns.table(release) : index.pointee.campaignTable
        place.initialize(
            to: Scoring(
                request, candidates: count, index: index,
                scratch: scratch.pointee.scratches[release], campaigns: campaigns))
        return place
    }

    /// Whether rules are about any campaign of the block that was read last.
    private func isAnyMarked(_ count: Int) -> Bool {
        (scratch.pointee.scorings + commonRelease).pointee.flagsOfAny(count).rawValue & CampaignTable.mark != 0
    }

    // MARK: Blocks with rules about single campaigns

    /// Values the candidates of each predictor separately.
    private mutating func scoreApart(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int,
        into values: UnsafeMutablePointer<valuation_value>
    ) {
        for place in 0..<count { scratch.pointee.isValued[place] = false }
        for place in 0..<count {
            if scratch.pointee.isValued[place] { continue }
            let predictor = scratch.pointee.decided[place].predictor
            let gathered = gather(candidates, place..<count, predictor)
            if gathered == count {
                value(candidates, count, by: predictor, into: values)
                break
            }
            guard let same = scratch.pointee.candidates.base, let found = scratch.pointee.values.base else { return }
            value(same, gathered, by: predictor, into: found)
            for position in 0..<gathered { values[scratch.pointee.places[position]] = found[position] }
        }
    }

    /// Sets the sources of the values, and adjusts them.
    private mutating func finish(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, _ values: UnsafeMutablePointer<valuation_value>
    ) {
        let decided = scratch.pointee.decided.base.unsafelyUnwrapped
        let adjustments = scratch.pointee.adjustments.base.unsafelyUnwrapped
        let rules = policy.pointee.document.adjustments.base
        for place in 0..<count {
            values[place].source = decided[place].source
            values[place].flags |= decided[place].flags.rawValue
            if adjustments[place] < 0 { continue }
            rules.unsafelyUnwrapped[Int(adjustments[place])].apply(to: &values[place], candidates[place])
        }
        if !notesArms { return }
        for place in 0..<count { arms[place] = arm(place, candidates[place], values[place], adjustments[place]) }
        arms += count
    }

    /// The distribution of a value over the draws. - Parameter adjustment: negative for none.
    private func arm(
        _ place: Int, _ candidate: valuation_candidate, _ value: valuation_value, _ adjustment: Int32
    ) -> Arm {
        var arm = scratch.pointee.arms[place]
        arm.candidate = candidate
        arm.value = value.expected_revenue
        let isCertain = !candidate.needs(.click) && !candidate.needs(.conversion)
        if isCertain || !(candidate.bid > 0) || !Pricing.isKnown(value, candidate) { arm.fix() }
        if adjustment < 0 { return arm }
        let adjusted = policy.pointee.document.adjustments[Int(adjustment)]
        (arm.multiplier, arm.floor, arm.cap) = (adjusted.multiplier, adjusted.floor, adjusted.cap)
        if adjusted.multiplier == 0 { arm.fix() }
        return arm
    }

    /// Finds the decision for each candidate.
    ///
    /// - Parameter areMarked: whether the block has been read, so that campaigns that rules are about are marked.
    /// - Returns: whether the predictor is the same for all, and is everyone's.
    private mutating func decide(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, areMarked: Bool
    ) -> Bool {
        let marks = scratch.pointee.scratches[max(0, commonRelease)].pointee.flagBits
        // Kept in a local variable: the compiler must assume that each store may move them.
        let decided = scratch.pointee.decided.base.unsafelyUnwrapped
        let adjustments = scratch.pointee.adjustments.base.unsafelyUnwrapped
        let (policy, everyone, hasCampaigns) = (self.policy, self.everyone, policy.pointee.hasCampaigns)
        if notesArms {
            for place in 0..<count { scratch.pointee.arms[place] = Arm() }
        }
        var isCommon = true
        for place in 0..<count {
            let isMarked = areMarked ? marks[place] & CampaignTable.mark != 0 : hasCampaigns
            if !isMarked {
                decided[place] = everyone
                adjustments[place] = -1
                continue
            }
            let entry = policy.pointee.campaigns.entry(candidates[place].campaign)
            let number = entry?.pointee.number ?? policy.pointee.campaigns.unknown
            let decision = scratch.pointee.decisions.decide(number, request, policy)
            decided[place] = decision
            adjustments[place] = Int32(truncatingIfNeeded: entry?.pointee.adjustment ?? 0) &- 1
            isCommon = isCommon && decision.predictor == everyone.predictor
        }
        return isCommon
    }

    /// Removes the marks from a block that was read, and everyone's decision: each candidate has a decision of its own.
    func removeMarks(_ release: Int, _ count: Int) {
        let flags = scratch.pointee.scratches[release].pointee.flagBits
        let marks = CampaignTable.mark | everyone.flags.rawValue
        for place in 0..<count { flags[place] &= ~marks }
    }

    /// Gathers the candidates of a predictor. - Returns: how many there are.
    private mutating func gather(
        _ candidates: UnsafePointer<valuation_candidate>, _ places: Range<Int>, _ predictor: UInt32
    ) -> Int {
        var gathered = 0
        for place in places where scratch.pointee.decided[place].predictor == predictor {
            scratch.pointee.candidates[gathered] = candidates[place]
            scratch.pointee.places[gathered] = place
            scratch.pointee.isValued[place] = true
            gathered &+= 1
        }
        return gathered
    }
}
