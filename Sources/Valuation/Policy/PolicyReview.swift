// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Suspicious parts of a valid policy: it can be loaded, but can hardly be what was meant.
extension PolicyDocument {
    /// Reviews the policy by itself. - Complexity: O(policy), and at most `comparisons` comparisons of rules and
    /// lookups of names.
    func review(_ findings: inout PolicyFindings, now: Int64, _ note: Note) throws(Failure) {
        try reviewPredictors(&findings, note)
        var left = PolicyDocument.comparisons
        for number in 0..<rules.count {
            let rule = rules[number]
            if rule.end <= now {
                if rule.isOverride {
                    try findings.warn(
                        note, "$.overrides[\(rule.position)].expires", "It has expired; take the override out.")
                } else {
                    try findings.warn(
                        note, "$.experiments[\(rule.position)].end", "It has ended; take the experiment out.")
                }
                continue
            }
            if !rule.isOverride { try reviewVariants(rule, &findings, note) }
            try reviewAgainstEarlier(number, &findings, now: now, note, &left)
        }
        if left < 0 {
            try findings.warn(
                note, "$", "So many rules and names: of the later rules it is not known whether they overlap others.")
        }
        if minimumPropensity >= 0.5 {
            try findings.warn(
                note, "$.minimum_propensity",
                "With it all candidates are equally likely to be chosen, whatever they are worth; 0.001 is a start.")
        }
        for number in 0..<adjustments.count {
            let adjustment = adjustments[number]
            if adjustment.multiplier == 0 && adjustment.floor > 0 {
                note.setJSONPath(try JSONPath.of(Text("campaigns"), text(adjustment.name), Text("floor")))
                note.setMessage(
                    "The multiplier stops the campaign's bids, and the floor lifts them again; drop one of both.")
                try findings.warn(note)
            }
            if adjustment.multiplier != 1 || adjustment.floor != 0 || adjustment.cap != .infinity { continue }
            note.setJSONPath(try JSONPath.of(Text("campaigns"), text(adjustment.name)))
            note.setMessage("It changes nothing; give a multiplier, floor or cap.")
            try findings.warn(note)
        }
    }

    // MARK: Predictors and shares

    /// A predictor may be kept in reserve, but a release that nobody uses takes memory.
    private func reviewPredictors(_ findings: inout PolicyFindings, _ note: Note) throws(Failure) {
        let areUsed = try usedPredictors()
        for number in 0..<predictors.count where !areUsed[number] {
            var isOpen = false
            for position in predictors[number].members.range where members[position] != PolicyDocument.latest {
                isOpen = true
            }
            if !isOpen { continue }
            note.setJSONPath(try JSONPath.of(Text("predictors"), text(predictors[number].name)))
            note.setMessage("Nothing uses it, yet its release is kept in memory; take it out, or retire it.")
            try findings.warn(note)
        }
    }

    /// For each predictor, whether any rule or the default names it.
    private func usedPredictors() throws(Failure) -> Buffer<Bool> {
        var areUsed = Buffer<Bool>()
        try areUsed.resize(predictors.count, filling: false)
        areUsed[defaultPredictor] = true
        for number in 0..<rules.count where rules[number].isOverride { areUsed[rules[number].predictor] = true }
        for number in 0..<variants.count where variants[number].predictor != Variant.none {
            areUsed[variants[number].predictor] = true
        }
        return areUsed
    }

    private func reviewVariants(_ rule: Rule, _ findings: inout PolicyFindings, _ note: Note) throws(Failure) {
        var start = 0
        for number in rule.variants.range {
            let variant = variants[number]
            if variant.end == start {
                try findings.warn(
                    note, "$.experiments[\(rule.position)].variants[\(number - rule.variants.start)].share",
                    "The share is 0: nobody gets the variant, or as the first only who has no unit.")
            }
            start = variant.end
        }
        if start > 0 && start <= 100 {
            try findings.warn(
                note, "$.experiments[\(rule.position)].variants",
                "The shares add up to \(start), which is 1 % of the units at most: shares are in 1/100 %, 5000 is half."
            )
        }
        if !hasPredictors(rule) {
            try findings.warn(
                note, "$.experiments[\(rule.position)].variants",
                "No variant names a predictor, so nothing differs between them.")
        }
        let left = Bucket.count - start
        if left > 0 && left < 100 {
            try findings.warn(
                note, "$.experiments[\(rule.position)].variants",
                "The shares add up to \(start) of 10,000, which leaves \(left) over; is that meant?")
        }
        if rule.variants.count == 1 {
            try findings.warn(
                note, "$.experiments[\(rule.position)].variants",
                "There is one variant alone, and nothing to compare it with.")
        }
    }

