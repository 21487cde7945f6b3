// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `valuation policy`: what a policy decides, and whether it is sound.
struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Show what a policy decides, or check it.",
        discussion: """
            A policy is a JSON file that people edit: named predictors, a default predictor, overrides, \
            experiments, and for single campaigns a multiplier, a floor and a cap. `valuation score --policy` \
            values ads under a policy.

            EXAMPLES
              valuation policy check models/policy.json --models models
              valuation policy show --models models requests.jsonl
            """,
        subcommands: [PolicyShowCommand.self, PolicyCheckCommand.self])
}
