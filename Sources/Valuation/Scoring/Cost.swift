// SPDX-License-Identifier: Apache-2.0

/// What the roads of `TargetScoring` cost, in hundredths of a nanosecond of the machine on which they were measured
/// (Documentation/performance.md). Only which road is taken hangs on them, never a result.
struct Cost {
    private static let dense = 10
    private static let list = 80
    private static let number = 300
    private static let model = 5
    private static let candidate = 70
    private static let denseLookup = 120
    private static let listLookup = 500
    private static let numberLookup = 1_000

    let models: Int
    let candidates: Int

    /// Setting the sums of all models to 0 and reading those of the candidates.
    var sums: Int { models &* Cost.model &+ candidates &* Cost.candidate }

    var savedByDenseRow: Int { candidates &* Cost.denseLookup &- models &* Cost.dense }

    func savedByList(_ length: Int) -> Int { candidates &* Cost.listLookup &- length &* Cost.list }

    func savedByNumbers(_ length: Int) -> Int { candidates &* Cost.numberLookup &- length &* Cost.number }
}
