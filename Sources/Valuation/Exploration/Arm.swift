// SPDX-License-Identifier: Apache-2.0
import CValuation

/// The distribution of one candidate's value over the draws.
struct Arm {
    var campaign: UInt64 { candidate.campaign }
    var candidate = valuation_candidate()
    /// Its value if it does not depend on a draw.
    var value = 0.0
    var click = Logit()
    /// Not drawn if the value does not depend on it.
    var conversion = Logit()
    /// The start of the factors of its own features, and their numbers in the click's logit and, after these, in the
    /// conversion's.
    var firstFactor = 0
    var clickFactors: Int32 = 0
    var conversionFactors: Int32 = 0
    var multiplier = 1.0
    var floor = 0.0
    var cap = Double.infinity

    /// Beyond this, the distributions of the standardised logits are negligible.
    static let range = 6.0

    /// Whether the value depends on a draw.
    var isDrawn: Bool { click.deviation > 0 || conversion.deviation > 0 }

    /// Whether it depends on a draw that other ads of the campaign do not share.
    var hasFactors: Bool { clickFactors > 0 || conversionFactors > 0 }

    /// The candidate's value for the probabilities at these numbers of standard deviations from their means.
    func value(_ clickZ: Double, _ conversionZ: Double) -> Double {
        if !isDrawn { return value }
        return value(
            pctr: click.probability(clickZ),
            pcvr: candidate.needs(.conversion) ? conversion.probability(conversionZ) : 1)
    }

    /// The value for these probabilities. - Precondition: it is drawn.
    func value(pctr: Float, pcvr: Float) -> Double {
        let revenue = candidate.expectedRevenue(pctr: Double(pctr), pcvr: Double(pcvr))
        return min(cap, max(floor, min(revenue * multiplier, .greatestFiniteMagnitude)))
    }

    /// Removes the draws.
    mutating func fix() {
        (click, conversion) = (Logit(), Logit())
        (clickFactors, conversionFactors) = (0, 0)
    }
}
