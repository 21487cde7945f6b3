// SPDX-License-Identifier: Apache-2.0

extension Failure {
    /// Runs what ends the command if it fails, and says what has not been done, for example "cannot pull".
    static func ifNotDone<Answer>(_ what: String, root: String, _ body: () throws -> Answer) throws -> Answer {
        do {
            return try ifRefused(what, root: root, body)
        } catch let failure as Failure where !failure.message.hasPrefix(what) {
            throw Failure(message: "\(what): \(failure.message)", advice: failure.advice, exitCode: failure.exitCode)
        }
    }
}
