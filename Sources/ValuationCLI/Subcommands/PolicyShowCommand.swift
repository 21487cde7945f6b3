// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `valuation policy show`: which predictor values which ad of a request, and why.
struct PolicyShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what a policy decides for requests, step by step.",
        discussion: """
            Reads requests as `valuation explain` does, indented or one a line, and lists for their ads every rule \
            in the order of evaluation: ✓ if it holds, · if it does not, and why. The first rule that names a \
            predictor (after the arrow) decides. Ads with the same decision are grouped, and many consecutive \
            rules that do not hold for the same reason are one line. JSON Lines have every rule of every ad.

            EXAMPLES
              valuation policy show --models models requests.jsonl
              valuation policy show --models models --policy policy.json request.json
              valuation policy show --models models --format jsonl < requests.jsonl
            """)

    @OptionGroup
    var options: PolicyOptions

    @Option(help: .textFormat)
    var format: TextFormat?

    @Argument(
        help: ArgumentHelp("Files of requests; - is standard input. (default: -)", valueName: "file"),
        completion: .file())
    var files: [String] = []

    func run() throws {
        let (models, _) = try options.loaded()
        let output = Output()
        let requests = RequestFiles(files, reportingOn: Diagnostics())
        let format = TextFormat.chosen(format)
        try requests.forEachRequest(separatedBy: .openingBraces, on: output) { request, place in
            let answer = try models.assign(request)
            switch format {
            case .jsonl: try output.write(line: answer)
            case .text:
                let text = DecisionText(try decodeAnswer(Assignment.self, from: answer), place: place)
                try output.write(lines: text.lines(limit: output.terminal.columns, paint: output.paint))
            }
        }
        try output.close()
        try requests.conclude()
    }
}
