// SPDX-License-Identifier: Apache-2.0
import CKernels

extension Kernels {
    /// The loops of this machine with prices that are the same on every machine and stay as they are, so that a test knows
    /// which path requests take.
    nonisolated(unsafe) static let withFixedPrices: UnsafePointer<valuation_kernels> = {
        let prices = UnsafeMutablePointer<valuation_prices>.allocate(capacity: Int(VALUATION_LEVELS))
        let fixed = valuation_prices(
            dense_weight: 77, sum: 88, list: 5600, list_weight: 1700, number_weight: 4000, dense_lookup: 590,
            short_lookup: 170, list_lookup: 2900, number_step: 7800, candidate: 690, candidate_probability: 1400,
            model_probability: 1900)
        prices.initialize(repeating: fixed, count: Int(VALUATION_LEVELS))
        let kernels = UnsafeMutablePointer<valuation_kernels>.allocate(capacity: 1)
        kernels.initialize(to: valuation_kernels_for_this_machine().pointee)
        kernels.pointee.prices = UnsafePointer(prices)
        return UnsafePointer(kernels)
    }()
}
