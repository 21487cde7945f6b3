// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation

/// Explains the decisions of a policy for a JSON request.
struct AssignAnswer: ~Copyable {
    private let scorer: UnsafeMutablePointer<Scorer>
    private let snapshot: UnsafeMutablePointer<Snapshot>
    private let policy: UnsafeMutablePointer<Policy>
    private let index: UnsafePointer<Index>
    private let request: Request
    private let scratch: UnsafeMutablePointer<PolicyScratch>

    /// - Complexity: O(text + candidates × rules).
    static func write(_ text: Text, scorer: UnsafeMutablePointer<Scorer>) throws(Failure) -> Text {
        try Scorer.withSnapshot(scorer) { snapshot throws(Failure) in
            guard let policy = snapshot.pointee.policy, let scratch = scorer.pointee.policyScratch else {
                throw Failure(.noPolicy, "No policy is loaded; load one first.")
            }
            try scorer.pointee.requests.read(
                text, index: snapshot.pointee.index, policyFields: PolicyFields(snapshot), keepingSources: false,
                needsCandidates: false)
            let answer = AssignAnswer(scorer, policy, scratch, snapshot)
            try answer.write()
            return try scorer.pointee.output.terminated()
        }
    }

    private init(
        _ scorer: UnsafeMutablePointer<Scorer>, _ policy: UnsafeMutablePointer<Policy>,
        _ scratch: UnsafeMutablePointer<PolicyScratch>, _ snapshot: UnsafeMutablePointer<Snapshot>
    ) {
        self.scorer = scorer
        self.snapshot = snapshot
        self.policy = policy
        index = Snapshot.index(snapshot)
        request = scorer.pointee.requests.plainRequest()
        self.scratch = scratch
        scratch.pointee.decisions.begin(request, policy)
    }

    private func write() throws(Failure) {
        scorer.pointee.output.removeAll()
        let id = scorer.pointee.requests.id
        try scorer.pointee.output.beginObject()
        try scorer.pointee.output.member("id", json: id)
        try ServingAnswer.write(snapshot, to: &scorer.pointee.output)
        try scorer.pointee.output.member("experiments", begin: "[")
        try writeExperiments()
        try scorer.pointee.output.endArray()
        try scorer.pointee.output.member("values", begin: "[")
        for position in 0..<scorer.pointee.requests.candidates.count { try writeCandidate(position) }
        try scorer.pointee.output.endArray()
        try scorer.pointee.output.endObject()
    }

    // MARK: Experiments, whatever the campaign

    private func writeExperiments() throws(Failure) {
        // Layer by layer; in each, the first experiment that has the unit, whatever the campaign, excludes the later
        // ones.
        var (layer, isTaken) = (-1, false)
        for number in 0..<policy.pointee.document.rules.count {
            let rule = policy.pointee.document.rules[number]
            if rule.isOverride { continue }
            if rule.layer != layer { (layer, isTaken) = (rule.layer, false) }
            let outcome = scratch.pointee.decisions.outcome(of: number, request, policy)
            try writeExperiment(number, outcome, isExcluded: isTaken)
            isTaken = isTaken || !rule.scope.hasCampaigns && outcome.variant != Decisions.Outcome.none
        }
    }

    private func writeExperiment(
        _ number: Int, _ outcome: Decisions.Outcome, isExcluded: Bool
    ) throws(Failure) {
        let rule = policy.pointee.document.rules[number]
        try scorer.pointee.output.beginObject()
        try scorer.pointee.output.member("experiment", quoted: text(rule.name))
        try scorer.pointee.output.member("layer", quoted: text(policy.pointee.document.layers[rule.layer]))
        try scorer.pointee.output.member("unit", quoted: text(policy.pointee.document.units[rule.unit]))
        try scorer.pointee.output.member("bucket", integer: bucket(of: rule))
        let hasVariant = outcome.variant != Decisions.Outcome.none && !isExcluded
        let variant = hasVariant ? policy.pointee.document.variants[Int(outcome.variant)].name : valuation_name()
        try scorer.pointee.output.member("variant", quotedOrNull: text(variant))
        try scorer.pointee.output.member("why", begin: "\"")
        if isExcluded { try append(AssignAnswer.excluded) } else { try writeReason(number, outcome) }
        try append("\"")
        try scorer.pointee.output.endObject()
    }

    private static let excluded: StaticString = "another experiment of its layer has the unit"

    private func bucket(of rule: PolicyDocument.Rule) -> Int? {
        guard let unit = request.unit(text(policy.pointee.document.units[rule.unit])) else { return nil }
        return Bucket.of(prefix: text(rule.salt), unit: unit)
    }

    /// Why a rule holds for the request or not, whatever the campaign.
    private func writeReason(_ number: Int, _ outcome: Decisions.Outcome) throws(Failure) {
        let rule = policy.pointee.document.rules[number]
        if !scratch.pointee.decisions.isActive(rule) {
            if rule.isOverride { return try append("it has expired") }
            return try append(scratch.pointee.decisions.isBeforeStart(rule) ? "it has not started yet" : "it has ended")
        }
        if !scratch.pointee.decisions.isPlaced(in: rule.scope, policy) { return try append("for other placements") }
        if rule.isOverride { return try append("it is for this campaign and placement, and has not expired") }
        if !outcome.hasUnit { return try append("the request has no such unit, so it gets the control") }
        guard let bucket = bucket(of: rule) else { return }
        try append("the bucket ", bucket)
        if outcome.variant == Decisions.Outcome.none { return try append(" is no variant's") }
        let variant = Int(outcome.variant)
        let start = variant == rule.variants.start ? 0 : policy.pointee.document.variants[variant - 1].end
        try append(" is in ", start)
        try append(" to ", policy.pointee.document.variants[variant].end - 1)
    }

