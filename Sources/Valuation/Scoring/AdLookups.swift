// SPDX-License-Identifier: Apache-2.0
import CKernels

/// The rows in which weights of ads' labels are to be looked up, each for a candidate of a block.
///
/// They are noted first and looked up together, because the time goes into fetching them (`CKernels`, `look_up`).
struct AdLookups: ~Copyable {
    static let capacity = VALUATION_KERNELS_LOOKUPS

    private(set) var places = Buffer<UInt32>()
    private(set) var clickRows = Buffer<Index.Row>()
    private(set) var conversionRows = Buffer<Index.Row>()

    mutating func reserve() throws(Failure) {
        try places.resize(AdLookups.capacity, filling: 0)
        try clickRows.resize(AdLookups.capacity, filling: Index.Row())
        try conversionRows.resize(AdLookups.capacity, filling: Index.Row())
    }
}
