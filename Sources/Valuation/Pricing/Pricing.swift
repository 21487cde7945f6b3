// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation

/// What the advertiser pays for, as in valuation.h. What each type is worth is in `CKernels`, `pricing.c`: the loops
/// read it for values from a model's probabilities, and this file for values from others, with the same bits.
enum Pricing: valuation_pricing {
    case cpm = 1
    case cpc = 2
    case cpa = 3

    /// What is wrong with a candidate that has none of the names.
    static let missing: StaticString = "pricing is missing, or none of cpm, cpc and cpa in lower case"

    /// The number of a name in JSON; 0 if there is no such pricing.
    @inline(__always)
    static func code(of name: Text) -> valuation_pricing {
        if name == Text("cpm") { return Pricing.cpm.rawValue }
        if name == Text("cpc") { return Pricing.cpc.rawValue }
        if name == Text("cpa") { return Pricing.cpa.rawValue }
        return 0
    }

    static let invalid: Flags = [.invalidBid, .invalidCandidate]

    /// The value of a candidate for given probabilities; NaN stands for a missing one.
    static func value(
        _ candidate: valuation_candidate, pctr: Float, pcvr: Float, flags: Flags
    ) -> valuation_value {
        var flags = flags
        let needsConversion = candidate.needs(.conversion)
        if pctr.isNaN { flags.insert(.noClickModel) }
        if needsConversion && pcvr.isNaN { flags.insert(.noConversionModel) }
        var value = valuation_value()
        (value.pctr, value.pcvr) = (pctr, needsConversion ? pcvr : .nan)
        let revenue = candidate.expectedRevenue(pctr: Double(pctr), pcvr: Double(pcvr))
        value.expected_revenue = flags.isDisjoint(with: invalid) && revenue > 0 ? revenue : 0
        value.flags = flags.rawValue
        return value
    }

    /// The problems of a candidate.
    static func problems(_ candidate: valuation_candidate) -> Flags {
        var flags: Flags = []
        let length = candidate.feature_count
        let hasFeatures = length == 0 || length <= UInt32(Limits.maximumFeatures) && candidate.features != nil
        if !candidate.hasPricing || !hasFeatures { flags.insert(.invalidCandidate) }
        if !candidate.hasValidBid { flags.insert(.invalidBid) }
        return flags
    }

    /// Whether a value is a real one: 0 may also mean a missing model or an invalid candidate.
    static func isKnown(_ value: valuation_value, _ candidate: valuation_candidate) -> Bool {
        Flags(rawValue: value.flags).isDisjoint(with: invalid) && candidate.hasPricing
            && !(candidate.needs(.click) && value.pctr.isNaN) && !(candidate.needs(.conversion) && value.pcvr.isNaN)
    }
}

extension valuation_candidate {
    /// Whether its value depends on the probability of a target.
    func needs(_ target: Target) -> Bool {
        let bits = ByTarget(click: VALUATION_NEEDS_CLICK, conversion: VALUATION_NEEDS_CONVERSION)
        return valuation_pricing_needs(pricing) & UInt64(bits[target]) != 0
    }

    /// Whether its pricing is one of valuation.h.
    var hasPricing: Bool { valuation_pricing_needs(pricing) != 0 }

    var hasValidBid: Bool { valuation_is_valid_bid(bid) != 0 }

    /// The value for these probabilities, of which those that the pricing does not need are not read.
    func expectedRevenue(pctr: Double, pcvr: Double) -> Double {
        valuation_expected_revenue(pricing, bid, pctr, pcvr)
    }
}
