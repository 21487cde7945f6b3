// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `valuation policy check`: everything that is wrong or suspicious in a policy.
struct PolicyCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Find everything wrong or suspicious in a policy.",
        discussion: """
            An error is what an engine would refuse. A warning is what can hardly be meant: a rule behind one that \
            always holds, shares that leave a few buckets over, an experiment that has ended. Each is a line on \
            standard output, as in `valuation validate`:

              file:line: $.json.path: what is wrong and what to do [STATUS]
              file: $.json.path: warning: what is odd and what to do

            With errors the command ends with 1; with only warnings, with 0. Without --models it checks the policy \
            alone, and not whether the releases that it names exist.

            EXAMPLES
              valuation policy check policy.json
              valuation policy check models/policy.json --models models
              valuation policy check --format jsonl policy.json
            """)

    @Option(help: .models, completion: .file())
    var models: String?

    @Option(help: ArgumentHelp("How to answer: text, or jsonl with one object for each finding.", valueName: "format"))
    var format: TextFormat = .text

    @Argument(help: ArgumentHelp("The policy's file.", valueName: "policy"), completion: .file())
    var policy: String

    func run() throws {
        let output = Output()
        let check = try PolicyCheck(of: policy, models: models)
        try check.write(on: output, as: format)
        try output.close()
        if check.errors > 0 { throw ExitCode.badInput }
    }
}
