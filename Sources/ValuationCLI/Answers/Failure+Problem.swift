// SPDX-License-Identifier: Apache-2.0
import CValuation

extension Failure {
    /// Runs a call of the library that ends the command if it fails.
    ///
    /// - Parameters:
    ///   - what: what has not been done, for example "publishing failed".
    ///   - models: the paths of models that the call reads.
    ///   - root: the directory of releases that it works in.
    ///   - whatMayBeNamed: advice for paths of models that lead nowhere.
    static func ifRefused<Answer>(
        _ what: String, models: [String] = [], root: String? = nil, whatMayBeNamed: String = Models.whatMayBeNamed,
        _ call: () throws -> Answer
    ) throws -> Answer {
        do {
            return try call()
        } catch let problem as Problem {
            let isLost = problem.status == VALUATION_ERROR_FILE_NOT_FOUND && models.contains(where: problem.isIn)
            throw Failure(
                message: "\(what): \(problem.text())",
                advice: isLost ? whatMayBeNamed : advice(on: problem, models: models, root: root))
        }
    }

    /// Advice that the problem's own message cannot contain.
    private static func advice(on problem: Problem, models: [String], root: String?) -> String? {
        switch Int(problem.status) {
        case VALUATION_ERROR_UNKNOWN_RELEASE where problem.file.hasSuffix("/LATEST"):
            return root.map { "`valuation rollback \($0) ID` lets it name one of those in \($0)/releases." }
        case VALUATION_ERROR_UNKNOWN_RELEASE:
            return root.map { "`valuation releases \($0)` lists what is there." }
        case VALUATION_ERROR_FILE_NOT_FOUND where root.map(problem.isIn) == true:
            return "Name a directory of releases; `valuation publish` makes one."
        case VALUATION_ERROR_GZIP...VALUATION_ERROR_LIMIT_EXCEEDED, VALUATION_ERROR_CHECKSUM:
            return (models.first { problem.file.hasPrefix(ArgumentText.repaired($0)) } ?? models.first).map {
                "`valuation validate \($0)` lists every problem there is."
            }
        default:
            return nil
        }
    }
}
