// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation

/// The candidates of one request, in one of two forms: each points to its features, or the features of all are in one
/// array.
struct Candidates {
    let count: Int
    private let first: UnsafePointer<valuation_candidate>
    private let features: UnsafePointer<valuation_feature>?
    /// The start of each candidate's features in the array, then the end of the last one's; nil if they point to theirs.
    private let offsets: UnsafePointer<UInt32>?

    init(_ first: UnsafePointer<valuation_candidate>, count: Int) {
        (self.first, self.count) = (first, count)
        (features, offsets) = (nil, nil)
    }

    /// - Parameter offsets: `count` + 1 numbers; they do not fall, and the last one is at most the number of features.
    init(
        _ first: UnsafePointer<valuation_candidate>, count: Int, features: UnsafePointer<valuation_feature>?,
        offsets: UnsafePointer<UInt32>
    ) {
        (self.first, self.count, self.features, self.offsets) = (first, count, features, offsets)
    }

    /// Some neighbours as they are; `block.offsets` and `block.array` say where the features are.
    @inline(__always)
    func take(at start: Int, _ block: inout valuation_block) -> UnsafePointer<valuation_candidate> {
        block.offsets = offsets.map { $0 + start }
        block.array = UnsafeRawPointer(features)
        return first + start
    }

    /// Some neighbours, each of which points to its features.
    ///
    /// - Parameter room: memory for `length` candidates; the result may be there.
    @inline(__always)
    func block(
        at start: Int, _ length: Int, in room: UnsafeMutablePointer<valuation_candidate>
    ) -> UnsafePointer<valuation_candidate> {
        guard let offsets else { return first + start }
        valuation_connect(first + start, length, features, offsets + start, room)
        return UnsafePointer(room)
    }
}
