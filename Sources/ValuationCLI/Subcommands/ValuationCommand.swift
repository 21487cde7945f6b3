// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `valuation`: the library on the command line.
struct ValuationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "valuation",
        abstract: "Compute what each candidate ad is worth for an impression.",
        discussion: """
            The value of an ad is the expected revenue of showing it: bid / 1000 (CPM), bid × pCTR (CPC) or bid × \
            pCTR × pCVR (CPA). The probabilities come from one sparse logistic regression for each campaign and \
            target.

            EXAMPLES
              valuation publish batch --to models
              valuation diff models batch
              valuation score --models models requests.jsonl
              valuation explain --models models --ad 9 request.json
              valuation policy check models/policy.json --models models

            EXIT STATUS
              0   all was well
              1   some input was bad (lines, files, models, a policy); the rest was done
              2   models or a policy could not be loaded, published, moved or found,
                  or the output not written
              64  wrong usage

            ENVIRONMENT
              NO_COLOR  if not empty, no colours
              COLUMNS   the width of a terminal that does not know its own
            """,
        version: Library.buildInfo,
        subcommands: [
            ScoreCommand.self, ExplainCommand.self, ValidateCommand.self, InspectCommand.self, KeyCommand.self,
            PublishCommand.self, ReleasesCommand.self, RollbackCommand.self, PruneCommand.self, CompileCommand.self,
            PullCommand.self, PushCommand.self, DiffCommand.self, AssignCommand.self, PolicyCommand.self,
        ])
}
