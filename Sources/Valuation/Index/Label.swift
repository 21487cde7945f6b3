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

    /// A label and where its weights lie.
    struct LabelSlot {
        /// How many pairs of fields are told apart by the filters of crosses.
        static let crossBits: UInt64 = 31

        var key: UInt64
        /// From the lowest bit: 31 bits of a filter which crosses the label may stand first in, 31 for those which it may stand
        /// second in, one bit of each for a pair of fields; 2 bits of `LabelKind`.
        private var bits: UInt64
        var click: Row
        var conversion: Row

        init(key: UInt64, kind: LabelKind, crossesFirst: UInt32, crossesSecond: UInt32, click: Row, conversion: Row) {
            self.key = key
            bits = UInt64(crossesFirst) | UInt64(crossesSecond) &<< 31 | kind.rawValue &<< 62
            (self.click, self.conversion) = (click, conversion)
        }

        @inline(__always)
        var isVacant: Bool { bits &>> 62 == 0 }

        @inline(__always)
        var isCategory: Bool { bits &>> 62 == LabelKind.category.rawValue }

        @inline(__always)
        var isNumber: Bool { bits &>> 62 == LabelKind.number.rawValue }

        @inline(__always)
        var isCross: Bool { bits &>> 62 == LabelKind.cross.rawValue }

        /// Whether the label may stand in any cross.
        @inline(__always)
        var isCrossing: Bool { bits &<< 2 != 0 }

        @inline(__always)
        func mayCross(_ other: LabelSlot) -> Bool {
            let mask: UInt64 = 1 &<< 31 &- 1
            return (bits & (other.bits &>> 31) | (bits &>> 31) & other.bits) & mask != 0
        }

        @inline(__always)
        func row(_ target: Target) -> Row { target == .click ? click : conversion }
    }
}
