// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `valuation prune`: removes old releases.
struct PruneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove old releases.",
        discussion: """
            Removes all releases except the newest ones and those that LATEST, PREVIOUS and policy.json name. Also \
            removes what killed publishers left behind. Keeps a release whose manifest is damaged, for a person to \
            look at. Processes that serve a removed release go on serving it.

            EXAMPLES
              valuation prune models --keep 5
              valuation prune models --keep 1 --format jsonl
            """)

    @Option(
        parsing: .unconditional, help: ArgumentHelp("How many of the newest releases stay; at least 1.", valueName: "n")
    )
    var keep: Int

    @Option(help: .textFormat)
    var format: TextFormat?

    @Argument(help: .releases, completion: .directory)
    var root: String

    func validate() throws {
        if keep < 1 { throw ValidationError("--keep must be at least 1, not \(keep).") }
    }

    func run() throws {
        let output = Output()
        let report = try Failure.ifRefused("cannot prune", root: root) { try Releases.prune(root, keep: keep) }
        switch TextFormat.chosen(format) {
        case .jsonl: try output.write(line: report.line)
        case .text:
            let removed = try report.decoded(as: [String].self)
            for id in removed { try output.write(line: DisplayText.printable("removed \(id)")) }
            let total = "\(root): \(NumberText.counted(removed.count, "release")) removed"
            try output.write(line: output.paint(DisplayText.printable(total), .bold))
        }
        try output.close()
    }
}
