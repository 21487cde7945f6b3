// SPDX-License-Identifier: Apache-2.0

/// The decisions of a policy for the ads of a request, for people: ads with the same decision share the steps to their
/// predictor.
struct DecisionText {
    private let assignment: Assignment
    private let place: String

    init(_ assignment: Assignment, place: String) {
        self.assignment = assignment
        self.place = place
    }

    /// The lines to print, with an empty one at the end. - Parameter limit: the columns of the screen; nil for no limit.
    func lines(limit: Int?, paint: Paint) -> [String] {
        var lines = [title(paint: paint)]
        if assignment.values.isEmpty {
            lines += AssignmentTable(assignment.experiments).lines(limit: limit, paint: paint) + [""]
        }
        for group in groups { lines += group.lines(limit: limit, paint: paint) + [""] }
        return lines
    }

    private func title(paint: Paint) -> String {
        let heading = assignment.id?.text ?? place
        var remarks = [NumberText.counted(assignment.values.count, "ad")]
        if let version = assignment.policy { remarks.append("policy \(version)") }
        if heading != place { remarks.append(place) }
        return paint(DisplayText.name(heading), .bold)
            + paint(DisplayText.printable("  " + remarks.joined(separator: ", ")), .faint)
    }

    /// The candidates with the same decision, in the order of the first of each.
    private var groups: [DecisionGroup] {
        var groups: [DecisionGroup] = []
        var positions: [DecisionGroup.Key: Int] = [:]
        for decision in assignment.values {
            let key = DecisionGroup.Key(steps: decision.steps, adjustment: decision.adjustment)
            let position = positions[key] ?? groups.count
            positions[key] = position
            if position == groups.count { groups.append(DecisionGroup(decision)) }
            groups[position].add(decision)
        }
        return groups
    }
}

/// Candidates for which a policy decides the same, and by the same steps.
private struct DecisionGroup {
    struct Key: Hashable {
        let steps: [Assignment.Step]
        let adjustment: Assignment.Adjustment?
    }

    /// One of them.
    private let decision: Assignment.Decision
    private var ads: [String] = []
    private var campaigns: [String] = []
    private var knownCampaigns: Set<String> = []

    /// Names of ads and campaigns beyond these are counted, not listed.
    private static let mostNames = 6
    /// If at least this many rules in a row do not hold for the same reason, they are shown as one.
    private static let mostAlike = 3

    init(_ decision: Assignment.Decision) { self.decision = decision }

    mutating func add(_ decision: Assignment.Decision) {
        ads.append(decision.ad?.text ?? NumberText.absent)
        let campaign = decision.campaign?.text ?? NumberText.absent
        if knownCampaigns.insert(campaign).inserted { campaigns.append(campaign) }
    }

    func lines(limit: Int?, paint: Paint) -> [String] {
        let entries = entries
        let ruleWidth = entries.reduce(0) { max($0, DisplayText.width($1.rule)) }
        let room = limit.map { max(20, $0 - ruleWidth - 6) }
        return title(limit: limit, paint: paint)
            + entries.flatMap { entry in
                let text = DisplayText.printable(entry.text)
                let texts = room.map { DisplayText.wrapped(text, to: $0) } ?? [text]
                return texts.enumerated().map { index, text in
                    let mark = index > 0 ? " " : entry.holds ? "✓" : "·"
                    let rule = DisplayText.leftAligned(index > 0 ? "" : entry.rule, in: ruleWidth)
                    let line = "\(rule)  \(text)"
                    return "  " + paint(mark, entry.holds ? .green : .faint) + " "
                        + paint(line, entry.decides ? .bold : entry.holds ? nil : .faint)
                }
            }
    }

    /// Ads and campaigns, on one line if it is wide enough.
    private func title(limit: Int?, paint: Paint) -> [String] {
        let ads = Self.list(ads, "ad")
        let campaigns = "  " + Self.list(campaigns, "campaign")
        let isWide = limit.map { DisplayText.width(ads + campaigns) > $0 } ?? false
        let (title, remark) = (paint(ads, .bold), paint(campaigns, .faint))
        return isWide ? [title, remark] : [title + remark]
    }

    /// "ads 9, 10 and 3 more"
    private static func list(_ names: [String], _ noun: String) -> String {
        let shown = names.prefix(names.count > mostNames + 1 ? mostNames : names.count)
        let rest = names.count - shown.count
        return "\(noun)\(names.count == 1 ? "" : "s") " + shown.map(DisplayText.name).joined(separator: ", ")
            + (rest > 0 ? " and \(NumberText.count(rest)) more" : "")
    }

    // MARK: Steps

    private struct Entry {
        let rule: String
        let text: String
        let holds: Bool
        /// Whether this step determines the predictor.
        var decides = false
    }

    private var entries: [Entry] {
        var entries: [Entry] = []
        var rest = decision.steps[...]
        while let first = rest.first {
            let alike = rest.prefix { !first.holds && !$0.holds && $0.why == first.why && $0.list == first.list }
            if alike.count > Self.mostAlike, let last = alike.last {
                let rules = "\(first.list)[\(first.number)–\(last.number)]"
                let text = "\(NumberText.count(alike.count)) rules: \(first.why)"
                entries.append(Entry(rule: rules, text: text, holds: false))
                rest = rest.dropFirst(alike.count)
            } else {
                let decides = first.predictor != nil
                entries.append(Entry(rule: first.rule, text: first.text, holds: first.holds, decides: decides))
                rest = rest.dropFirst()
            }
        }
        if let text = decision.adjustment?.text {
            entries.append(Entry(rule: "campaigns", text: text, holds: true))
        }
        return entries
    }
}

extension Assignment.Step {
    /// "overrides" of "overrides[3]".
    fileprivate var list: Substring { rule.prefix { $0 != "[" } }
    /// "3" of "overrides[3]".
    fileprivate var number: Substring { rule.dropFirst(list.count + 1).dropLast() }

    /// The name, why the rule holds or not, and its consequence.
    fileprivate var text: String {
        let reason = [name, why].compactMap { $0 }.joined(separator: ": ")
        return reason + (predictor.map { " → \($0)" } ?? "")
    }
}

extension Assignment.Adjustment {
    /// For example "the value × 2, at most 0.02".
    fileprivate var text: String {
        var text = "the value" + (multiplier == 1 ? "" : " × \(NumberText.plain(multiplier))")
        if floor > 0 { text += ", at least \(NumberText.plain(floor))" }
        if let cap { text += ", at most \(NumberText.plain(cap))" }
        return text
    }
}