    // MARK: Candidates

    private func writeCandidate(_ position: Int) throws(Failure) {
        let echo = scorer.pointee.requests.echoes[position]
        let campaign = scorer.pointee.requests.candidates[position].campaign
        try scorer.pointee.output.beginObject()
        try scorer.pointee.output.member("ad", json: echo.ad)
        try scorer.pointee.output.member("campaign", json: echo.campaign)
        let entry = policy.pointee.hasCampaigns ? policy.pointee.campaigns.entry(campaign) : nil
        let number = entry?.pointee.number ?? policy.pointee.campaigns.unknown
        let decision = scratch.pointee.decisions.decide(number, request, policy)
        try scorer.pointee.output.member("source", integer: Int(decision.source))
        if let origin = policy.pointee.document.origin(of: decision.source) {
            try SourcePrinter.write(origin, policy.pointee.document, to: &scorer.pointee.output)
        }
        try scorer.pointee.output.member("steps", begin: "[")
        try writeSteps(campaign)
        try scorer.pointee.output.endArray()
        if let entry, entry.pointee.adjustment > 0 {
            try write(policy.pointee.document.adjustments[Int(entry.pointee.adjustment) - 1])
        } else {
            try scorer.pointee.output.memberNull("adjustment")
        }
        try scorer.pointee.output.endObject()
    }

    /// Every rule up to the one that decides, and the default.
    private func writeSteps(_ campaign: UInt64) throws(Failure) {
        let advertiser = index.pointee.observed(campaign).advertiser
        let newcomers = policy.pointee.document.newcomers(campaign, index.pointee)
        var layer = -1
        for number in 0..<policy.pointee.document.rules.count {
            let rule = policy.pointee.document.rules[number]
            try scorer.pointee.output.beginObject()
            try scorer.pointee.output.member("rule", begin: rule.isOverride ? "\"overrides[" : "\"experiments[")
            try scorer.pointee.output.append(integer: rule.position)
            try append("]\"")
            try scorer.pointee.output.member("name", quotedOrNull: text(rule.name))
            let outcome = scratch.pointee.decisions.outcome(of: number, request, policy)
            let isNew = rule.scope.newcomers == 0 || rule.scope.newcomers & newcomers != 0
            let isOfCampaign =
                isNew && policy.pointee.document.holds(rule.scope, campaign: campaign, advertiser: advertiser)
            let isExcluded = !rule.isOverride && rule.layer == layer
            let holds = outcome.variant != Decisions.Outcome.none && isOfCampaign && !isExcluded
            try scorer.pointee.output.member("holds", bool: holds)
            try scorer.pointee.output.member("why", begin: "\"")
            if !isNew {
                try append("the campaign is no newcomer by its scope")
            } else if !isOfCampaign {
                try append("for other campaigns or advertisers")
            } else if isExcluded {
                try append(AssignAnswer.excluded)
            } else {
                try writeReason(number, outcome)
            }
            if !holds {
                try endStep(predictor: .empty)
                continue
            }
            if !rule.isOverride { layer = rule.layer }
            if !rule.isOverride {
                try append(", variant ")
                try writeInside(text(policy.pointee.document.variants[Int(outcome.variant)].name))
            }
            let named =
                rule.isOverride ? rule.predictor : policy.pointee.document.variants[Int(outcome.variant)].predictor
            if named == PolicyDocument.Variant.none {
                try append(", which names no predictor")
                try endStep(predictor: .empty)
                continue
            }
            return try endStep(predictor: text(policy.pointee.document.predictors[named].name))
        }
        try scorer.pointee.output.beginObject()
        try scorer.pointee.output.member("rule", literal: "default")
        try scorer.pointee.output.memberNull("name")
        try scorer.pointee.output.member("holds", bool: true)
        try scorer.pointee.output.member("why", begin: "\"no rule before it chose one")
        let predictor = policy.pointee.document.predictors[policy.pointee.document.defaultPredictor]
        try endStep(predictor: text(predictor.name))
    }

    /// Ends the reason of a step, and the step. - Parameter predictor: empty if the rule names none.
    private func endStep(predictor: Text) throws(Failure) {
        try append("\"")
        try scorer.pointee.output.member("predictor", quotedOrNull: predictor)
        try scorer.pointee.output.endObject()
    }

    private func write(_ adjustment: PolicyDocument.Adjustment) throws(Failure) {
        try scorer.pointee.output.member("adjustment", begin: "{")
        try scorer.pointee.output.member("multiplier", number: adjustment.multiplier)
        try scorer.pointee.output.member("floor", number: adjustment.floor)
        // Without a cap it is infinite, which is written as null.
        try scorer.pointee.output.member("cap", number: adjustment.cap)
        try scorer.pointee.output.endObject()
    }

    // MARK: Writing

    private func text(_ name: valuation_name) -> Text { policy.pointee.document.text(name) }

    /// A name inside a string.
    private func writeInside(_ name: Text) throws(Failure) {
        let start = scorer.pointee.output.count
        try scorer.pointee.output.append(quoted: name)
        let quoted = scorer.pointee.output.text.slice(start + 1, scorer.pointee.output.count - 1)
        // Without the quotes: moved one byte towards the start.
        for index in 0..<quoted.count { scorer.pointee.output[start + index] = quoted[index] }
        scorer.pointee.output.truncate(start + quoted.count)
    }

    private func append(_ literal: StaticString) throws(Failure) { try scorer.pointee.output.append(literal) }

    private func append(_ literal: StaticString, _ number: Int) throws(Failure) {
        try scorer.pointee.output.append(literal, integer: number)
    }
}
