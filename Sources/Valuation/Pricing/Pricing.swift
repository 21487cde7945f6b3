// SPDX-License-Identifier: Apache-2.0
import CValuation

/// What the advertiser pays for, as in valuation.h.
enum Pricing: valuation_pricing {
    case cpm = 1
    case cpc = 2
    case cpa = 3

    /// The expected revenue of one impression, in the currency of the bid. Computed from the probabilities as they are handed
    /// out, so that whoever has the value's three numbers can recompute it to the bit.
    ///
    /// NaN where a probability that the pricing needs is NaN.
    @inline(__always)
    func expectedRevenue(bid: Double, clickProbability: Float, conversionProbability: Float) -> Double {
        switch self {
        case .cpm: bid / 1000
        case .cpc: bid * Double(clickProbability)
        case .cpa: bid * Double(clickProbability) * Double(conversionProbability)
        }
    }
}
