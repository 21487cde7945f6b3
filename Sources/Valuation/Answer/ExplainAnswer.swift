// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import CValuation

/// Answers a JSON request like `ScoreAnswer` and lists, for every value, the terms of its logits.
struct ExplainAnswer: ~Copyable {
    private let scorer: UnsafeMutablePointer<Scorer>
    let snapshot: UnsafeMutablePointer<Snapshot>
    /// Of the release that values the current candidate.
    private(set) var index: UnsafePointer<Index>
    var explanation = Explanation()
    private var ignored: IgnoredAnswer
    /// The request's features, then the candidate's.
    private var features = Buffer<valuation_feature>()
    /// Whether the time was up before the current candidate.
    private var isLate = false
    /// The factor of the weights' standard deviations in draws, 0 if they were not drawn.
    private(set) var exploration = 0.0
    let draw: Draw

    /// - Complexity: O(text + candidates × (features + crosses)).
    static func write(_ text: Text, scorer: UnsafeMutablePointer<Scorer>) throws(Failure) -> Text {
        try Scorer.withSnapshot(scorer) { snapshot throws(Failure) in
            try scorer.pointee.requests.read(
                text, index: snapshot.pointee.index, policyFields: PolicyFields(snapshot), keepingSources: true)
            try ScoreAnswer.score(scorer, snapshot)
            var answer = ExplainAnswer(scorer: scorer, snapshot: snapshot)
            return try ScoreAnswer.print(scorer, snapshot) { position, value throws(Failure) in
                try answer.writeTargets(ofCandidate: position, value)
            }
        }
    }

    private init(scorer: UnsafeMutablePointer<Scorer>, snapshot: UnsafeMutablePointer<Snapshot>) {
        (self.scorer, self.snapshot) = (scorer, snapshot)
        index = Snapshot.index(snapshot)
        draw = Draw(scorer.pointee.requests.plainRequest())
        ignored = IgnoredAnswer(scorer, snapshot)
    }

    private mutating func writeTargets(ofCandidate position: Int, _ value: valuation_value) throws(Failure) {
        let candidate = scorer.pointee.requests.candidates[position]
        let predictor = predictor(of: value)
        let release = release(of: predictor)
        exploration = release == nil ? 0 : predictor?.exploration ?? 0
        index = Snapshot.index(snapshot, release: release ?? PolicyDocument.latest)
        try writeObserved(candidate.campaign, predictor?.naive ?? Naive())
        features.removeAll()
        if release == nil {
            try ignored.write(candidate: position, features, index.pointee)
            // A constant, a mean or an observed rate has no terms.
            let isNaive = predictor?.kind == .naive
            try writeWithoutTerms("click", isNaive ? value.pctr : .nan)
            return try writeWithoutTerms("conversion", isNaive ? value.pcvr : .nan)
        }
        let request = scorer.pointee.requests.request.features.elements
        if let start = request.baseAddress { try features.append(start, count: request.count) }
        // As in scoring, an invalid candidate has no features.
        let isValid = value.flags & Flags.invalidCandidate.rawValue == 0
        if isValid, let start = candidate.features { try features.append(start, count: Int(candidate.feature_count)) }
        isLate = value.flags & Flags.budgetExceeded.rawValue != 0
        if value.flags & Flags.explored.rawValue == 0 { exploration = 0 }
        try ignored.write(candidate: position, features, index.pointee)
        try explanation.explain(candidate, features: features, index: index.pointee)
        if exploration > 0 { move() }
        let adStart = scorer.pointee.requests.echoes[position].featuresStart
        try write("click", .click, probability: value.pctr, adStart: adStart)
        try write("conversion", .conversion, probability: value.pcvr, adStart: adStart)
    }

    /// nil without a policy.
    private func predictor(of value: valuation_value) -> PolicyDocument.Predictor? {
        guard let policy = snapshot.pointee.policy, let origin = policy.pointee.document.origin(of: value.source)
        else { return nil }
        return policy.pointee.document.predictors[origin.predictor]
    }

