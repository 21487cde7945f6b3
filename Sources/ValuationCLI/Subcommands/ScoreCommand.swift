// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `valuation score`: what every ad of every request is worth.
struct ScoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Compute the expected revenue of showing each ad.",
        discussion: """
            Reads requests, one JSON object a line (Documentation/request-format.md), from the files in turn or \
            from standard input, and values their ads. Prints a table on a terminal, and in a pipe one JSON line \
            for each request, in the order of the input.

            A bad line is reported on standard error as file:line:column with the reason; the good ones are still \
            answered, and the command ends with 1. It also ends with 1 if a candidate or its bid is invalid: the \
            candidate is worth 0, and its flags and "problem" say why. Blank lines are skipped.

            Under a policy each value names its predictor, and the experiment and variant that chose it.

            EXAMPLES
              valuation score --models models requests.jsonl
              valuation score --models models --top 3 < requests.jsonl
              valuation score --models models --policy policy.json requests.jsonl
              valuation score --models models --format jsonl requests.jsonl > values.jsonl
            """)

    @Option(help: .models, completion: .file())
    var models: String

    @Option(help: .policy, completion: .file())
    var policy: String?

    @Option(help: .tableFormat)
    var format: TableFormat?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Answer with the best K ads of each request, best first, whatever its own \"top\" says.", valueName: "k"))
    var top: Int?

    @Argument(
        help: ArgumentHelp("Files of requests; - is standard input. (default: -)", valueName: "file"),
        completion: .file())
    var files: [String] = []

    func validate() throws {
        if let top, top < 1 { throw ValidationError("--top must be at least 1, not \(top).") }
    }

    func run() throws {
        let models = try Models(path: self.models, policy: policy)
        let output = Output()
        let requests = RequestFiles(files, reportingOn: Diagnostics())
        switch TableFormat.chosen(format) {
        case .table:
            try requests.forEachRequest(separatedBy: .lines, on: output) { request, place in
                let text = RequestText(request)
                let answer = try models.score(request, adding: text.memberForAllAds)
                requests.countInvalidCandidates(of: answer, place: place)
                let table = ScoreTable(
                    answer: try decodeAnswer(RequestAnswer.self, from: answer), request: text, place: place, top: top)
                try output.write(lines: table.lines(limit: output.terminal.columns, paint: output.paint))
            }
        case .jsonl:
            try requests.forEachRequest(separatedBy: .lines, on: output) { request, place in
                let answer = try models.score(request, adding: top.map { "\"top\":\($0)" })
                requests.countInvalidCandidates(of: answer, place: place)
                try output.write(line: answer)
            }
        }
        try output.close()
        try requests.conclude()
    }
}
