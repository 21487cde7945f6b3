// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `valuation inspect`: what model files hold.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what is in model files.",
        discussion: """
            Loads models as an ad server would and says what is in them: how many, how large, what they extend, what \
            their training said of them.

            EXAMPLES
              valuation inspect models
              valuation inspect models --campaign 1042
              valuation inspect --format jsonl models
            """)

    @Option(help: ArgumentHelp("Show all that is known of this campaign's models.", valueName: "id"))
    var campaign: String?

    @Option(help: .tableFormat)
    var format: TableFormat?

    @Argument(help: .models, completion: .file())
    var path: String

    func run() throws {
        let models = try Models(path: path)
        let output = Output()
        let answer: Models.Answer
        let description: ModelsDescription
        do throws(Problem) {
            answer = try models.describe()
            description = try decodeAnswer(ModelsDescription.self, from: answer)
        } catch {
            throw Failure(message: error.text())
        }
        let chosen = description.list.indices.filter { campaign == nil || description.list[$0].campaign == campaign }
        if let campaign, chosen.isEmpty {
            throw Failure(message: "no model of campaign \(campaign) at \(path)", exitCode: .badInput)
        }
        switch TableFormat.chosen(format) {
        case .jsonl where campaign == nil:
            try output.write(line: answer)
        case .jsonl:
            let elements = try RawJSON.elements(of: "list", in: answer, count: description.list.count)
            for index in chosen { try output.write(line: UnsafeRawBufferPointer(rebasing: answer[elements[index]])) }
        case .table:
            let tables = DescriptionTables(description, path: path)
            let lines = { limit, paint in
                campaign == nil
                    ? tables.overview(limit: limit, paint: paint)
                    : chosen.flatMap { tables.details(of: description.list[$0], paint: paint) }
            }
            try output.write(lines: lines(output.terminal.columns, output.paint))
        }
        try output.close()
    }
}