    /// The release whose models value a candidate, nil if it is not a single one.
    private func release(of predictor: PolicyDocument.Predictor?) -> Int? {
        guard let policy = snapshot.pointee.policy else { return PolicyDocument.latest }
        guard let predictor, predictor.kind == .release else { return nil }
        return Int(policy.pointee.document.members[predictor.members.start])
    }

    /// The counts of a candidate's campaign, and the rates that follow from them, whatever values it.
    private func writeObserved(_ campaign: UInt64, _ naive: Naive) throws(Failure) {
        if !index.pointee.hasObserved { return try scorer.pointee.output.memberNull("observed") }
        let (observed, overall) = (index.pointee.observed(campaign), index.pointee.overall)
        let isKnown = index.pointee.campaign(campaign).pointee.key == campaign
        try scorer.pointee.output.member("observed", begin: "{")
        try scorer.pointee.output.member("click", begin: "{")
        let clicks = naive.evidence(.click, observed, overall: overall.click)
        try write(clicks, ("clicks", "impressions"), ("advertiser_clicks", "advertiser_impressions"), isKnown)
        try scorer.pointee.output.member("conversion", begin: "{")
        let conversions = naive.evidence(.conversion, observed, overall: overall.conversion)
        try write(
            conversions, ("conversions", "clicks"), ("advertiser_conversions", "advertiser_clicks"),
            isKnown && !observed.conversions.isNaN)
        try scorer.pointee.output.endObject()
    }

    /// Writes the members of an object, and ends it.
    ///
    /// - Parameters:
    ///   - own: the names of the campaign's successes and trials.
    ///   - others: those of its advertiser's other campaigns.
    ///   - isKnown: whether there are counts.
    @inline(never)
    private func write(
        _ evidence: Naive.Evidence, _ own: (StaticString, StaticString), _ others: (StaticString, StaticString),
        _ isKnown: Bool
    ) throws(Failure) {
        try scorer.pointee.output.member(own.0, number: isKnown ? evidence.successes : .nan)
        try scorer.pointee.output.member(own.1, number: isKnown ? evidence.trials : .nan)
        try scorer.pointee.output.member(others.0, number: evidence.othersSuccesses)
        try scorer.pointee.output.member(others.1, number: evidence.othersTrials)
        let rate = evidence.rate
        try scorer.pointee.output.member("overall_rate", rounded: evidence.overall > 0 ? evidence.overall : .nan)
        try scorer.pointee.output.member("prior_weight", number: evidence.weight)
        try scorer.pointee.output.member("rate", rounded: rate.mean)
        try scorer.pointee.output.member("standard_deviation", rounded: rate.deviation)
        try scorer.pointee.output.endObject()
    }

    /// A probability without a computed logit.
    private func writeWithoutTerms(_ name: StaticString, _ probability: Float) throws(Failure) {
        if probability.isNaN { return try scorer.pointee.output.memberNull(name) }
        try scorer.pointee.output.member(name, begin: "{")
        try scorer.pointee.output.memberNull("logit")
        try scorer.pointee.output.member("probability")
        try scorer.pointee.output.append(float: probability)
        try scorer.pointee.output.member("terms", begin: "[]")
        try scorer.pointee.output.endObject()
    }

    @inline(never)
    private mutating func write(
        _ name: StaticString, _ target: Target, probability: Float, adStart: Int
    ) throws(Failure) {
        guard let model = explanation.model(target) else { return try scorer.pointee.output.memberNull(name) }
        if isLate {
            // The probability is the model's prior, which has no terms.
            return try writeWithoutTerms(name, probability)
        }
        try scorer.pointee.output.member(name, begin: "{")
        try scorer.pointee.output.member("logit", number: explanation.logit(target))
        try scorer.pointee.output.member("probability")
        try scorer.pointee.output.append(float: probability)
        try scorer.pointee.output.member("terms", begin: "[")
        var (current, level) = (model, 0)
        repeat {
            let description = index.pointee.description(of: current)
            try writeConstant("intercept", current, description.intercept, interceptDraw(current, target, level))
            if current == model, description.negative_sampling_rate != 1 {
                try writeConstant("sampling", current, log(description.negative_sampling_rate), nil)
            }
            for position in 0..<explanation.terms.count {
                try write(explanation.terms[position], of: current, target, level, adStart: adStart)
            }
            current = index.pointee.description(of: current).base
            level += 1
        } while current != Index.none
        try scorer.pointee.output.endArray()
        try scorer.pointee.output.endObject()
    }

