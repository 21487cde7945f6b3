// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc

/// Ends the command: nothing could be done, or no more can be.
struct Failure: Error {
    let message: String
    /// What to do about it; printed on a line of its own.
    var advice: String?
    var exitCode = ExitCode.cannotWork
}

/// What the process returns, as `valuation --help` documents it. ArgumentParser adds 64 for wrong usage.
extension ExitCode {
    /// Some input was bad: lines, files, models. The rest was done.
    static let badInput = ExitCode(1)
    /// The models could not be loaded, or the output could not be written.
    static let cannotWork = ExitCode(2)
}

/// The reason of the last failed system call.
func systemErrorText(_ code: Int32 = errno) -> String {
    String(cString: strerror(code))
}
