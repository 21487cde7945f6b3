// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// How likely each candidate was to be worth most, over the draws: what inverse propensity scoring weighs logged outcomes with (Bottou
/// et al., "Counterfactual reasoning and learning systems", 2013).
///
/// Each campaign's draws are replaced by some dozens that stand for all of them (stratified sampling: Cochran, "Sampling techniques",
/// 1977), with what the best of its ads is worth in each. Campaigns are drawn independently, so an outcome wins with the product of
/// the chances that every other campaign's is worse; all outcomes in order of their value make these products running ones. What
/// comes out adds up to 1, whatever is equal, held by floors and caps, or shares a campaign.
struct Propensities: ~Copyable {
    /// What a campaign may be worth, and by which of its ads.
    private struct Outcome {
        var value: Double
        var probability: Double
        /// The candidate's number.
        var arm: Int32
        var campaign: Int32

        /// Of equal values the earlier candidate's wins.
        func isWorse(than other: Outcome) -> Bool {
            value == other.value ? arm > other.arm : value < other.value
        }
    }

    /// The arms that may be worth most, and for each the next one of its campaign, -1 behind the last.
    private var contenders = Buffer<Int32>()
    private var nexts = Buffer<Int32>()
    /// The first contender of each campaign.
    private var firsts = Buffer<Int32>()
    private var campaigns = KeyTable()
    private var outcomes = Buffer<Outcome>()
    /// Of each campaign, the probability of the outcomes that were gone through.
    private var passed = Buffer<Double>()

    /// Writes one propensity for each arm.
    ///
    /// - Complexity: O(arms + outcomes × log outcomes). See `Strata` for how many outcomes a campaign has.
    mutating func find(
        _ arms: UnsafeMutableBufferPointer<Arm>, into propensities: UnsafeMutablePointer<Double>
    ) throws(Failure) {
        for place in 0..<arms.count { propensities[place] = 0 }
        try collect(arms)
        try group(arms)
        outcomes.removeAll()
        for campaign in 0..<firsts.count { try addOutcomes(of: campaign, arms) }
        sort()
        try passed.resize(max(firsts.count, passed.count), filling: 0)
        for campaign in 0..<firsts.count { passed[campaign] = 0 }
        goThrough(propensities)
    }

    /// Collects the arms that may be worth more than what another is worth at least.
    private mutating func collect(_ arms: UnsafeMutableBufferPointer<Arm>) throws(Failure) {
        contenders.removeAll()
        var least = 0.0
        for place in 0..<arms.count { least = max(least, arms[place].value(-Arm.range, -Arm.range)) }
        for place in 0..<arms.count where arms[place].value(Arm.range, Arm.range) >= least {
            try contenders.append(Int32(place))
        }
    }

    /// Links the contenders of each campaign.
    private mutating func group(_ arms: UnsafeMutableBufferPointer<Arm>) throws(Failure) {
        firsts.removeAll()
        nexts.removeAll()
        campaigns.removeAll()
        for position in 0..<contenders.count {
            let key = arms[Int(contenders[position])].campaign
            let known = campaigns.find(key)
            if known == KeyTable.none {
                try campaigns.insert(key, UInt32(firsts.count))
                try nexts.append(-1)
                try firsts.append(Int32(position))
            } else {
                try nexts.append(firsts[Int(known)])
                firsts[Int(known)] = Int32(position)
            }
        }
    }

    // MARK: Outcomes

    private mutating func addOutcomes(
        of campaign: Int, _ arms: UnsafeMutableBufferPointer<Arm>
    ) throws(Failure) {
        var (drawsClicks, drawsConversions) = (false, false)
        forEachMember(of: campaign) { place in
            drawsClicks = drawsClicks || arms[place].click.deviation > 0
            drawsConversions = drawsConversions || arms[place].isCPA && arms[place].conversion.deviation > 0
        }
        let key = arms[Int(contenders[Int(firsts[campaign])])].campaign
        let clicks = Strata(isDrawn: drawsClicks, isAlone: !drawsConversions, campaigns: firsts.count)
        let conversions = Strata(isDrawn: drawsConversions, isAlone: !drawsClicks, campaigns: firsts.count)
        for first in 0..<clicks.count {
            for second in 0..<conversions.count {
                // A place in the stratum of its own for each campaign, so that equal campaigns are not equal everywhere.
                let number = UInt64(first &* conversions.count &+ second)
                let clickZ = clicks.z(first, Draw.hash(key, number &* 2))
                let conversionZ = conversions.z(second, Draw.hash(key, number &* 2 &+ 1))
                var best = Outcome(
                    value: -1, probability: clicks.probability(first) * conversions.probability(second), arm: 0,
                    campaign: Int32(campaign))
                forEachMember(of: campaign) { place in
                    let value = arms[place].value(clickZ, conversionZ)
                    if value < best.value || value == best.value && Int32(place) > best.arm { return }
                    (best.value, best.arm) = (value, Int32(place))
                }
                try outcomes.append(best)
            }
        }
    }

