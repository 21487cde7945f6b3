// SPDX-License-Identifier: Apache-2.0
import CKernels

/// What the paths of a target's rows cost, in picoseconds, by the prices of an instruction set
/// (Documentation/performance.md). They determine only the path, never a result.
struct Cost {
    /// The bytes of a model in the rows of some thirty features, which share cache lines with those of the other target.
    private static let requestBytes = 256

    private let prices: UnsafePointer<valuation_prices>
    private let models: Int
    private let candidates: Int

    /// - Parameters:
    ///   - prices: those of the instruction set.
    ///   - weightBytes: the size of the index's weights.
    ///   - candidates: about how many are still to be valued.
    @inline(__always)
    init(_ prices: UnsafePointer<valuation_prices>, models: Int, weightBytes: Int, candidates: Int) {
        self.prices = prices + Cost.level(requestBytes: models &* Cost.requestBytes, weightBytes: weightBytes)
        self.models = models
        self.candidates = candidates
    }

    /// Where the data lies: 0 in the second-level cache, 1 in the third, 2 in memory. A request comes back to the same
    /// rows, and popular rows are in a cache before it begins; so it takes a large index and a large request to wait for
    /// memory.
    @inline(__always)
    static func level(requestBytes: Int, weightBytes: Int) -> Int {
        max(0, min(level(requestBytes) &+ level(weightBytes) &- 1, VALUATION_LEVELS &- 1))
    }

    @inline(__always)
    private static func level(_ bytes: Int) -> Int {
        (bytes > VALUATION_SECOND_CACHE ? 1 : 0) &+ (bytes > VALUATION_THIRD_CACHE ? 1 : 0)
    }

    // MARK: What a row saves if it is added to the sums of all models instead of being looked up for each candidate

    var savedByDenseRow: Int {
        candidates &* Int(prices.pointee.dense_lookup) &- models &* Int(prices.pointee.dense_weight)
    }

    /// - Parameter length: the number of weights, at most `Index.Row.shortest`.
    @inline(__always)
    func saved(byShortList length: Int) -> Int {
        candidates &* length &* Int(prices.pointee.short_lookup) &- added(length)
    }

    /// - Parameter length: the number of weights, more than `Index.Row.shortest`.
    @inline(__always)
    func saved(byList length: Int) -> Int { candidates &* Int(prices.pointee.list_lookup) &- added(length) }

    /// - Parameter length: the number of weights of a number. If they are fewer than the models, that of a candidate is
    ///   searched for (`Index.numberPlace`).
    @inline(__always)
    func saved(byNumber length: Int) -> Int {
        let steps = length < models ? Int.bitWidth &- length.leadingZeroBitCount : 1
        return candidates &* steps &* Int(prices.pointee.number_step) &- length &* Int(prices.pointee.number_weight)
    }

    /// The cost of adding a list of `length` weights.
    @inline(__always)
    private func added(_ length: Int) -> Int {
        Int(prices.pointee.list) &+ length &* Int(prices.pointee.list_weight)
    }

    /// Whether there are so few candidates that no category's row saves anything.
    var favorsLookups: Bool {
        savedByDenseRow <= 0 && saved(byShortList: 1) <= 0 && saved(byShortList: Index.Row.shortest) <= 0
            && saved(byList: Index.Row.shortest &+ 1) <= 0
    }

    // MARK: What the sums cost

    /// Setting `count` sums.
    @inline(__always)
    func setting(_ count: Int) -> Int { count &* Int(prices.pointee.sum) }

    /// Reading the candidates' sums.
    var reading: Int { candidates &* Int(prices.pointee.candidate) }

    /// Whether it costs less to compute the probabilities of all models than those of the candidates.
    var favorsAllModels: Bool {
        models &* Int(prices.pointee.model_probability)
            <= candidates &* (Int(prices.pointee.candidate) &+ Int(prices.pointee.candidate_probability))
    }
}
