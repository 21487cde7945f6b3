// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Weights of one target that are looked up one by one, each for an entry of a block, and added to the entry's sum.
///
/// They are noted first and looked up together, because the time goes into fetching them (`CKernels`, `look_up`).
struct Lookups {
    /// Enough to be fetched side by side, few enough to stay in the first cache until they are needed.
    static let capacity = 512

    private let lookUp:
        @convention(c) (
            UnsafePointer<valuation_rows>?, UnsafePointer<valuation_row>?, UnsafePointer<UInt32>?, Int,
            UnsafeMutablePointer<Int32>?
        ) -> Void
    private let index: UnsafePointer<Index>
    private let entryModels: UnsafeMutablePointer<UInt32>
    private let entrySums: UnsafeMutablePointer<Int64>
    private let rows: UnsafeMutablePointer<Index.Row>
    private let models: UnsafeMutablePointer<UInt32>
    private let entries: UnsafeMutablePointer<UInt32>
    private let weights: UnsafeMutablePointer<Int32>
    private var count = 0

    init(
        _ scratch: borrowing TargetScratch, _ index: UnsafePointer<Index>, _ kernels: UnsafePointer<valuation_kernels>
    ) {
        lookUp = kernels.pointee.look_up
        self.index = index
        entryModels = scratch.entryModels.base.unsafelyUnwrapped
        entrySums = scratch.entrySums.base.unsafelyUnwrapped
        rows = scratch.lookupRows.base.unsafelyUnwrapped
        models = scratch.lookupModels.base.unsafelyUnwrapped
        entries = scratch.lookupEntries.base.unsafelyUnwrapped
        weights = scratch.lookupWeights.base.unsafelyUnwrapped
    }

    /// Notes that the weight in `row` for the model of `entry` is wanted.
    @inline(__always)
    mutating func add(_ row: Index.Row, to entry: Int) {
        if count == Lookups.capacity { finish() }
        rows[count] = row
        models[count] = entryModels[entry]
        entries[count] = UInt32(truncatingIfNeeded: entry)
        count &+= 1
    }

    /// Adds what was noted.
    mutating func finish() {
        withUnsafePointer(to: index.pointee.rows) { lookUp($0, rows, models, count, weights) }
        for position in 0..<count {
            entrySums[Int(truncatingIfNeeded: entries[position])] &+= Int64(weights[position])
        }
        count = 0
    }
}
