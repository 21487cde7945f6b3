// SPDX-License-Identifier: Apache-2.0

/// The costs of the paths of `TargetScoring`, in hundredths of a nanosecond of the machine on which they were measured
/// (Documentation/performance.md). They determine only the path, never a result.
struct Cost {
    /// One model's weight in a dense row, and one model's sum, while the sums fit the L2 cache and beyond.
    private static let dense = (near: 6, far: 12)
    private static let sum = (near: 15, far: 50)
    private static let modelsNear = 8_192
    /// One weight of a list: adding it and resetting its sum; and a list whatever its length.
    private static let list = 140
    private static let listStart = 2_000
    private static let number = 300
    /// Reading a candidate's sum.
    private static let candidate = 70
    /// Looking up one candidate's weight.
    private static let denseLookup = 200
    private static let shortLookup = 20
    private static let listLookup = 300
    private static let numberLookup = 1_000

    let models: Int
    let candidates: Int

    private var isNear: Bool { models <= Cost.modelsNear }

    /// Whether there are so few candidates that no category's row is worth summing, whatever its form.
    var favorsLookups: Bool {
        savedByDenseRow <= 0 && savedByShortList(Index.Row.shortest) <= 0
            && savedByList(Index.Row.shortest &+ 1) <= 0
    }

    /// What one dense row saves, besides the sums.
    private var savedByDenseRow: Int {
        candidates &* Cost.denseLookup &- models &* (isNear ? Cost.dense.near : Cost.dense.far)
    }

    /// What `count` dense rows save if they are summed for all models; negative if summing costs more.
    @inline(__always)
    func saved(byDenseRows count: Int) -> Int {
        count &* savedByDenseRow &- models &* (isNear ? Cost.sum.near : Cost.sum.far)
    }

    /// Setting `count` sums to 0 and reading those of the candidates.
    @inline(__always)
    func sums(toBeCleared count: Int) -> Int {
        candidates &* Cost.candidate &+ count &* (isNear ? Cost.sum.near : Cost.sum.far)
    }

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
