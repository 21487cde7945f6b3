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
    var multiplier = 1.0
    var floor = 0.0
    var cap = Double.infinity

    /// Where the distributions of the standardised logits are as good as over.
    static let range = 6.0

    /// Whether the value depends on a draw.
    var isDrawn: Bool { click.deviation > 0 || isCPA && conversion.deviation > 0 }

    /// What the candidate is worth by the probabilities so many standard deviations from their means.
    func value(_ clickZ: Double, _ conversionZ: Double) -> Double {
        if !isDrawn { return value }
        let revenue = bid * click.probability(clickZ) * (isCPA ? conversion.probability(conversionZ) : 1)
        return min(cap, max(floor, min(revenue * multiplier, .greatestFiniteMagnitude)))
    }
}
