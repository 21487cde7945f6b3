// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `valuation inspect`: what model files hold.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what is in model files.",
        discussion: """
            Loads models as an ad server would and describes them: number, size, the models that they extend, and \
            what their training reported.

            EXAMPLES
              valuation inspect models
              valuation inspect models --campaign 1042
              valuation inspect --format jsonl models
            """)

    @Option(
        help: ArgumentHelp(
            "Show everything about this campaign's models; if it has none, show what values it and its counts.",
            valueName: "id"))
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
        // There are no counts of "*", which stands for all other campaigns.
        if let campaign, chosen.isEmpty || campaign != "*" && chosen.allSatisfy({ description.list[$0].prior }) {
            try show(campaign, of: models, on: output)
            return try output.close()
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

    /// What values a campaign without a model, and its counts: those that explain the value of its ad.
    private func show(_ campaign: String, of models: Models, on output: Output) throws {
        let request = try jsonLine(CampaignRequest(candidates: [.init(campaign: campaign)]))
        let answer: Models.Answer
        let value: AdValue?
        do throws(Problem) {
            let explained = Array(request.utf8).withUnsafeBytes { bytes in
                Result { () throws(Problem) in try models.explain(bytes) }
            }
            answer = try explained.get()
            value = try decodeAnswer(RequestAnswer.self, from: answer).values.first
        } catch {
            throw Failure(message: error.text())
        }
        guard let value, let observed = value.observed, observed.click.impressions != nil else {
            throw Failure(message: "no model of campaign \(campaign) at \(path)", exitCode: .badInput)
        }
        switch TableFormat.chosen(format) {
        case .jsonl:
            let elements = try RawJSON.elements(of: "values", in: answer, count: 1)
            try output.write(line: UnsafeRawBufferPointer(rebasing: answer[elements[0]]))
        case .table:
            try output.write(
                lines: [output.paint(DisplayText.printable("campaign \(campaign), without a model"), .bold)]
                    + Self.lines("clicks", by: value.click, value.flags, "click", ObservedText(click: observed.click))
                    + Self.lines(
                        "conversions", by: value.conversion, value.flags, "conversion",
                        ObservedText(conversion: observed.conversion)) + [""])
        }
    }

    private static func lines(
        _ name: String, by explanation: Explanation?, _ flags: [String], _ target: String, _ observed: ObservedText
    ) -> [String] {
        let source =
            explanation == nil
            ? "nothing"
            : flags.contains("\(target)_prior")
                ? "what was observed" : "the model of campaign \(explanation?.terms.first?.model ?? NumberText.absent)"
        return [DisplayText.printable("\(name): valued by \(source), \(observed.title)")] + observed.lines
    }
}

/// A request for the value of one campaign's ad.
private struct CampaignRequest: Encodable {
    let candidates: [Candidate]

    struct Candidate: Encodable {
        let campaign: String
        let pricing = "cpa"
        let bid = 0
    }
}
