// SPDX-License-Identifier: Apache-2.0
import CKernels

/// The weights of one label for the models of one target.
///
/// `start` is where its weights begin in `Index.weights`, and, of a list, its models in `Index.listModels`; of a number, its place in
/// `numberModels` and `numberParameters`. `shape` is
/// - `VALUATION_ROW_DENSE`: one weight for each model of the target, 0 where a model has none;
/// - up to `shortest`: a list of so many weights, sorted by their models;
/// - else a longer list; the lowest five bits are a shift, the others, times four, where the list's directory begins. It has
///   one entry for all models whose numbers, shifted right, are the same, and one for the end: 18 bits for where in the row
///   their weights begin, and 46 for which of them may have one.
///
/// Of a number, `shape` always is how many weights there are. How a weight is found is in `CKernels`.
extension valuation_row {
    static let shortest = UInt32(VALUATION_ROW_SHORTEST)
    static let denseShape = UInt32.max

    /// - Parameter directory: a multiple of 4 that is not 0.
    static func list(start: UInt32, directory: Int, shift: Int) -> valuation_row {
        valuation_row(start: start, shape: UInt32(truncatingIfNeeded: directory &<< 3 | shift))
    }

    @inline(__always)
    var isDense: Bool { shape == valuation_row.denseShape }

    @inline(__always)
    var isEmpty: Bool { shape == 0 }

    @inline(__always)
    var hasDirectory: Bool { shape > valuation_row.shortest && !isDense }

    @inline(__always)
    var directory: Int { Int(truncatingIfNeeded: (shape &>> 3) & ~3) }

    @inline(__always)
    var shift: Int { Int(truncatingIfNeeded: shape & 31) }
}
