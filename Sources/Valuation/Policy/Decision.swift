// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation

/// The decision of a policy for some candidates of a request.
struct Decision {
    /// The number in the document of the predictor that computes the values: the chosen one, or the first that computes
    /// the same.
    var predictor: UInt32
    /// The source that the values name.
    var source: UInt32
    var flags: Flags = []
}

/// The decisions of a policy for one request. Each rule is evaluated at most once, and each class of campaigns decided
/// at most once.
///
/// Results of an earlier request have another stamp, so nothing needs to be cleared. Policies are passed by address,
/// because the compiler would copy them at each call.
struct Decisions: ~Copyable {
    /// Whether a rule holds for the current request, whatever the campaign.
    struct Outcome {
        var stamp: UInt32
        /// For an experiment, the number of the unit's variant; 0 if an override holds; `Outcome.none` if the rule does
        /// not hold.
        var variant: Int32
        var hasUnit: Bool

        static let none: Int32 = -1
    }

    struct Decided {
        var stamp: UInt32
        var decision: Decision
    }

    /// The first override of a list that holds.
    struct First {
        var stamp: UInt32
        /// `First.none` if none holds.
        var rule: UInt32

        static let none = UInt32.max
    }

    private var outcomes = Buffer<Outcome>()
    private var decided = Buffer<Decided>()
    /// One for each list of `CampaignClasses`.
    private var firsts = Buffer<First>()
    /// The stamp of the current request; never 0.
    private(set) var stamp: UInt32 = 0
    private var time: Int64 = 0
    /// The last unit that was looked up, by its number in the document; -1 for none.
    private var unitNumber = -1
    private var unit: Text?
    /// The request's placements that scopes name; memory for those of all features is reserved in advance.
    private var placements = Buffer<UInt64>()

    /// Grows the memory to the size for a policy; does nothing if it is large enough.
    mutating func prepare(_ policy: UnsafePointer<Policy>) throws(Failure) {
        try placements.reserve(Limits.maximumFeatures)
        try outcomes.resize(
            max(outcomes.count, policy.pointee.document.rules.count),
            filling: Outcome(stamp: 0, variant: 0, hasUnit: true))
        try decided.resize(
            max(decided.count, policy.pointee.classes.count),
            filling: Decided(stamp: 0, decision: Decision(predictor: 0, source: 0)))
        try firsts.resize(
            max(firsts.count, policy.pointee.classes.listCount), filling: First(stamp: 0, rule: First.none))
    }

    /// Starts a request; decisions for the previous one no longer count. - Complexity: O(features) if scopes name
    /// placements, otherwise O(1).
    mutating func begin(_ request: Request, _ policy: UnsafePointer<Policy>) {
        stamp &+= 1
        if stamp == 0 { restart() }
        unitNumber = -1
        time = request.time ?? (policy.pointee.isTimed ? valuation_platform_seconds() : 0)
        placements.removeAll()
        if policy.pointee.placements.count == 0 { return }
        addPlacements(request.shared, policy)
        addPlacements(UnsafeBufferPointer(start: request.features, count: request.featureCount), policy)
    }

    /// Notes which of the features are placements that scopes name.
    private mutating func addPlacements(
        _ features: UnsafeBufferPointer<valuation_feature>, _ policy: UnsafePointer<Policy>
    ) {
        for feature in features where policy.pointee.placements.find(feature.key) != KeyTable.none {
            placements.spare.pointee = feature.key
            placements.appendWritten(1)
        }
    }

    /// After 2^32 requests the stamps start anew.
    private mutating func restart() {
        for position in 0..<outcomes.count { outcomes[position].stamp = 0 }
        for position in 0..<decided.count { decided[position].stamp = 0 }
        for position in 0..<firsts.count { firsts[position].stamp = 0 }
        stamp = 1
    }

    /// The decision for the campaigns of a class: the first override that holds; otherwise, in the order of the layers,
    /// the first one whose variant names a predictor; otherwise the default, as the control of the first layer that has
    /// the unit in an experiment.
    ///
    /// - Complexity: the first time in a request O(experiments of the class), and once for each of its lists
    ///   O(overrides of it); each rule is evaluated once.
    @inline(__always)
    mutating func decide(_ number: UInt32, _ request: Request, _ policy: UnsafePointer<Policy>) -> Decision {
        if decided[Int(number)].stamp == stamp { return decided[Int(number)].decision }
        let decision = choose(number, request, policy)
        decided[Int(number)] = Decided(stamp: stamp, decision: decision)
        return decision
    }

    @inline(never)
    private mutating func choose(_ number: UInt32, _ request: Request, _ policy: UnsafePointer<Policy>) -> Decision {
        let lists = policy.pointee.classes.lists(of: number)
        let first = min(
            firstOverride(lists.everyones, request, policy),
            firstOverride(lists.advertisers, request, policy),
            firstOverride(lists.own, request, policy))
        if first != First.none {
            let rule = policy.pointee.document.rule(Int(first))
            return Decision(
                predictor: policy.pointee.alike[rule.pointee.predictor], source: rule.pointee.source,
                flags: .overridden)
        }
        let fallback = policy.pointee.alike[policy.pointee.document.defaultPredictor]
        var decision = Decision(predictor: fallback, source: policy.pointee.document.defaultSource)
        var layer = -1
        var experiments = Experiments(lists, policy)
        while let position = experiments.next(policy) {
            let rule = policy.pointee.document.rule(position)
            if rule.pointee.layer == layer { continue }
            let outcome = outcome(of: position, request, policy)
            if outcome.variant == Outcome.none { continue }
            let variant = policy.pointee.document.variants[Int(outcome.variant)]
            let flags: Flags = outcome.hasUnit ? [] : .noUnit
            if variant.predictor != PolicyDocument.Variant.none {
                return Decision(
                    predictor: policy.pointee.alike[variant.predictor], source: variant.source, flags: flags)
            }
            if layer == -1 { decision = Decision(predictor: fallback, source: variant.source, flags: flags) }
            layer = rule.pointee.layer
        }
        return decision
    }

