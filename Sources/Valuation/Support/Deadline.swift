// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// The time that a request may take.
struct Deadline {
    /// On the clock of `valuation_platform_now`; 0 = none.
    private let end: UInt64
    private(set) var isOver = false
    /// Steps of work until the clock is next read.
    private var stepsLeft = 0

    /// Steps of work between two reads of the clock. A step takes some nanoseconds to about a hundred, a read some
    /// twenty.
    static let steps = 64

    /// - Parameter budget: nanoseconds from now; 0 = none.
    init(budget: UInt64) {
        if budget == 0 {
            end = 0
        } else {
            let (end, overflow) = valuation_platform_now().addingReportingOverflow(budget)
            self.end = overflow ? 0 : end
        }
    }

    /// Whether there is a deadline at all.
    @inline(__always)
    var exists: Bool { end != 0 }

    /// Reads the clock. - Returns: whether the time is over.
    @inline(__always)
    mutating func check() -> Bool {
        if end != 0 && !isOver && valuation_platform_now() >= end { isOver = true }
        return isOver
    }

    /// Counts steps of work, and reads the clock at the first step and then once in `steps`. - Returns: whether the
    /// time is over.
    @inline(__always)
    mutating func check(after steps: Int) -> Bool {
        if end == 0 { return false }
        stepsLeft &-= steps
        if stepsLeft > 0 { return isOver }
        stepsLeft = Deadline.steps
        return check()
    }
}
