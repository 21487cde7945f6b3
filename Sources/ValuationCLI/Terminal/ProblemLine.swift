// SPDX-License-Identifier: Apache-2.0

/// One problem as `--format jsonl` writes it.
struct ProblemLine: Encodable {
    let severity: String
    /// Absent for a warning.
    let status: String?
    let file: String
    let line: Int?
    let column: Int?
    let jsonPath: String?
    let message: String

    init(_ problem: Problem) {
        severity = problem.isWarning ? "warning" : "error"
        status = problem.statusName.isEmpty ? nil : problem.statusName
        file = problem.file
        line = problem.line > 0 ? problem.line : nil
        column = problem.column > 0 ? problem.column : nil
        jsonPath = problem.jsonPath.isEmpty ? nil : problem.jsonPath
        message = problem.message
    }
}
