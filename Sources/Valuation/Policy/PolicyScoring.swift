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
    /// The draws, and the half of one that depends on an intercept, from `beginDraws` on.
    private(set) var draw = Draw()
    private(set) var interceptHalf: UInt32 = 0
    private var hasDraws = false
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
    mutating func score(_ candidates: Candidates, into values: UnsafeMutablePointer<valuation_value>) {
        var start = 0
        while start < candidates.count {
            let length = min(Scratch.blockSize, candidates.count &- start)
            score(candidates, at: start, block: length, into: values + start)
            start &+= length
        }
        finish()
    }

    /// Values every candidate and keeps the best. - Parameter values: memory for a block.
    @_optimize(speed)
    mutating func rank(
        _ candidates: Candidates, into ranking: inout Ranking, _ values: UnsafeMutablePointer<valuation_value>
    ) {
        var start = 0
        while start < candidates.count {
            let length = min(Scratch.blockSize, candidates.count &- start)
            score(candidates, at: start, block: length, into: values)
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
        _ all: Candidates, at start: Int, block count: Int, into values: UnsafeMutablePointer<valuation_value>
    ) {
        defer { remaining &-= count }
        let room = scratch.pointee.scratches[0].pointee.candidateRoom
        if commonRelease >= 0 && !policy.pointee.marksMany {
            let scoring = begin(commonRelease, expecting: remaining)
            (scoring.pointee.source, scoring.pointee.flags) = (everyone.source, everyone.flags)
            let (first, wanted) = scoring.pointee.read(all, at: start, count)
            if !policy.pointee.hasCampaigns || !isAnyMarked(count) {
                // Draws read the candidates' features.
                let candidates = commonExploration > 0 ? all.block(at: start, count, in: room) : first
                return value(
                    candidates, count, wanted, release: commonRelease, exploration: commonExploration, into: values)
            }
        }
        let candidates = all.block(at: start, count, in: room)
        scoreApart(candidates, count, isCommon: decide(candidates, count), into: values)
        adjust(candidates, count, values)
    }

    /// Must be called after the last block. Completes the coverage, of all releases, in the first one's scratch.
    private mutating func finish() {
        var coverage = Coverage()
        while begun != 0 {
            let release = begun.trailingZeroBitCount
            begun &= begun &- 1
            let place = scratch.pointee.scorings + release
            place.pointee.finish()
            place.deinitialize(count: 1)
            coverage.add(scratch.pointee.scratches[release].pointee.coverage)
        }
        coverage.isLate = coverage.isLate || deadline.isOver
        scratch.pointee.scratches[0].pointee.coverage = coverage
    }

    /// Looks the features up in a release, unless that is done. - Parameter count: for about how many candidates.
    @_optimize(speed)
    mutating func begin(_ release: Int, expecting count: Int) -> UnsafeMutablePointer<Scoring> {
        let place = scratch.pointee.scorings + release
        if begun & 1 << UInt32(release) != 0 { return place }
        begun |= 1 << UInt32(release)
        let index = Snapshot.index(snapshot, release: release)
        let campaigns =
            policy.pointee.hasTable ? policy.pointee.campaigns.table(release) : index.pointee.campaignTable
        place.initialize(
            to: Scoring(
                request, candidates: count, index: index,
                scratch: scratch.pointee.scratches[release], campaigns: campaigns))
        return place
    }

    /// Finds the request's draws, unless that is done: a hash of its features, which only a predictor that explores needs.
    mutating func beginDraws() {
        if hasDraws { return }
        hasDraws = true
        draw = Draw(request)
        interceptHalf = draw.half(ofLabel: Draw.intercept)
    }

    /// Whether rules are about any campaign of the block that was read last.
    private func isAnyMarked(_ count: Int) -> Bool {
        (scratch.pointee.scorings + commonRelease).pointee.flagsOfAny(count).rawValue & CampaignTable.mark != 0
    }

    // MARK: Blocks with rules about single campaigns

    /// Reads the candidates, and finds the decision for each. - Returns: whether the predictor is the same for all.
    @_optimize(speed)
    private mutating func decide(_ candidates: UnsafePointer<valuation_candidate>, _ count: Int) -> Bool {
        // Kept in local variables: the compiler must assume that each store may move them.
        let decided = scratch.pointee.decided.base.unsafelyUnwrapped
        let adjustments = scratch.pointee.adjustments.base.unsafelyUnwrapped
        if notesArms {
            for place in 0..<count { scratch.pointee.arms[place] = Arm() }
        }
        let (policy, everyone) = (self.policy, self.everyone)
        if !policy.pointee.hasTable {
            for place in 0..<count { (decided[place], adjustments[place]) = (everyone, -1) }
            return true
        }
        let slots = scratch.pointee.slots.read(
            candidates, count, policy.pointee.campaigns.slotTable, scratch.pointee.scratches[0].pointee.kernels)
        var differences: UInt32 = 0
        for place in 0..<count {
            let entry = policy.pointee.campaigns.entry(at: slots[place])
            let decision = scratch.pointee.decisions.decide(entry.number, request, policy)
            decided[place] = decision
            adjustments[place] = Int32(truncatingIfNeeded: entry.adjustment) &- 1
            differences |= decision.predictor ^ decided[0].predictor
        }
        return differences == 0
    }

    /// Values the candidates of each predictor separately. - Parameter isCommon: whether all have the same.
    @_optimize(speed)
    private mutating func scoreApart(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, isCommon: Bool,
        into values: UnsafeMutablePointer<valuation_value>
    ) {
        let decided = scratch.pointee.decided.base.unsafelyUnwrapped
        let (left, places) = (
            scratch.pointee.left.base.unsafelyUnwrapped, scratch.pointee.places.base.unsafelyUnwrapped
        )
        for place in 0..<count { (left[place], places[place]) = (place, place) }
        if isCommon {
            value(candidates, count, by: decided[0].predictor, into: values)
            for place in 0..<count { set(decided[place], &values[place]) }
            return
        }
        var leftCount = count
        while leftCount > 0 {
            let predictor = decided[left[0]].predictor
            let gathered = gather(candidates, predictor, &leftCount)
            let same = scratch.pointee.candidates.base.unsafelyUnwrapped
            let found = scratch.pointee.values.base.unsafelyUnwrapped
            value(same, gathered, by: predictor, into: found)
            for position in 0..<gathered {
                var value = found[position]
                set(decided[places[position]], &value)
                values[places[position]] = value
            }
        }
    }

    /// Gathers the candidates of a predictor among those that are left, and their positions. - Returns: how many there
    /// are.
    @_optimize(speed)
    private mutating func gather(
        _ candidates: UnsafePointer<valuation_candidate>, _ predictor: UInt32, _ leftCount: inout Int
    ) -> Int {
        let decided = scratch.pointee.decided.base.unsafelyUnwrapped
        let (left, places) = (
            scratch.pointee.left.base.unsafelyUnwrapped, scratch.pointee.places.base.unsafelyUnwrapped
        )
        // Without a branch, which would be mispredicted.
        var (gathered, others) = (0, 0)
        for position in 0..<leftCount {
            let place = left[position]
            let isSame = decided[place].predictor == predictor ? 1 : 0
            places[gathered] = place
            left[others] = place
            gathered &+= isSame
            others &+= 1 &- isSame
        }
        leftCount = others
        let same = scratch.pointee.candidates.base.unsafelyUnwrapped
        for position in 0..<gathered { same[position] = candidates[places[position]] }
        return gathered
    }

    /// Names the source of a value.
    @inline(__always)
    private func set(_ decision: Decision, _ value: inout valuation_value) {
        value.source = decision.source
        value.flags |= decision.flags.rawValue
    }

    /// Adjusts the values, and notes their distributions.
    private mutating func adjust(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, _ values: UnsafeMutablePointer<valuation_value>
    ) {
        let adjustments = scratch.pointee.adjustments.base.unsafelyUnwrapped
        if let rules = policy.pointee.document.adjustments.base {
            for place in 0..<count where adjustments[place] >= 0 {
                rules[Int(adjustments[place])].apply(to: &values[place], candidates[place])
            }
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
}
