// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// For the commands whose answer is a table for people or JSON Lines for programs.
enum TableFormat: String, CaseIterable, ExpressibleByArgument {
    case table
    case jsonl

    static func chosen(_ format: TableFormat?) -> TableFormat {
        format ?? (Terminal.output.isTerminal ? .table : .jsonl)
    }
}

/// For `explain`.
enum BarsFormat: String, CaseIterable, ExpressibleByArgument {
    case bars
    case jsonl

    static func chosen(_ format: BarsFormat?) -> BarsFormat {
        format ?? (Terminal.output.isTerminal ? .bars : .jsonl)
    }
}

/// For the commands with a few lines of output, and for `validate`, whose text programs read as easily as people.
enum TextFormat: String, CaseIterable, ExpressibleByArgument {
    case text
    case jsonl

    static func chosen(_ format: TextFormat?) -> TextFormat {
        format ?? (Terminal.output.isTerminal ? .text : .jsonl)
    }
}
