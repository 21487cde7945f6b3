// SPDX-License-Identifier: Apache-2.0
import CKernels

/// What people may want to know of the models; not read while scoring.
extension Index {
    /// - Parameter number: as models are numbered in `descriptions`.
    func description(of number: UInt32) -> Description {
        descriptions[Int(number)]
    }

    func text(_ name: valuation_name) -> Text {
        Text(names, counts.nameBytes).slice(Int(name.start), Int(name.end))
    }
}

extension valuation_description {
    var target: Target { is_conversion == 0 ? .click : .conversion }
}
