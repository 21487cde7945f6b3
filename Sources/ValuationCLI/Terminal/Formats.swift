// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// How a command answers: as text for people, or as JSON Lines for programs.
protocol AnswerFormat: CaseIterable, ExpressibleByArgument {
    static var forPeople: Self { get }
    static var jsonl: Self { get }
}

extension AnswerFormat {
    /// The format that was asked for, or the one that suits the reader of standard output.
    static func chosen(_ format: Self?) -> Self {
        format ?? (Terminal.output.isTerminal ? forPeople : jsonl)
    }
}

/// For the commands whose answer is a table for people or JSON Lines for programs.
enum TableFormat: String, AnswerFormat {
    case table
    case jsonl

    static var forPeople: TableFormat { .table }
}

/// For `explain`.
enum BarsFormat: String, AnswerFormat {
    case bars
    case jsonl

    static var forPeople: BarsFormat { .bars }
}

/// For the commands with a few lines of output, and for `validate`, whose text programs read as easily as people.
enum TextFormat: String, AnswerFormat {
    case text
    case jsonl

    static var forPeople: TextFormat { .text }
}