    /// The first override of a list that holds, found once a request, because many classes share a list.
    private mutating func firstOverride(
        _ number: UInt32, _ request: Request, _ policy: UnsafePointer<Policy>
    ) -> UInt32 {
        if firsts[Int(number)].stamp == stamp { return firsts[Int(number)].rule }
        let list = policy.pointee.classes.list(number)
        var found = First.none
        for position in list.start..<list.experiments {
            let rule = policy.pointee.classes.rule(position)
            if outcome(of: Int(rule), request, policy).variant == Outcome.none { continue }
            found = rule
            break
        }
        firsts[Int(number)] = First(stamp: stamp, rule: found)
        return found
    }

    /// The experiments of a class's three lists, in their order.
    private struct Experiments {
        private var everyones: Range<Int>
        private var advertisers: Range<Int>
        private var own: Range<Int>

        init(_ lists: CampaignClasses.Class, _ policy: UnsafePointer<Policy>) {
            everyones = Experiments.range(lists.everyones, policy)
            advertisers = Experiments.range(lists.advertisers, policy)
            own = Experiments.range(lists.own, policy)
        }

        private static func range(_ list: UInt32, _ policy: UnsafePointer<Policy>) -> Range<Int> {
            let list = policy.pointee.classes.list(list)
            return list.experiments..<list.end
        }

        /// No rule is in two of the lists.
        mutating func next(_ policy: UnsafePointer<Policy>) -> Int? {
            let (first, second) = (Experiments.front(everyones, policy), Experiments.front(advertisers, policy))
            let third = Experiments.front(own, policy)
            let least = min(first, second, third)
            if least == UInt32.max { return nil }
            if least == first {
                everyones = (everyones.lowerBound &+ 1)..<everyones.upperBound
            } else if least == second {
                advertisers = (advertisers.lowerBound &+ 1)..<advertisers.upperBound
            } else {
                own = (own.lowerBound &+ 1)..<own.upperBound
            }
            return Int(least)
        }

        private static func front(_ rules: Range<Int>, _ policy: UnsafePointer<Policy>) -> UInt32 {
            rules.isEmpty ? UInt32.max : policy.pointee.classes.rule(rules.lowerBound)
        }
    }

    /// Whether a rule holds for the request and, for an experiment, the unit's variant.
    mutating func outcome(of rule: Int, _ request: Request, _ policy: UnsafePointer<Policy>) -> Outcome {
        if outcomes[rule].stamp == stamp { return outcomes[rule] }
        let found = ask(policy.pointee.document.rule(rule), request, policy)
        outcomes[rule] = found
        return found
    }

    private mutating func ask(
        _ rule: UnsafePointer<PolicyDocument.Rule>, _ request: Request, _ policy: UnsafePointer<Policy>
    ) -> Outcome {
        var outcome = Outcome(stamp: stamp, variant: Outcome.none, hasUnit: true)
        if policy.pointee.isTimed && !rule.pointee.isActive(at: time) { return outcome }
        if !rule.pointee.scope.placements.isEmpty && !isPlaced(in: rule.pointee.scope, policy) { return outcome }
        if rule.pointee.isOverride {
            outcome.variant = 0
            return outcome
        }
        if rule.pointee.unit != unitNumber {
            unitNumber = rule.pointee.unit
            unit = request.unit(policy.pointee.document.text(policy.pointee.document.units[unitNumber]))
        }
        guard let unit else {
            outcome.variant = Int32(truncatingIfNeeded: rule.pointee.variants.start)
            outcome.hasUnit = false
            return outcome
        }
        let bucket = Bucket.of(prefix: policy.pointee.document.text(rule.pointee.salt), unit: unit)
        for variant in rule.pointee.variants.range where bucket < policy.pointee.document.variants[variant].end {
            outcome.variant = Int32(truncatingIfNeeded: variant)
            break
        }
        return outcome
    }

    /// Whether the request's placement is in a scope. - Complexity: O(placements of the request), with one lookup for
    /// each.
    func isPlaced(in scope: PolicyDocument.Scope, _ policy: UnsafePointer<Policy>) -> Bool {
        if scope.placements.isEmpty { return true }
        for position in 0..<placements.count
        where policy.pointee.document.keys.contains(scope.placements, placements[position]) {
            return true
        }
        return false
    }

    /// Whether a rule has started and has not ended.
    func isActive(_ rule: PolicyDocument.Rule) -> Bool { rule.isActive(at: time) }

    func isBeforeStart(_ rule: PolicyDocument.Rule) -> Bool { time < rule.start }
}

extension Request {
    /// The text of a unit, nil if the request lacks it. - Complexity: O(units).
    func unit(_ field: Text) -> Text? {
        for position in 0..<unitCount {
            let unit = units.unsafelyUnwrapped[position]
            guard let name = unit.field, let text = unit.text, unit.text_length > 0 else { continue }
            if Text(name, unit.field_length) == field { return Text(text, unit.text_length) }
        }
        return nil
    }
}
