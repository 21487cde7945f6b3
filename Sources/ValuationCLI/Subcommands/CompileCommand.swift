// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc

/// `valuation compile`: the finished index of models as one file.
struct CompileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compile",
        abstract: "Write models as one file that loads in milliseconds.",
        discussion: """
            Loads the models, including self-tests, and writes the finished index. Wherever a path of models is \
            expected, it may be such a file, and the values are the same to the last bit. `valuation publish` \
            makes one for each release.

            The keys in the file are under the secret of the models. If these are in a directory of releases, keep \
            the file beside that directory's SECRET or a copy of it, because loading needs it.

            EXAMPLES
              valuation compile models
              valuation compile models --output serving.valuation
            """)

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The file to write; its name ends in .valuation. (default: here, by the name of the models)",
            valueName: "file"),
        completion: .file())
    var output: String?

    @Option(help: .textFormat)
    var format: TextFormat?

    @Argument(help: .models, completion: .file())
    var path: String

    func validate() throws {
        if output == nil, Self.name(of: path) == nil {
            throw ValidationError("'\(path)' has no name to call the file by; give --output.")
        }
    }

    func run() throws {
        let output = Output()
        let file = self.output ?? (Self.name(of: path) ?? path) + ".valuation"
        try Failure.ifRefused("cannot compile", models: [path]) { try Releases.compile(path: path, to: file) }
        let compiled = Compiled(file: file, bytes: InputFile.totalSize(of: [file]) ?? 0)
        switch TextFormat.chosen(format) {
        case .jsonl: try output.write(line: jsonLine(compiled))
        case .text:
            let line = DisplayText.printable("\(file): \(NumberText.bytes(compiled.bytes))")
            try output.write(line: output.paint(line, .green))
        }
        try output.close()
    }

    /// The default name of models: the last component of their path, without the extension of a model file.
    private static func name(of path: String) -> String? {
        guard var name = path.split(separator: "/").last, name != ".", name != ".." else { return nil }
        for suffix in [".gz", ".json", ".jsonl", ".valuation"] where name.hasSuffix(suffix) {
            name.removeLast(suffix.count)
        }
        return name.isEmpty ? nil : String(name)
    }

    /// What was written.
    private struct Compiled: Encodable {
        let file: String
        let bytes: Int
    }
}
