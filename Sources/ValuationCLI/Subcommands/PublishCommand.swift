// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `valuation publish`: models as a release that ad servers follow.
struct PublishCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Publish models as a release.",
        discussion: """
            Loads the models as an ad server would, including self-tests, copies them with their checksums to a \
            new release, compiles them, and then makes LATEST name it. Running engines follow at their next \
            refresh. Models that would not load are not published, and the release that LATEST names is complete \
            at every moment, even if this command is killed.

            The first publish in a directory also creates its secret, the file SECRET, under which engines compute \
            keys. Only its owner and group can read it; ad servers must be able to.

            The priors are the probabilities for campaigns without a model, if campaign * has none either. If only \
            clicks are logged, --click-prior 1 says that a click is given.

            EXAMPLES
              valuation publish batch --to models
              valuation publish batch --to models --id 2026-11-21 --click-prior 0.004
              valuation publish batch --to models --keep-latest --format jsonl
            """)

    @Option(help: ArgumentHelp("The directory of releases; created if it does not exist.", valueName: "dir"))
    var to: String

    @Option(
        help: ArgumentHelp(
            "What to call the release: letters, digits, dots, hyphens, underscores. (default: the time, in UTC)",
            valueName: "id"))
    var id: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("P(click) without a model. (default: by the models' training)", valueName: "p"))
    var clickPrior: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("P(conversion | click) without a model. (default: by the models' training)", valueName: "p"))
    var conversionPrior: Double?

    @Flag(help: "Write no compiled file; engines then read the model files.")
    var noCompiled = false

    @Flag(help: "Leave LATEST as it is; `valuation rollback` can make it name this release.")
    var keepLatest = false

    @Option(help: .textFormat)
    var format: TextFormat?

    @Argument(help: .modelFiles, completion: .file())
    var path: String

    func validate() throws {
        if id == "" { throw ValidationError("--id must not be empty.") }
        for (name, prior) in [("--click-prior", clickPrior), ("--conversion-prior", conversionPrior)] {
            guard let prior, !(prior > 0 && prior <= 1) else { continue }
            throw ValidationError(
                "\(name) must be a probability above 0 and at most 1, not \(NumberText.plain(prior)).")
        }
    }

    func run() throws {
        let output = Output()
        let wishes = Releases.Wishes(
            id: id, clickPrior: clickPrior, conversionPrior: conversionPrior, writesCompiled: !noCompiled,
            keepsLatest: keepLatest)
        let manifest = try Failure.ifRefused("publishing failed", models: [path], root: to) {
            try Releases.publish(path: path, to: to, wishes)
        }
        switch TextFormat.chosen(format) {
        case .jsonl: try output.write(line: manifest.line)
        case .text: try output.write(lines: summary(of: manifest, output.paint))
        }
        try output.close()
    }

    private func summary(of report: Report, _ paint: Paint) throws -> [String] {
        let manifest = try Failure.ifRefused("published, but its manifest cannot be shown") {
            try report.decoded(as: ReleaseManifest.self)
        }
        let size = manifest.files.reduce(0) { $0 + $1.bytes }
        let latest = Releases.latest(of: to)
        let facts = [
            ("campaigns", NumberText.count(manifest.counts.campaigns)),
            (
                "models",
                "\(NumberText.count(manifest.counts.clickModels)) click, "
                    + "\(NumberText.count(manifest.counts.conversionModels)) conversion"
            ),
            ("weights", NumberText.count(manifest.counts.weights)),
            ("priors", NumberText.priors(click: manifest.priors.click, conversion: manifest.priors.conversion)),
            ("size", "\(NumberText.bytes(size)) in \(NumberText.counted(manifest.files.count, "file"))"),
            ("compiled", manifest.compiled.map { NumberText.bytes($0.bytes) } ?? "no"),
            ("LATEST", latest == manifest.id ? "names it" : latest.map { "still names \($0)" } ?? "names none yet"),
        ]
        let title = DisplayText.printable("published \(manifest.id) in \(to)")
        let untested = manifest.counts.modelsWithoutSelfTests ?? 0
        let warning =
            "warning: \(NumberText.counted(untested, "model")) without a self-test; `valuation validate` names them"
        return [paint(title, .green)]
            + facts.map { name, value in
                DisplayText.leftAligned("  " + name, in: 14) + DisplayText.printable(value)
            } + (untested > 0 ? [paint(warning, .yellow)] : [])
    }
}
