// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc

/// Ends the command: it could not do anything, or cannot go on.
struct Failure: Error {
    let message: String
    /// What to do about it; printed on a line of its own.
    var advice: String?
    var exitCode = ExitCode.cannotWork
}

/// The exit codes, as `valuation --help` documents them. ArgumentParser adds 64 for wrong usage.
extension ExitCode {
    /// Some input was bad: lines, files, models. Everything else was done.
    static let badInput = ExitCode(1)
    /// The models could not be loaded, or the output could not be written.
    static let cannotWork = ExitCode(2)
}

/// The reason of the last failed system call.
func systemErrorText(_ code: Int32 = errno) -> String {
    String(cString: strerror(code))
}
