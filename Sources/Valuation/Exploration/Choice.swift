// SPDX-License-Identifier: Apache-2.0
import CValuation

/// Which candidate a request shows: the one that is worth most, or, where a policy says how likely each must be at least, any other
/// at times.
enum Choice {
    /// The label of what is drawn for it.
    private static let label: UInt64 = 1

    /// Chooses among the candidates that are worth anything, and mixes into their propensities that each is chosen with `least`, or,
    /// where they are too many for that, all alike.
    ///
    /// - Parameter propensities: how likely each was to be worth most; all 0 where that was not found, and nothing is mixed then.
    /// - Returns: the position, nil where none is worth anything.
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
        // Where values are so small that some draws make them 0, what may be worth most may be worth nothing in this one.
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
        // The chance, which is even below `evenly`, says which.
        var left = min(worthy &- 1, Int(chance / least))
        for place in 0..<count where values[place].expected_revenue > 0 {
            if left == 0 { return place }
            left &-= 1
        }
        return best
    }
}
