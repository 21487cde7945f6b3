// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `valuation releases`: what a directory of releases holds.
struct ReleasesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "releases",
        abstract: "List the releases of a directory.",
        discussion: """
            Newest first. The release that LATEST names is live: engines that follow the directory serve it. A \
            release whose manifest is damaged is listed at the end with the reason, and the command ends with 1. \
            `valuation validate` checks all files of a release.

            EXAMPLES
              valuation releases models
              valuation releases --format jsonl models
            """)

    @Option(help: .tableFormat)
    var format: TableFormat?

    @Argument(help: .releases, completion: .directory)
    var root: String

    func run() throws {
        let output = Output()
        let list = try Failure.ifRefused("cannot list the releases", root: root) { try Releases.list(root) }
        let releases = try Failure.ifRefused("cannot list the releases") { try list.decoded(as: [ReleaseSummary].self) }
        switch TableFormat.chosen(format) {
        case .jsonl:
            try list.bytes.withUnsafeBytes { bytes in
                for element in RawJSON.elements(ofArray: bytes) {
                    try output.write(line: UnsafeRawBufferPointer(rebasing: bytes[element]))
                }
            }
        case .table:
            try output.write(
                lines: ReleaseTable(releases, root: root).lines(limit: output.terminal.columns, paint: output.paint))
        }
        try output.close()
        if !releases.contains(where: \.latest) {
            throw Failure(
                message: "no release serves: LATEST of \(root) names none of these",
                advice: "`valuation rollback \(root) ID` lets it name one.", exitCode: .badInput)
        }
        if releases.contains(where: { $0.problem != nil }) { throw ExitCode.badInput }
    }
}