    /// Hands out the arms of a campaign.
    private func forEachMember(of campaign: Int, _ body: (Int) -> Void) {
        var member = firsts[campaign]
        while member >= 0 {
            body(Int(contenders[Int(member)]))
            member = nexts[Int(member)]
        }
    }

    // MARK: In order

    /// Sorts the outcomes, the worst first (heapsort: Williams 1964). The standard library's sort takes memory.
    private mutating func sort() {
        let elements = outcomes.elements
        var start = elements.count / 2
        while start > 0 {
            start &-= 1
            Propensities.siftDown(elements, start, elements.count)
        }
        var end = elements.count
        while end > 1 {
            end &-= 1
            (elements[0], elements[end]) = (elements[end], elements[0])
            Propensities.siftDown(elements, 0, end)
        }
    }

    private static func siftDown(_ elements: UnsafeMutableBufferPointer<Outcome>, _ start: Int, _ end: Int) {
        var root = start
        let moved = elements[start]
        while true {
            var child = 2 &* root &+ 1
            if child >= end { break }
            if child &+ 1 < end && elements[child].isWorse(than: elements[child &+ 1]) { child &+= 1 }
            if !moved.isWorse(than: elements[child]) { break }
            elements[root] = elements[child]
            root = child
        }
        elements[root] = moved
    }

    /// An outcome wins where all other campaigns' are among those before it.
    private mutating func goThrough(_ propensities: UnsafeMutablePointer<Double>) {
        var (logOfAll, withoutAny) = (0.0, firsts.count)
        var total = 0.0
        for position in 0..<outcomes.count {
            let outcome = outcomes[position]
            let own = passed[Int(outcome.campaign)]
            let isLast = withoutAny == 0 || withoutAny == 1 && own == 0
            if isLast && outcome.value > 0 {
                let chance = outcome.probability * exp(own > 0 ? logOfAll - log(own) : logOfAll)
                propensities[Int(outcome.arm)] += chance
                total += chance
            }
            passed[Int(outcome.campaign)] = own + outcome.probability
            logOfAll += log(own + outcome.probability)
            if own > 0 { logOfAll -= log(own) } else { withoutAny &-= 1 }
        }
        // It is 1 but for rounding, unless all may be worth nothing.
        if total == 0 { return }
        for position in 0..<contenders.count { propensities[Int(contenders[position])] /= total }
    }
}

/// Parts of the standard normal distribution, the finer the higher they are: it is there that something is worth most.
private struct Strata {
    let count: Int

    /// The fewer campaigns there are, the more each one's strata decide.
    ///
    /// - Parameter isAlone: whether the other target is not drawn.
    init(isDrawn: Bool, isAlone: Bool, campaigns: Int) {
        let isFew = campaigns <= 32
        count = !isDrawn ? 1 : isAlone ? (isFew ? 256 : 64) : isFew ? 32 : 16
    }

    /// P(Z > z) where a stratum begins.
    private func tail(_ number: Int) -> Double {
        let left = 1 - Double(number) / Double(count)
        return left * left
    }

    func probability(_ number: Int) -> Double { tail(number) - tail(number &+ 1) }

    /// A z in a stratum. - Parameter place: where in it: any number.
    func z(_ number: Int, _ place: UInt64) -> Double {
        if count == 1 { return 0 }
        let part = (Double(place &>> 11) + 0.5) * 0x1p-53
        let tail = tail(number &+ 1) + part * probability(number)
        return -NormalDistribution.quantile(max(tail, 0x1p-60))
    }
}
