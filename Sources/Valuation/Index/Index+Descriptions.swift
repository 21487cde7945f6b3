// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Descriptions of the models for people; not read while scoring.
extension Index {
    /// - Parameter number: the model's index in `descriptions`.
    func description(of number: UInt32) -> Description {
        descriptions[Int(number)]
    }

    /// Weights in the documents, including those of 0, which are not stored in the index. - Complexity: O(models).
    var weightCount: Int {
        var count = 0
        for number in 0..<counts.modelCount {
            let model = descriptions[number]
            count &+= Int(model.categorical_weights) &+ Int(model.numeric_weights) &+ Int(model.cross_weights)
        }
        return count
    }

    func text(_ name: valuation_name) -> Text {
        Text(names, counts.nameBytes).slice(Int(name.start), Int(name.end))
    }
}

extension valuation_description {
    var target: Target { is_conversion == 0 ? .click : .conversion }
}
