// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `valuation push`: a release to a web server or object store.
struct PushCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Upload a release to a web server or object store.",
        discussion: """
            Uploads the release that LATEST names: its files, then its manifest, and LATEST last. Leaves out what is \
            there already, so after an interruption it goes on where it ended. Never changes a release that is \
            there. After `valuation rollback`, it uploads LATEST alone.

            The store must take PUT: Amazon's S3 and what speaks its protocol, WebDAV. `valuation pull --help` says \
            where curl, which makes the transfers, finds credentials.

            Whoever reads index.valuation or SECRET knows the secret of the keys; let only the ad servers read the \
            store.

            EXAMPLES
              valuation push --secret models s3://ads/models
              valuation push models https://models.example/ads/models
              valuation push --release monday models s3://ads/models
            """)

    @Option(
        help: ArgumentHelp(
            "The release, and LATEST only if it names that. (default: the one that LATEST names)", valueName: "id"))
    var release: String?

    @Flag(help: "Also upload SECRET, so that the first pull of a server finds it.")
    var secret = false

    @Option(help: .textFormat)
    var format: TextFormat?

    @Argument(help: .releases, completion: .directory)
    var root: String

    @Argument(help: .store)
    var url: String

    func validate() throws {
        if release == "" { throw ValidationError("--release must not be empty.") }
    }

    func run() throws {
        let output = Output()
        let answer = try Failure.ifNotDone("cannot push", root: root) {
            try Push(root, to: Store(url)).run(id: release, hasSecret: secret)
        }
        switch TextFormat.chosen(format) {
        case .jsonl: try output.write(line: jsonLine(answer))
        case .text:
            let latest = answer.latest == nil ? "LATEST was left as it is there" : "LATEST names it there"
            let files = "\(NumberText.counted(answer.files, "file")), \(NumberText.bytes(answer.bytes)) uploaded"
            let verb = answer.isNew ? "pushed \(answer.id) to" : "\(answer.id) is in"
            try output.write(lines: [
                output.paint(DisplayText.printable("\(verb) \(url)"), .green), "  \(files)", "  \(latest)",
            ])
        }
        try output.close()
    }
}
