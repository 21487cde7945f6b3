// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CValuation
import FoundationEssentials

/// `valuation validate`: every problem of model files.
struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Find every problem in model files.",
        discussion: """
            Checks model files as a load would, including self-tests, but does not stop at the first problem. Each \
            problem is a line on standard output in the format of compilers, so that editors can jump to it:

              file:line:column: $.json.path: what is wrong and what to do [STATUS]

            A model without a self-test gives a warning, which is marked as one and has no status: the model would \
            be loaded.

            Each path is checked as a separate set: models that extend one another belong in one directory. With \
            --policy, the findings of `valuation policy check` for these models follow.

            EXAMPLES
              valuation validate models
              valuation validate models/1042.json models/default.jsonl
              valuation validate --policy policy.json models
              valuation validate --format jsonl models
            """)

    @Option(
        help: ArgumentHelp(
            "Check this policy against the models, too; there must be one path.", valueName: "file"),
        completion: .file())
    var policy: String?

    @Option(help: ArgumentHelp("How to answer: text, or jsonl with one object for each problem.", valueName: "format"))
    var format: TextFormat = .text

    @Argument(
        help: ArgumentHelp(
            """
            Model files (.json, .jsonl, either with .gz), directories of such files, releases, directories of \
            releases \
            (what LATEST names is checked), or compiled files (.valuation).
            """, valueName: "path"),
        completion: .file())
    var paths: [String]

    func validate() throws {
        if policy != nil, paths.count > 1 {
            throw ValidationError("--policy is checked against one set of models; name one path.")
        }
    }

    func run() throws {
        let output = Output()
        var (total, notFound) = (0, false)
        for path in paths {
            var (count, warnings) = (0, 0)
            _ = try Library.validate(path: path) { problem in
                if problem.isWarning { warnings += 1 } else { count += 1 }
                if Self.nothingIsThere(problem, at: path) { notFound = true }
                try output.write(problem, as: format)
                try output.flush()
            }
            total += count
            if format == .text, paths.count == 1 || count == 0 {
                let verdict = count == 0 ? "no problem" : NumberText.counted(count, "problem")
                let rest = warnings == 0 ? "" : ", " + NumberText.counted(warnings, "warning")
                let line = "\(DisplayText.printable(path)): \(verdict)\(rest)"
                try output.write(line: output.paint(line, count + warnings == 0 ? .green : .bold))
            }
        }
        if format == .text, paths.count > 1 {
            try output.write(line: output.paint("\(NumberText.counted(total, "problem")) in all", .bold))
        }
        if let policy {
            // Models with problems cannot be loaded, so the policy is not checked against them.
            let check = try PolicyCheck(of: policy, models: total == 0 ? paths.first : nil)
            try check.write(on: output, as: format)
            total += check.errors
        }
        try output.close()
        if notFound { throw ExitCode.cannotWork }
        if total > 0 { throw ExitCode.badInput }
    }

    /// Whether there was nothing to check at all.
    private static func nothingIsThere(_ problem: Problem, at path: String) -> Bool {
        switch Int(problem.status) {
        case VALUATION_ERROR_NOTHING_LOADED: return true
        case VALUATION_ERROR_FILE_NOT_FOUND, VALUATION_ERROR_READ_FAILED: return problem.isIn(path)
        default: return false
        }
    }
}