    // MARK: Rules that have no effect

    /// Comparisons of rules with earlier ones, and lookups of their names: about a second's worth.
    static let comparisons = 100_000_000

    /// Looks for an earlier rule that leaves a rule no candidates, or for rules that take a part of its candidates.
    /// Each rule has at most one finding, so that a report grows with the policy and not with its square.
    private func reviewAgainstEarlier(
        _ number: Int, _ findings: inout PolicyFindings, now: Int64, _ note: Note, _ left: inout Int
    ) throws(Failure) {
        let rule = rules[number]
        var first: Rule?
        var hasMore = false
        for other in 0..<number where rules[other].end > now && rules[other].overlapsInTime(rule) {
            let earlier = rules[other]
            left -= 1 + min(rule.scope.count, earlier.scope.count) + rule.scope.count
            if left < 0 { break }
            let relation = relation(of: earlier, to: rule)
            if relation == .none { continue }
            if relation == .covers {
                return try findings.warn(
                    note, path(rule),
                    "It never holds: \(kind(earlier))[\(earlier.position)] comes first and is for all of it; reorder or remove one."
                )
            }
            if rule.isOverride && earlier.isOverride && earlier.predictor == rule.predictor { continue }
            if first == nil { first = earlier } else { hasMore = true }
        }
        guard let first else { return }
        if rule.isOverride {
            try findings.warn(
                note, path(rule),
                "Its scope overlaps that of overrides[\(first.position)]\(hasMore ? " and of others" : ""); where both hold, the first decides."
            )
        } else {
            try findings.warn(
                note, path(rule),
                "Units to which experiments[\(first.position)]\(hasMore ? " or another" : "") gives a predictor do not get this one's; separate their scopes, or use one layer."
            )
        }
    }

    private enum Relation: UInt8 {
        case none, overlaps, covers
    }

    private func relation(of earlier: Rule, to rule: Rule) -> Relation {
        if earlier.isOverride {
            // Overrides are meant to come before experiments.
            if !rule.isOverride { return covers(earlier, rule) && earlier.coversInTime(rule) ? .covers : .none }
        } else if earlier.layer == rule.layer {
            // Experiments of a layer share its units; the later one gets those in no variant of the earlier.
            let isFull = variants[earlier.variants.end - 1].end == Bucket.count
            return isFull && covers(earlier, rule) && earlier.coversInTime(rule) ? .covers : .none
        } else if !hasPredictors(earlier) || !hasPredictors(rule) {
            return .none
        }
        if !overlaps(earlier.scope, rule.scope) { return .none }
        if !earlier.isOverride { return .overlaps }
        return covers(earlier, rule) && earlier.coversInTime(rule) ? .covers : .overlaps
    }

    private func hasPredictors(_ rule: Rule) -> Bool {
        for number in rule.variants.range where variants[number].predictor != Variant.none { return true }
        return false
    }

    private func covers(_ earlier: Rule, _ rule: Rule) -> Bool {
        covers(earlier.scope.campaigns, rule.scope.campaigns)
            && covers(earlier.scope.advertisers, rule.scope.advertisers)
            && covers(earlier.scope.placements, rule.scope.placements)
            && condition(rule.scope).implies(condition(earlier.scope))
    }

    private func covers(_ earlier: Part, _ part: Part) -> Bool {
        if earlier.isEmpty { return true }
        for position in part.range where !keys.contains(earlier, keys[position]) { return false }
        return !part.isEmpty
    }

    /// Whether scopes overlap, and not only because each names what the other leaves open, for example a campaign and a
    /// placement.
    private func overlaps(_ first: Scope, _ second: Scope) -> Bool {
        if !first.isOpen && !second.isOpen && !first.sharesKind(second) { return false }
        return overlaps(first.campaigns, second.campaigns) && overlaps(first.advertisers, second.advertisers)
            && overlaps(first.placements, second.placements)
    }

    private func overlaps(_ first: Part, _ second: Part) -> Bool {
        if first.isEmpty || second.isEmpty { return true }
        let (few, many) = first.count < second.count ? (first, second) : (second, first)
        for position in few.range where keys.contains(many, keys[position]) { return true }
        return false
    }

    private func kind(_ rule: Rule) -> StaticString { rule.isOverride ? "overrides" : "experiments" }

    private func path(_ rule: Rule) -> Message { "$.\(kind(rule))[\(rule.position)]" }
}

extension PolicyDocument.Rule {
    fileprivate func overlapsInTime(_ other: PolicyDocument.Rule) -> Bool { start < other.end && other.start < end }

    fileprivate func coversInTime(_ other: PolicyDocument.Rule) -> Bool { start <= other.start && other.end <= end }
}
