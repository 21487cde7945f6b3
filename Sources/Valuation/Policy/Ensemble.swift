// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation

/// The sums of the predictions of an ensemble's members for one candidate (bagging: Breiman, "Bagging predictors",
/// 1996).
struct EnsembleSum {
    private var click = 0.0
    private var conversion = 0.0
    private var clicks = 0
    private var conversions = 0
    private var flags: Flags = []

    /// Members that have no model for the candidate do not count.
    mutating func add(_ value: valuation_value, ofLogits: Bool) {
        flags.formUnion(Flags(rawValue: value.flags))
        if !value.pctr.isNaN {
            click += EnsembleSum.term(value.pctr, ofLogits)
            clicks &+= 1
        }
        if !value.pcvr.isNaN {
            conversion += EnsembleSum.term(value.pcvr, ofLogits)
            conversions &+= 1
        }
    }

    /// The candidate's value for the means.
    func value(_ candidate: valuation_candidate, ofLogits: Bool) -> valuation_value {
        Pricing.value(
            candidate, pctr: EnsembleSum.mean(click, clicks, ofLogits),
            pcvr: EnsembleSum.mean(conversion, conversions, ofLogits),
            flags: flags.subtracting([.noClickModel, .noConversionModel]))
    }

    private static func term(_ probability: Float, _ ofLogits: Bool) -> Double {
        let probability = Double(probability)
        return ofLogits ? log(probability / (1 - min(probability, 1 - 0x1p-40))) : probability
    }

    private static func mean(_ sum: Double, _ count: Int, _ ofLogits: Bool) -> Float {
        if count == 0 { return .nan }
        let mean = sum / Double(count)
        return Float(ofLogits ? 1 / (1 + exp(-mean)) : mean)
    }
}
