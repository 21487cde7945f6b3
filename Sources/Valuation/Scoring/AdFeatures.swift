// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation

/// The candidates' own features, and a few rows of each whose weights are to be looked up: those of every candidate's
/// first feature, then those of every second one, and so on, because `CKernels` processes neighbouring candidates
/// together.
struct AdFeatures: ~Copyable {
    /// The number of a candidate's features that are processed together.
    static let depth = VALUATION_KERNELS_DEPTH

    fileprivate var features = Buffer<UnsafePointer<UInt64>?>()
    fileprivate var lengths = Buffer<UInt32>()
    fileprivate var clickRows = Buffer<Index.Row>()
    fileprivate var conversionRows = Buffer<Index.Row>()
    fileprivate var unusual = Buffer<UInt16>()

    mutating func reserve() throws(Failure) {
        try features.resize(Scratch.blockSize, filling: nil)
        try lengths.resize(Scratch.blockSize, filling: 0)
        try clickRows.resize(Scratch.blockSize * AdFeatures.depth, filling: Index.Row())
        try conversionRows.resize(Scratch.blockSize * AdFeatures.depth, filling: Index.Row())
        try unusual.resize(Scratch.blockSize / 16 * AdFeatures.depth, filling: 0)
    }
}

/// The arrays of `AdFeatures`.
struct AdArrays {
    /// Each candidate's features, and their number.
    let features: UnsafeMutablePointer<UnsafePointer<UInt64>?>
    let lengths: UnsafeMutablePointer<UInt32>
    let clickRows: UnsafeMutablePointer<Index.Row>
    let conversionRows: UnsafeMutablePointer<Index.Row>
    /// One bit a candidate, set if a feature is not a category that models know.
    let unusual: UnsafeMutablePointer<UInt16>

    @inline(__always)
    init(_ scratch: UnsafeMutablePointer<Scratch>) {
        features = scratch.pointee.adFeatures.features.base.unsafelyUnwrapped
        lengths = scratch.pointee.adFeatures.lengths.base.unsafelyUnwrapped
        clickRows = scratch.pointee.adFeatures.clickRows.base.unsafelyUnwrapped
        conversionRows = scratch.pointee.adFeatures.conversionRows.base.unsafelyUnwrapped
        unusual = scratch.pointee.adFeatures.unusual.base.unsafelyUnwrapped
    }

    /// An ad's features.
    @inline(__always)
    func features(of place: Int) -> UnsafePointer<valuation_feature>? {
        UnsafeRawPointer(features[place])?.assumingMemoryBound(to: valuation_feature.self)
    }

    /// Stores an ad's features; there are none if `length` is 0.
    func set(_ place: Int, _ first: UnsafePointer<valuation_feature>?, length: UInt32) {
        lengths[place] = length
        features[place] = UnsafeRawPointer(first)?.assumingMemoryBound(to: UInt64.self)
    }

    /// Passes `body` the candidates whose bit in `unusual` is set. - Parameter number: the position of the feature, counted
    /// from the first of those processed together.
    @inline(__always)
    func forEachUnusual(_ count: Int, _ number: Int, _ body: (_ place: Int) -> Void) {
        let unusual = unusual + number &* (Scratch.blockSize / 16)
        for group in 0..<((count &+ 15) &>> 4) {
            var left = unusual[group]
            while left != 0 {
                body(group &<< 4 &+ left.trailingZeroBitCount)
                left &= left &- 1
            }
        }
    }
}
