// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Standard error: problems, one a line, and on a terminal the progress of a long input below them.
final class Diagnostics {
    private let terminal = Terminal.error
    private let paint = Paint(enabled: Terminal.error.allowsColour)
    private var progressShown = false

    /// `valuation: message`, for a failure of the command as a whole.
    func report(_ failure: Failure) {
        print("\(paint("valuation:", .bold)) \(paint("error:", .red)) \(DisplayText.printable(failure.message))")
        if let advice = failure.advice { print("  \(DisplayText.printable(advice))") }
    }

    /// `location: message`, for a problem at one location in the input.
    func report(_ problem: Problem) {
        print(problem.text(paint: paint))
    }

    /// A remark, for example the closing summary.
    func note(_ text: String) {
        print("\(paint("valuation:", .bold)) \(DisplayText.printable(text))")
    }

    /// Text of several lines, if there is any.
    func show(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if !text.isEmpty { print(lines.map { DisplayText.printable(String($0)) }.joined(separator: "\n")) }
    }

    /// Replaces the progress line, which is written only to a terminal.
    func show(progress: String) {
        guard let columns = terminal.columns else { return }
        write("\r\u{1B}[K" + paint(DisplayText.truncated(progress, to: columns - 1), .faint))
        progressShown = true
    }

    func clearProgress() {
        if progressShown { write("\r\u{1B}[K") }
        progressShown = false
    }

    private func print(_ line: String) {
        clearProgress()
        write(line + "\n")
    }

    /// Standard error is the last resort: there is nobody to tell when writing to it fails.
    private func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = Glibc.write(STDERR_FILENO, UnsafeBufferPointer(rebasing: rest).baseAddress, rest.count)
                guard written > 0 || (written < 0 && errno == EINTR) else { return }
                rest = rest.dropFirst(max(0, written))
            }
        }
    }
}
