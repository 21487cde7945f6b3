// SPDX-License-Identifier: Apache-2.0
import CValuation

/// The candidate that a request shows: the one that is worth most or, if a policy sets a least propensity, sometimes
/// another one.
enum Choice {
    /// The label of the draw for it.
    private static let label: UInt64 = 1

    /// Chooses among the candidates that are worth anything. Mixes into their propensities that each is chosen with
    /// `least` or, if they are too many for that, all with the same probability.
    ///
    /// - Parameter propensities: how likely each was to be worth most; all 0 if that was not computed, and nothing is
    ///   mixed then.
    /// - Returns: the position, nil if none is worth anything.
    static func choose(
        _ values: UnsafePointer<valuation_value>, _ count: Int, _ propensities: UnsafeMutablePointer<Double>,
        least: Double, _ draw: @autoclosure () -> Draw
    ) -> Int? {
        var (best, worthy, total) = (-1, 0, 0.0)
        for place in 0..<count where values[place].expected_revenue > 0 {
            worthy &+= 1
            total += propensities[place]
            if best < 0 || values[place].expected_revenue > values[best].expected_revenue { best = place }
        }
        if best < 0 { return nil }
        if least == 0 || total == 0 { return best }
        // If values are so small that some draws make them 0, the candidate that may be worth most may be worth nothing
        // in this draw.
        for place in 0..<count {
            propensities[place] = values[place].expected_revenue > 0 ? propensities[place] / total : 0
        }
        let least = min(least, 1 / Double(worthy))
        let evenly = least * Double(worthy)
        for place in 0..<count where values[place].expected_revenue > 0 {
            propensities[place] = (1 - evenly) * propensities[place] + least
        }
        let chance = draw().fraction(ofLabel: label)
        if chance >= evenly { return best }
        // The random number, which is uniform below `evenly`, selects one.
        var left = min(worthy &- 1, Int(chance / least))
        for place in 0..<count where values[place].expected_revenue > 0 {
            if left == 0 { return place }
            left &-= 1
        }
        return best
    }
}
