// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `valuation rollback`: makes LATEST name another release.
struct RollbackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Go back to another release.",
        discussion: """
            Makes LATEST name the release that it named before, or the one with the given id, after loading it as \
            an ad server would. Running engines follow at their next refresh. No release is removed: to undo a \
            rollback, roll back to the id of the present release.

            EXAMPLES
              valuation rollback models
              valuation rollback models 2026-11-21T030000Z
            """)

    @Option(help: .textFormat)
    var format: TextFormat?

    @Argument(help: .releases, completion: .directory)
    var root: String

    @Argument(help: ArgumentHelp("The release. (default: the one that LATEST named before)", valueName: "id"))
    var id: String?

    func validate() throws {
        if id == "" { throw ValidationError("The id must not be empty; leave it out for what LATEST named before.") }
    }

    func run() throws {
        let output = Output()
        let before = Releases.latest(of: root)
        let manifest = try Failure.ifRefused(
            "LATEST cannot be pointed elsewhere", models: id.map { ["\(root)/releases/\($0)"] } ?? [], root: root
        ) {
            try Releases.select(root, id: id).decoded(as: ReleaseManifest.self)
        }
        switch TextFormat.chosen(format) {
        case .jsonl: try output.write(line: jsonLine(Change(before: before, after: manifest.id)))
        case .text: try output.write(line: output.paint(text(before: before, after: manifest.id), .green))
        }
        try output.close()
    }

    private func text(before: String?, after: String) -> String {
        let text =
            switch before {
            case after: "LATEST of \(root) names \(after), as before"
            case let before?: "LATEST of \(root) named \(before) and now names \(after)"
            case nil: "LATEST of \(root) now names \(after)"
            }
        return DisplayText.printable(text)
    }

    /// The ids that LATEST named and names.
    private struct Change: Encodable {
        let before: String?
        let after: String
    }
}
