// SPDX-License-Identifier: Apache-2.0
import CValuation

/// What the advertiser pays for, as in valuation.h. Values from a model's probabilities are computed in `CKernels`,
/// `write`; values from other probabilities here, with the same bits.
enum Pricing: valuation_pricing {
    case cpm = 1
    case cpc = 2
    case cpa = 3

    /// The number of a name in JSON; 0 if there is no such pricing.
    @inline(__always)
    static func code(of name: Text) -> valuation_pricing {
        if name == Text("cpm") { return Pricing.cpm.rawValue }
        if name == Text("cpc") { return Pricing.cpc.rawValue }
        if name == Text("cpa") { return Pricing.cpa.rawValue }
        return 0
    }

    /// Whether the value depends on the probability of a target.
    func needs(_ target: Target) -> Bool {
        target == .click ? self != .cpm : self == .cpa
    }

    static let invalid: Flags = [.invalidBid, .invalidCandidate]

    /// The value of a candidate for given probabilities; NaN stands for a missing one.
    static func value(
        _ candidate: valuation_candidate, pctr: Float, pcvr: Float, flags: Flags
    ) -> valuation_value {
        var flags = flags
        let isCPA = candidate.pricing == Pricing.cpa.rawValue
        if pctr.isNaN { flags.insert(.noClickModel) }
        if isCPA && pcvr.isNaN { flags.insert(.noConversionModel) }
        var value = valuation_value()
        (value.pctr, value.pcvr) = (pctr, isCPA ? pcvr : .nan)
        var revenue =
            candidate.pricing == Pricing.cpm.rawValue ? candidate.bid / 1000 : candidate.bid * Double(pctr)
        if isCPA { revenue *= Double(pcvr) }
        value.expected_revenue = flags.isDisjoint(with: invalid) && revenue > 0 ? revenue : 0
        value.flags = flags.rawValue
        return value
    }

    /// The problems of a candidate.
    static func problems(_ candidate: valuation_candidate) -> Flags {
        var flags: Flags = []
        let length = candidate.feature_count
        let hasFeatures = length == 0 || length <= UInt32(Limits.maximumFeatures) && candidate.features != nil
        if Pricing(rawValue: candidate.pricing) == nil || !hasFeatures { flags.insert(.invalidCandidate) }
        if !(candidate.bid >= 0 && candidate.bid <= .greatestFiniteMagnitude) { flags.insert(.invalidBid) }
        return flags
    }

    /// Whether a value is a real one: 0 may also mean a missing model or an invalid candidate.
    static func isKnown(_ value: valuation_value, _ candidate: valuation_candidate) -> Bool {
        if !Flags(rawValue: value.flags).isDisjoint(with: invalid) { return false }
        guard let pricing = Pricing(rawValue: candidate.pricing) else { return false }
        return !(pricing.needs(.click) && value.pctr.isNaN) && !(pricing.needs(.conversion) && value.pcvr.isNaN)
    }
}
