// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `valuation policy`: what a policy decides, and whether it is sound.
struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Show what a policy decides, or check it.",
        discussion: """
            A policy is a JSON file that people edit: named predictors, the default one, overrides, experiments, and \
            what single campaigns' values are multiplied by and held between. `valuation score --policy` values ads \
            under one.

            EXAMPLES
              valuation policy check models/policy.json --models models
              valuation policy show --models models requests.jsonl
            """,
        subcommands: [PolicyShowCommand.self, PolicyCheckCommand.self])
}
