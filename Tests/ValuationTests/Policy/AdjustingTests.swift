// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation
import Testing

@testable import Valuation

/// What a campaign's multiplier, floor and cap do to a value.
@Suite struct AdjustingTests {
    private func adjusted(
        _ revenue: Double, multiplier: Double = 1, floor: Double = 0, cap: Double = .infinity, flags: Flags = [],
        pricing: Pricing = .cpc, pctr: Float = 0.5, pcvr: Float = .nan
    ) -> valuation_value {
        var adjustment = PolicyDocument.Adjustment(campaign: 1, name: valuation_name(start: 0, end: 0))
        (adjustment.multiplier, adjustment.floor, adjustment.cap) = (multiplier, floor, cap)
        var value = valuation_value(
            expected_revenue: revenue, pctr: pctr, pcvr: pcvr, flags: flags.rawValue, source: 7)
        let candidate = valuation_candidate(
            campaign: 1, features: nil, feature_count: 0, pricing: pricing.rawValue, bid: 1)
        adjustment.apply(to: &value, candidate)
        #expect(value.pctr.bitPattern == pctr.bitPattern && value.source == 7, "an adjustment changes only the revenue")
        return value
    }

    @Test func theMultiplierComesBeforeTheFloorAndTheCapLast() {
        #expect(adjusted(0.25, multiplier: 2, floor: 0.4, cap: 0.6).expected_revenue == 0.5)
        #expect(adjusted(0.25, multiplier: 4, floor: 0.4, cap: 0.6).expected_revenue == 0.6)
        #expect(adjusted(0.25, multiplier: 1.5, floor: 0.4, cap: 0.6).expected_revenue == 0.4)
        #expect(adjusted(0.25, multiplier: 0).expected_revenue == 0)
        #expect(adjusted(0.25, multiplier: 0, floor: 0.1).expected_revenue == 0.1)
        #expect(adjusted(0.25, cap: 0).expected_revenue == 0)
    }

    @Test func aChangeIsFlagged() {
        #expect(
            adjusted(0.25, multiplier: 2, flags: .unknownField).flags == Flags([.unknownField, .adjusted]).rawValue)
        #expect(adjusted(0.25, floor: 0.25, cap: 0.25).flags == 0)
        #expect(adjusted(0.25, multiplier: 2, cap: 0.25).flags == 0)
        #expect(adjusted(0, multiplier: 2).flags == 0)
    }

    @Test func aFloorRaisesAValueOfZeroButNeverPricesAnAdWithoutAValue() {
        #expect(adjusted(0, floor: 0.1).expected_revenue == 0.1)
        #expect(adjusted(0, floor: 0.1, flags: .invalidBid).expected_revenue == 0)
        #expect(adjusted(0, floor: 0.1, flags: .invalidCandidate).expected_revenue == 0)
        #expect(adjusted(0, floor: 0.1, flags: .noClickModel, pctr: .nan).expected_revenue == 0)
        #expect(adjusted(0, floor: 0.1, pricing: .cpa).expected_revenue == 0)
        #expect(adjusted(0, floor: 0.1, pricing: .cpa, pcvr: 0.5).expected_revenue == 0.1)
        #expect(adjusted(0.001, multiplier: 2, pricing: .cpm, pctr: .nan).expected_revenue == 0.002)
        #expect(adjusted(0, floor: 0.1, flags: .noClickModel, pctr: .nan).flags == Flags.noClickModel.rawValue)
    }

    @Test func aValueTooLargeStaysFinite() {
        let most = Double.greatestFiniteMagnitude
        #expect(adjusted(most, multiplier: 1e6).expected_revenue == most)
        #expect(adjusted(1e305, multiplier: 1e6).expected_revenue == most)
        #expect(adjusted(1e305, multiplier: 1e6, cap: 1e12).expected_revenue == 1e12)
        #expect(adjusted(5e-324, multiplier: 0.1).expected_revenue == 0)
    }
}
