// SPDX-License-Identifier: Apache-2.0
import CValuation

/// How the value of one candidate is distributed over the draws.
struct Arm {
    var campaign: UInt64 = 0
    /// Its value where it does not depend on a draw.
    var value = 0.0
    var bid = 0.0
    var isCPA = false
    var click = Logit()
    var conversion = Logit()
    /// Where the factors of its own features begin, how many there are of the click's logit, and of the conversion's behind these.
    var firstFactor = 0
    var clickFactors: Int32 = 0
    var conversionFactors: Int32 = 0
    var multiplier = 1.0
    var floor = 0.0
    var cap = Double.infinity

    /// Where the distributions of the standardised logits are as good as over.
    static let range = 6.0

    /// Whether the value depends on a draw.
    var isDrawn: Bool { click.deviation > 0 || isCPA && conversion.deviation > 0 }

    /// Whether it does on one that other ads of the campaign do not share.
    var hasFactors: Bool { clickFactors > 0 || isCPA && conversionFactors > 0 }

    /// What the candidate is worth by the probabilities so many standard deviations from their means.
    func value(_ clickZ: Double, _ conversionZ: Double) -> Double {
        if !isDrawn { return value }
        return value(pctr: click.probability(clickZ), pcvr: isCPA ? conversion.probability(conversionZ) : 1)
    }

    /// What it is worth by these probabilities. - Precondition: it is drawn.
    func value(pctr: Float, pcvr: Float) -> Double {
        let revenue = bid * Double(pctr) * Double(pcvr)
        return min(cap, max(floor, min(revenue * multiplier, .greatestFiniteMagnitude)))
    }

    /// Takes the draws away.
    mutating func fix() {
        (click, conversion) = (Logit(), Logit())
        (clickFactors, conversionFactors) = (0, 0)
    }
}