    private mutating func writeConstant(
        _ term: StaticString, _ model: UInt32, _ logit: Double, _ drawn: WeightDraw?
    ) throws(Failure) {
        try begin(term)
        try writeModelName(model)
        try write(drawn)
        try scorer.pointee.output.member("logit", number: logit + (drawn?.moved ?? 0))
        try scorer.pointee.output.endObject()
    }

    @inline(never)
    private mutating func write(
        _ term: Explanation.Term, of model: UInt32, _ target: Target, _ level: Int, adStart: Int
    ) throws(Failure) {
        let (owner, local) = index.pointee.local(model)
        let units = index.pointee.contribution(of: term.slot, number: term.number, to: local, owner)
        let drawn = draw(term, model, target, level)
        if units == 0 && drawn == nil { return }
        let weight = index.pointee.scales[owner][local].unit * Double(units)
        let logit = weight + (drawn?.moved ?? 0)
        let isNumber = term.slot.pointee.isNumber
        try begin(term.other >= 0 ? "cross" : isNumber ? "number" : "feature")
        let requestCount = scorer.pointee.requests.request.features.count
        let isAds = term.feature >= requestCount
        let isOthersAds = term.other >= 0 ? term.other >= requestCount : isAds
        try scorer.pointee.output.member("from", literal: isAds ? "ad" : isOthersAds ? "request x ad" : "request")
        try scorer.pointee.output.member("feature", begin: "\"")
        try writeName(term.feature, adStart: adStart)
        if term.other >= 0 {
            try scorer.pointee.output.append(" x ")
            try writeName(term.other, adStart: adStart)
        }
        try scorer.pointee.output.append("\"")
        if isNumber { try scorer.pointee.output.member("number", number: term.number) }
        try writeModelName(model)
        if isNumber, let place = index.pointee.numberPlace(term.slot.pointee.row(owner), local) {
            let parameters = index.pointee.numberParameters[place]
            try scorer.pointee.output.member("mean", number: parameters.mean)
            try scorer.pointee.output.member("weight", rounded: parameters.slope)
        } else {
            try scorer.pointee.output.member("weight", rounded: weight)
        }
        try write(drawn)
        try scorer.pointee.output.member("logit", rounded: logit)
        try scorer.pointee.output.member("expected_revenue", rounded: explanation.expectedRevenue(of: logit, target))
        try scorer.pointee.output.endObject()
    }

    private func begin(_ term: StaticString) throws(Failure) {
        try scorer.pointee.output.beginObject()
        try scorer.pointee.output.member("term", literal: term)
    }

    private func write(_ drawn: WeightDraw?) throws(Failure) {
        guard let drawn else { return }
        try scorer.pointee.output.member("deviation", rounded: drawn.deviation)
        try scorer.pointee.output.member("draw", rounded: drawn.z)
    }

    private func writeModelName(_ model: UInt32) throws(Failure) {
        let range = index.pointee.description(of: model).campaign
        try scorer.pointee.output.member("model", quoted: index.pointee.text(range))
    }

    /// A feature's name as the request wrote it, for example `slot=12`; for a number, its field.
    private func writeName(_ position: Int, adStart: Int) throws(Failure) {
        let requestCount = scorer.pointee.requests.request.features.count
        let source =
            position < requestCount
            ? scorer.pointee.requests.request.sources[position]
            : scorer.pointee.requests.ads.sources[position &- requestCount &+ adStart]
        try scorer.pointee.output.append(source.field)
        if source.isNumber { return }
        try scorer.pointee.output.append("=")
        try scorer.pointee.output.append(source.value)
    }
}
