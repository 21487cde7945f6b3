// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `valuation pull`: the release that a store's LATEST names.
struct PullCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Fetch the release that a server or store names.",
        discussion: """
            Reads LATEST there. If it names another release than LATEST here, downloads that release, checks every \
            file, loads it as an ad server would, and then makes LATEST here name it. Running engines follow at \
            their next refresh. If nothing changed, it has made one request and prints nothing, \
            except on a terminal.

            A download that was cut off goes on where it ended. LATEST names a complete release at every moment, \
            even if this command is killed. After `valuation rollback` here, LATEST stays until the one there is \
            written again. A LATEST that was written before the one that was followed last is an old answer of a \
            cache: it is not followed, and the command ends with 1.

            The transfers are made by curl, which also reads ~/.curlrc and ~/.netrc. For s3:// the environment has \
            AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION and, for other stores than \
            Amazon's, AWS_ENDPOINT_URL.

            EXAMPLES
              valuation pull https://models.example/ads/models models
              valuation pull --keep 5 s3://ads/models served
            """)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How many of the newest releases stay after a change; at least 1. (default: all)", valueName: "n"))
    var keep: Int?

    @Option(help: .textFormat)
    var format: TextFormat?

    @Argument(help: .store)
    var url: String

    @Argument(
        help: ArgumentHelp("The directory of releases; created if it does not exist.", valueName: "dir"),
        completion: .directory)
    var root: String

    func validate() throws {
        if let keep, keep < 1 { throw ValidationError("--keep must be at least 1, not \(keep).") }
    }

    func run() throws {
        let output = Output()
        var outcome = try Failure.ifNotDone("cannot pull", root: root) { try Pull.run(from: Store(url), to: root) }
        if case .switched(var change) = outcome, let keep {
            change.removed = try Failure.ifRefused("pulled, but old releases cannot be removed", root: root) {
                try Releases.prune(root, keep: keep).decoded(as: [String].self)
            }
            outcome = .switched(change)
        }
        switch (TextFormat.chosen(format), outcome) {
        case (.jsonl, .switched(let change)): try output.write(line: jsonLine(change))
        case (.jsonl, _): break
        case (.text, _): try output.write(lines: text(outcome, output.paint))
        }
        try output.close()
    }

    private func text(_ outcome: Pull.Outcome, _ paint: Paint) -> [String] {
        switch outcome {
        case .unchanged(let id): return [DisplayText.printable("LATEST of \(root) names \(id), as it does there")]
        case .held(let id, let followed):
            let text =
                "LATEST of \(root) names \(id), although \(followed) was pulled: it was changed here, and stays until "
                + "LATEST is written again there"
            return [paint(DisplayText.printable(text), .yellow)]
        case .switched(let change):
            let former = change.before.map { "named \($0) and now" } ?? "now"
            let title = DisplayText.printable("LATEST of \(root) \(former) names \(change.after)")
            let removed = change.removed.map { ", \(NumberText.counted($0.count, "release")) removed" } ?? ""
            return [paint(title, .green), "  \(NumberText.bytes(change.bytes)) received\(removed)"]
        }
    }
}
