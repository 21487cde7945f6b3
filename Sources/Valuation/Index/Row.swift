// SPDX-License-Identifier: Apache-2.0
import CKernels

/// The weights of one label for the models of one target.
///
/// `start` is the index of its weights in `Index.weights` and, for a list, of its models in `Index.listModels`; for a
/// number, the index in `numberModels` and `numberParameters`. `shape` is 0 if there are none; otherwise its lowest
/// five bits are the layout of the row:
/// - 31, a dense row: one weight for each model of the target, 0 if a model has none. The next bit is set if it is
///   paired: each eight weights are followed by eight of the other target, so that both weights of a campaign, whose
///   models have the same number in most indexes, are on one cache line. The conversions of a pair begin eight elements
///   after the clicks;
/// - 30, a list of up to 16 weights, sorted by their models; four bits are its length less one, 23 a filter of the
///   models that may have a weight;
/// - otherwise a longer list; these bits are a shift, and the others, times four, are the start of the list's
///   directory. It has one entry for all models whose numbers, shifted right, are the same, and one for the end: 18
///   bits for the offset of their weights in the row, and 46 for which of them may have one.
///
/// For a number, `shape` is always the number of weights. `CKernels` has the lookup.
extension valuation_row {
    static let shortest = Int(VALUATION_ROW_SHORTEST)

    static func dense(start: UInt32, isPaired: Bool) -> valuation_row {
        let kind = UInt32(VALUATION_ROW_DENSE)
        return valuation_row(start: start, shape: isPaired ? kind | UInt32(VALUATION_ROW_PAIRED) : kind)
    }

    /// A list whose filter passes nothing. - Parameter length: at most `shortest`.
    static func list(start: UInt32, length: Int) -> valuation_row {
        if length == 0 { return valuation_row(start: start, shape: 0) }
        let shape =
            UInt32(truncatingIfNeeded: length &- 1) &<< UInt32(VALUATION_ROW_LENGTH) | UInt32(VALUATION_ROW_SHORT)
        return valuation_row(start: start, shape: shape)
    }

    /// - Parameters:
    ///   - directory: a multiple of 4 that is not 0.
    ///   - shift: less than 30.
    static func list(start: UInt32, directory: Int, shift: Int) -> valuation_row {
        valuation_row(start: start, shape: UInt32(truncatingIfNeeded: directory &<< 3 | shift))
    }

    private var kind: UInt32 { valuation_row_kind(self) }

    @inline(__always)
    var isEmpty: Bool { shape == 0 }

    @inline(__always)
    var isDense: Bool { kind == UInt32(VALUATION_ROW_DENSE) }

    @inline(__always)
    var isPaired: Bool { isDense && shape & UInt32(VALUATION_ROW_PAIRED) != 0 }

    @inline(__always)
    var isShort: Bool { kind == UInt32(VALUATION_ROW_SHORT) }

    @inline(__always)
    var hasDirectory: Bool { kind < UInt32(VALUATION_ROW_SHORT) && shape != 0 }

    /// The number of weights of a short list.
    @inline(__always)
    var shortLength: Int { Int(truncatingIfNeeded: valuation_row_short_length(self)) }

    @inline(__always)
    var directory: Int { Int(truncatingIfNeeded: (shape &>> 3) & ~3) }

    @inline(__always)
    var shift: Int { Int(truncatingIfNeeded: kind) }
}
