// SPDX-License-Identifier: Apache-2.0

/// What the roads of `TargetScoring` cost, in hundredths of a nanosecond of the machine on which they were measured
/// (Documentation/performance.md). Only which road is taken hangs on them, never a result.
struct Cost {
    private static let dense = 6
    private static let list = 100
    private static let listStart = 2_000
    private static let number = 300
    private static let model = 5
    private static let candidate = 70
    private static let denseLookup = 100
    private static let shortLookup = 20
    private static let listLookup = 300
    private static let numberLookup = 1_000

    let models: Int
    let candidates: Int

    /// Setting the sums of all models to 0 and reading those of the candidates.
    @inline(__always)
    var sums: Int { models &* Cost.model &+ candidates &* Cost.candidate }

    @inline(__always)
    var savedByDenseRow: Int { candidates &* Cost.denseLookup &- models &* Cost.dense }

    @inline(__always)
    func savedByShortList(_ length: Int) -> Int {
        candidates &* length &* Cost.shortLookup &- length &* Cost.list &- Cost.listStart
    }

    @inline(__always)
    func savedByList(_ length: Int) -> Int {
        candidates &* Cost.listLookup &- length &* Cost.list &- Cost.listStart
    }

    @inline(__always)
    func savedByNumbers(_ length: Int) -> Int { candidates &* Cost.numberLookup &- length &* Cost.number }
}
