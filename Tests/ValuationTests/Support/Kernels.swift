// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

@testable import Valuation

/// The loops for one instruction set, as a test's argument.
struct Kernels: CustomTestStringConvertible {
    let level: valuation_kernels_level
    let loops: valuation_kernels

    /// Those that this machine can run; the baseline is always among them.
    static var all: [Kernels] {
        [VALUATION_KERNELS_BASELINE, VALUATION_KERNELS_AVX2, VALUATION_KERNELS_AVX512].compactMap { level in
            valuation_kernels_for(level).map { Kernels(level: level, loops: $0.pointee) }
        }
    }

    var testDescription: String {
        switch level {
        case VALUATION_KERNELS_BASELINE: "baseline"
        case VALUATION_KERNELS_AVX2: "AVX2"
        default: "AVX-512"
        }
    }

    /// The probabilities of any number of logits.
    func sigmoid(_ logits: [Double]) -> [Float] {
        let width = RowPlaces.roundedUp(logits.count)
        let padded = logits + Array(repeating: 0, count: width - logits.count)
        var probabilities = [Float](repeating: .nan, count: width)
        loops.sigmoid(padded, width, &probabilities)
        return Array(probabilities.prefix(logits.count))
    }
}
