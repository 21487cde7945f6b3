// SPDX-License-Identifier: Apache-2.0
import CKernels

extension Index {
    typealias Row = valuation_row

    enum LabelKind: UInt64 {
        case vacant = 0
        case category = 1
        case number = 2
        case cross = 3
    }

    typealias LabelSlot = valuation_label
}

/// A label and the positions of its weights.
///
/// `bits`, from the lowest: a 31-bit filter of the crosses in which the label may be first, another of those in which
/// it may be second, one bit in each for a pair of fields; 2 bits of `LabelKind`.
extension valuation_label {
    /// The number of pairs of fields that the filters of crosses distinguish.
    static let crossBits: UInt64 = 31

    init(
        key: UInt64, kind: Index.LabelKind, crossesFirst: UInt32, crossesSecond: UInt32, click: Index.Row,
        conversion: Index.Row
    ) {
        let bits = UInt64(crossesFirst) | UInt64(crossesSecond) &<< 31 | kind.rawValue &<< UInt64(VALUATION_LABEL_KIND)
        self.init(key: key, bits: bits, click: click, conversion: conversion)
    }

    private var kind: UInt64 { bits &>> UInt64(VALUATION_LABEL_KIND) }

    @inline(__always)
    var isVacant: Bool { kind == Index.LabelKind.vacant.rawValue }

    @inline(__always)
    var isCategory: Bool { kind == Index.LabelKind.category.rawValue }

    @inline(__always)
    var isNumber: Bool { kind == Index.LabelKind.number.rawValue }

    @inline(__always)
    var isCross: Bool { kind == Index.LabelKind.cross.rawValue }

    /// Whether the label may be in any cross.
    @inline(__always)
    var isCrossing: Bool { bits &<< 2 != 0 }

    @inline(__always)
    func mayCross(_ other: valuation_label) -> Bool {
        let mask: UInt64 = 1 &<< 31 &- 1
        return (bits & (other.bits &>> 31) | (bits &>> 31) & other.bits) & mask != 0
    }

    @inline(__always)
    func row(_ target: Target) -> Index.Row { target == .click ? click : conversion }
}
