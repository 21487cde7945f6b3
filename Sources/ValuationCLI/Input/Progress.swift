// SPDX-License-Identifier: Apache-2.0

/// How far a long input has been read, shown on standard error five times a second.
struct Progress {
    private let diagnostics: Diagnostics
    private let totalBytes: Int?
    private let clock = ContinuousClock()
    private let began: ContinuousClock.Instant
    private var nextShown: ContinuousClock.Instant
    private var lines = 0
    private var bytes = 0

    /// Nothing is shown unless standard error is a terminal, nor if immediate answers on the same screen show the
    /// progress anyway.
    init?(of paths: [String], answersAtOnce: Bool, on diagnostics: Diagnostics) {
        guard Terminal.error.isTerminal, !(answersAtOnce && Terminal.output.isTerminal) else { return nil }
        self.diagnostics = diagnostics
        totalBytes = InputFile.totalSize(of: paths)
        began = clock.now
        nextShown = began + .seconds(1)
    }

    /// Counts one line of `length` bytes without its line feed.
    mutating func advance(length: Int) {
        lines += 1
        bytes += length + 1
        let now = clock.now
        guard now >= nextShown else { return }
        nextShown = now + .milliseconds(200)
        diagnostics.show(progress: text(elapsed: began.duration(to: now) / .seconds(1)))
    }

    private func text(elapsed: Double) -> String {
        let rate = Int(Double(lines) / max(elapsed, 0.001))
        var text = "\(NumberText.counted(lines, "line")), \(NumberText.count(rate)) lines/s, \(NumberText.bytes(bytes))"
        if let totalBytes, totalBytes > 0, bytes > 0 {
            let share = min(1, Double(bytes) / Double(totalBytes))
            let remaining = Int((elapsed * (1 - share) / share).rounded(.up))
            text += " of \(NumberText.bytes(totalBytes)) (\(Int(share * 100))%), \(remaining) s left"
        }
        return text
    }
}
