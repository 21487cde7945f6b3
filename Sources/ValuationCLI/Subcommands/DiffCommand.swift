// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `valuation diff`: what changes from one set of models to another, in weights and in money.
struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Compare two sets of models, in weights and money.",
        discussion: """
            For each campaign and target that differs, shows how many weights were added, dropped and moved, how \
            far they moved in total, and the constant (intercept and sampling correction); then the weights that \
            moved farthest.

            With requests, as `valuation score` takes them, both sets of models value every ad. The output shows \
            how often another ad wins, and the expected revenue of the old and the new winners according to the \
            models before and after. The loss of the new winners according to the models before is the price if \
            those models are right. Money is per 1,000 \
            requests, with one impression each, in the currency of the bids.

            EXAMPLES
              valuation diff models batch
              valuation diff models batch --requests requests.jsonl
              valuation diff monday tuesday --models models --most 3
            """)

    @Option(
        help: ArgumentHelp("The directory of releases that both ids are from.", valueName: "dir"),
        completion: .directory)
    var models: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Value the ads of these files of requests; - is standard input.", valueName: "file"),
        completion: .file())
    var requests: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Name the N weights that moved farthest; as jsonl, of each model.", valueName: "n"))
    var most: Int = 10

    @Option(help: .tableFormat)
    var format: TableFormat?

    @Argument(help: ArgumentHelp("The old models: a path as for `score`, or an id.", valueName: "before"))
    var before: String

    @Argument(help: ArgumentHelp("The new models.", valueName: "after"))
    var after: String

    func validate() throws {
        if most < 0 { throw ValidationError("--most must not be negative.") }
    }

    func run() throws {
        let output = Output()
        let (former, latter) = (try path(of: before), try path(of: after))
        let weights = try weights(before: former, after: latter)
        let files = RequestFiles(requests, answersAtOnce: false, reportingOn: Diagnostics())
        let revenue = requests.isEmpty ? nil : try revenue(of: files, before: former, after: latter, on: output)
        switch TableFormat.chosen(format) {
        case .jsonl: try output.write(line: line(weights, revenue))
        case .table: try output.write(lines: tables(weights, revenue, on: output))
        }
        try output.close()
        if !requests.isEmpty { try files.conclude() }
    }

    /// The path of the models that an argument names.
    private func path(of name: String) throws -> String {
        guard let models else { return name }
        let list = try Failure.ifRefused("cannot list the releases", root: models) {
            try Releases.list(models).decoded(as: [ReleaseSummary].self)
        }
        guard list.contains(where: { $0.id == name }) else {
            throw Failure(
                message: "no release \(name) in \(models)",
                advice: "`valuation releases \(models)` lists what is there.")
        }
        return "\(models)/releases/\(name)"
    }

    /// The changes of the weights; nil if only the values can be compared.
    private func weights(before: String, after: String) throws -> Report? {
        if [before, after].contains(where: { $0.hasSuffix(".valuation") }) {
            guard requests.isEmpty else { return nil }
            throw Failure(
                message: "a compiled file has no names of weights",
                advice: "Compare the model files that it is made of, or the values, with --requests.")
        }
        let whatMayBeNamed = Models.whatMayBeNamed + " With --models, name ids of releases."
        return try Failure.ifRefused(
            "cannot compare the weights", models: [before, after], whatMayBeNamed: whatMayBeNamed
        ) {
            try Releases.compare(before: before, after: after, most: most)
        }
    }

    /// Values all requests with both sets of models.
    private func revenue(
        of files: RequestFiles, before: String, after: String, on output: Output
    ) throws -> RevenueSummary {
        let (former, latter) = (try Models(path: before), try Models(path: after))
        var comparison = RevenueComparison()
        // All ads in the order of the request, none cut off by a time budget.
        let members = "\"top\":null,\"budget_us\":null"
        try files.forEachRequest(separatedBy: .lines, on: output) { request, place in
            let answer = try former.score(request, adding: members)
            files.countInvalidCandidates(of: answer, place: place)
            let before = try decodeAnswer(AdRevenues.self, from: answer)
            let after = try decodeAnswer(AdRevenues.self, from: latter.score(request, adding: members))
            comparison.add(before: before, after: after)
        }
        return RevenueSummary(comparison)
    }

    private func tables(_ weights: Report?, _ revenue: RevenueSummary?, on output: Output) throws -> [String] {
        let (limit, paint) = (output.terminal.columns, output.paint)
        var lines = [paint(DisplayText.printable("\(before) → \(after)"), .bold)]
        if let weights {
            let comparison = try Failure.ifRefused("cannot show the weights") {
                try weights.decoded(as: WeightComparison.self)
            }
            lines += WeightTables(comparison, most: most).lines(limit: limit, paint: paint)
        } else {
            lines.append("a compiled file has no names of weights; the values alone are compared")
        }
        if let revenue { lines += [""] + RevenueTables(revenue).lines(limit: limit, paint: paint) }
        return lines
    }

    /// Both parts on one line, the library's part unchanged.
    private func line(_ weights: Report?, _ revenue: RevenueSummary?) throws -> String {
        let values = try revenue.map { try jsonLine($0) } ?? "null"
        return "{\"before\":\(try jsonLine(before)),\"after\":\(try jsonLine(after)),"
            + "\"weights\":\(weights?.line ?? "null"),\"values\":\(values)}"
    }
}
