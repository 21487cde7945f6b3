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

/// A label and where its weights lie.
///
/// `bits`, from the lowest: 31 bits of a filter which crosses the label may stand first in, 31 for those which it may stand
/// second in, one bit of each for a pair of fields; 2 bits of `LabelKind`.
extension valuation_label {
    /// How many pairs of fields are told apart by the filters of crosses.
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

    /// Whether the label may stand in any cross.
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
