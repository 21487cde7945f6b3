// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import FoundationEssentials

/// `valuation assign`: which variant of each experiment a unit gets.
struct AssignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assign",
        abstract: "Show which variants a user gets, and why.",
        discussion: """
            Shows for each experiment of a policy the unit's bucket and its variant, or why it gets none. Without \
            the unit that an experiment buckets by, the variant is the first one, the control. An experiment for \
            certain campaigns decides only for their ads; `valuation policy show` shows the decisions for the ads \
            of a request.

            EXAMPLES
              valuation assign --models models --unit user=u-77
              valuation assign --models models --policy policy.json --unit user=u-77
              valuation assign --models models --unit user=u-77 --feature slot=12
              valuation assign --models models --unit user=u-77 --at 2026-12-01T00:00:00Z
            """)

    @OptionGroup
    var options: PolicyOptions

    @Option(
        help: ArgumentHelp(
            "Who sees the impression; may be given several times, for several fields. A text without = is of the field "
                + "\"unit\".", valueName: "field=text"))
    var unit: [String] = []

    @Option(
        help: ArgumentHelp(
            "A feature of the request, such as its placement; may be given several times.", valueName: "field=value"))
    var feature: [String] = []

    @Option(help: ArgumentHelp("When, in UTC, for example 2026-12-01T00:00:00Z. (default: now)", valueName: "time"))
    var at: String?

    @Option(help: .tableFormat)
    var format: TableFormat?

    func validate() throws {
        var fields: Set<String> = []
        for unit in unit {
            let parts = Self.unit(unit)
            if parts.field.isEmpty || parts.text.isEmpty {
                throw ValidationError("--unit is field=text, or a text alone; '\(unit)' lacks one.")
            }
            guard fields.insert(parts.field).inserted else {
                throw ValidationError("--unit gives the field '\(parts.field)' twice; an impression has one of each.")
            }
        }
        for feature in feature where (feature.firstIndex(of: "=") ?? feature.startIndex) == feature.startIndex {
            throw ValidationError("--feature is field=value, not '\(feature)'.")
        }
        for text in unit + feature where !ArgumentText.isUTF8(text) {
            throw ValidationError("'\(text)' is not UTF-8, so no request can contain it.")
        }
        if let at, !Self.isTime(at) {
            throw ValidationError("--at is a time in UTC such as 2026-12-01T00:00:00Z, not '\(at)'.")
        }
    }

    func run() throws {
        let (models, policy) = try options.loaded()
        let output = Output()
        let units = Dictionary(uniqueKeysWithValues: unit.map(Self.unit).map { ($0.field, $0.text) })
        let answer: Models.Answer
        let assignment: Assignment
        do {
            answer = try Array(jsonLine(request(units)).utf8).withUnsafeBytes { try models.assign($0) }
            assignment = try decodeAnswer(Assignment.self, from: answer)
        } catch var problem as Problem {
            problem.line = 0  // of a text that nobody has written
            throw Failure(message: "cannot assign: \(problem.text())")
        }
        switch TableFormat.chosen(format) {
        case .jsonl: try output.write(line: answer)
        case .table:
            let table = AssignmentTable(assignment.experiments, units: units)
            try output.write(line: heading(assignment, policy: policy, paint: output.paint))
            try output.write(lines: table.lines(limit: output.terminal.columns, paint: output.paint))
        }
        try output.close()
        warn(ofUnitsThatNobodyAsksFor: units.keys.sorted(), assignment)
    }

    /// "user=u-77" as its parts; a text without "=" belongs to the field "unit".
    private static func unit(_ argument: String) -> (field: String, text: String) {
        guard let equals = argument.firstIndex(of: "=") else { return ("unit", argument) }
        return (String(argument[..<equals]), String(argument[equals...].dropFirst()))
    }

    /// Whether the day and the time of day exist.
    private static func isTime(_ text: String) -> Bool {
        let toTheSecond = Age.toTheSecond(text)
        return (try? Date(toTheSecond, strategy: .iso8601))?.formatted(.iso8601) == toTheSecond
    }

    private func request(_ units: [String: String]) -> Request {
        let pairs = feature.map { feature in
            let equals = feature.firstIndex(of: "=") ?? feature.endIndex
            return (String(feature[..<equals]), [String(feature[equals...].dropFirst())])
        }
        return Request(unit: units, time: at, features: Dictionary(pairs, uniquingKeysWith: +))
    }

    /// The request for the library.
    private struct Request: Encodable {
        let unit: [String: String]
        let time: String?
        let features: [String: [String]]
    }

    private func heading(_ assignment: Assignment, policy: String, paint: Paint) -> String {
        let name = unit.isEmpty ? "no unit" : unit.joined(separator: ", ")
        var remarks = [policy]
        if let version = assignment.policy { remarks.append("version \(version)") }
        if let at { remarks.append("at \(at)") }
        return paint(DisplayText.printable(name), .bold)
            + paint("  " + DisplayText.printable(remarks.joined(separator: ", ")), .faint)
    }

    /// A field that no experiment uses is usually misspelt.
    private func warn(ofUnitsThatNobodyAsksFor fields: [String], _ assignment: Assignment) {
        let asked = Set(assignment.experiments.map(\.unit))
        let unused = fields.filter { !asked.contains($0) }
        if unused.isEmpty || asked.isEmpty { return }
        Diagnostics().note(
            "no experiment buckets by \(unused.joined(separator: ", ")); "
                + "they bucket by \(asked.sorted().joined(separator: ", "))")
    }
}
