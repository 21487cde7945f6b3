// SPDX-License-Identifier: Apache-2.0
import CValuation

extension PolicyDocument.Adjustment {
    /// Adjusts a value after pricing: first the multiplier, then the floor, then the cap. A candidate without a value
    /// stays at 0.
    func apply(to value: inout valuation_value, _ candidate: valuation_candidate) {
        if !Pricing.isKnown(value, candidate) { return }
        let adjusted = min(cap, max(floor, min(value.expected_revenue * multiplier, .greatestFiniteMagnitude)))
        if adjusted == value.expected_revenue { return }
        value.expected_revenue = adjusted
        value.flags |= Flags.adjusted.rawValue
    }
}
