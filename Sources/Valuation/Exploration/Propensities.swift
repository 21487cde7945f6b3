// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform

/// How likely each candidate was to be worth most, over the draws: the propensities by which inverse propensity scoring
/// weighs logged outcomes (Bottou et al., "Counterfactual reasoning and learning systems", 2013).
///
/// Each campaign's draws are replaced by representative ones, with the value of its best ad in each: strata if its ads
/// move together (stratified sampling: Cochran, "Sampling techniques", 1977), otherwise a `Hypercube`. Campaigns are
/// drawn independently, so an outcome wins with the product of the probabilities that every other campaign's is worse.
/// In the order of the values, these are running products. The propensities add up to 1, even with equal values,
/// floors, caps, and several ads of a campaign.
struct Propensities: ~Copyable {
    /// A possible value of a campaign, and the ad that has it.
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

    /// The arms that may be worth most, campaign by campaign; the start of each campaign's arms, and the end of the
    /// last.
    private var contenders = Buffer<Int32>()
    private var starts = Buffer<Int32>()
    private var outcomes = Buffer<Outcome>()
    /// For each campaign, the probability of the outcomes passed so far.
    private var passed = Buffer<Double>()
    private var hypercube = Hypercube()

    /// Writes one propensity for each arm, 0 for all if the time is over before they are found.
    ///
    /// - Complexity: O(arms × log arms + outcomes × log outcomes). `Strata` and `Hypercube` say how many outcomes a
    ///   campaign has.
    @_optimize(speed)
    mutating func find(
        _ arms: UnsafeMutableBufferPointer<Arm>, _ factors: UnsafeMutableBufferPointer<Factor>, _ normals: Normals,
        _ kernels: UnsafePointer<valuation_kernels>, into propensities: UnsafeMutablePointer<Double>,
        _ deadline: inout Deadline
    ) throws(Failure) {
        for place in 0..<arms.count { propensities[place] = 0 }
        outcomes.removeAll()
        guard try collect(arms, &deadline), try group(arms, &deadline) else { return }
        for campaign in 0..<campaignCount {
            let members = Int(starts[campaign])..<Int(starts[campaign &+ 1])
            // For a campaign's only ad, its own draws and the campaign's are the same.
            var haveFactors = false
            for position in members { haveFactors = haveFactors || arms[Int(contenders[position])].hasFactors }
            let isDone =
                haveFactors && members.count > 1
                ? try addDraws(of: campaign, members, arms, factors, normals, kernels, &deadline)
                : try addStrata(of: campaign, members, arms, &deadline)
            if !isDone { return }
        }
        // Best last.
        if !Heap.sort(outcomes.elements, &deadline, { $1.isWorse(than: $0) }) { return }
        try passed.resize(max(campaignCount, passed.count), filling: 0)
        for campaign in 0..<campaignCount { passed[campaign] = 0 }
        if goThrough(propensities, &deadline) { return }
        for place in 0..<arms.count { propensities[place] = 0 }
    }

    private var campaignCount: Int { max(0, starts.count &- 1) }

    /// Collects the arms that may be worth more than another one's least value. - Returns: false if the time was over
    /// before the end.
    private mutating func collect(
        _ arms: UnsafeMutableBufferPointer<Arm>, _ deadline: inout Deadline
    ) throws(Failure) -> Bool {
        contenders.removeAll()
        var least = 0.0
        for place in 0..<arms.count {
            if deadline.check(after: 1) { return false }
            least = max(least, arms[place].value(-Arm.range, -Arm.range))
        }
        for place in 0..<arms.count {
            if deadline.check(after: 1) { return false }
            if arms[place].value(Arm.range, Arm.range) >= least { try contenders.append(Int32(place)) }
        }
        return true
    }

    /// Groups the contenders by campaign. - Returns: false if the time was over before the end.
    private mutating func group(
        _ arms: UnsafeMutableBufferPointer<Arm>, _ deadline: inout Deadline
    ) throws(Failure) -> Bool {
        starts.removeAll()
        let isSorted = Heap.sort(contenders.elements, &deadline) { first, second in
            let (campaign, other) = (arms[Int(first)].campaign, arms[Int(second)].campaign)
            return campaign == other ? first > second : campaign > other
        }
        if !isSorted { return false }
        for position in 0..<contenders.count {
            let isFirst =
                position == 0
                || arms[Int(contenders[position])].campaign != arms[Int(contenders[position &- 1])].campaign
            if isFirst { try starts.append(Int32(position)) }
        }
        try starts.append(Int32(contenders.count))
        return true
    }

    // MARK: Outcomes

    /// For a campaign whose ads have uncertain weights of their own. - Returns: false if the time was over before the
    /// end.
    private mutating func addDraws(
        of campaign: Int, _ members: Range<Int>, _ arms: UnsafeMutableBufferPointer<Arm>,
        _ factors: UnsafeMutableBufferPointer<Factor>, _ normals: Normals,
        _ kernels: UnsafePointer<valuation_kernels>, _ deadline: inout Deadline
    ) throws(Failure) -> Bool {
        let count = Hypercube.count(ads: contenders.count, campaigns: campaignCount)
        try hypercube.begin(count)
        for position in members {
            let number = contenders[position]
            if !hypercube.add(arms[Int(number)], number: number, factors, normals, kernels, &deadline) { return false }
        }
        for draw in 0..<count {
            if deadline.check(after: 1) { return false }
            try outcomes.append(
                Outcome(
                    value: hypercube.bestValues[draw], probability: 1 / Double(count), arm: hypercube.bestArms[draw],
                    campaign: Int32(campaign)))
        }
        return true
    }

    /// For a campaign whose ads move together. - Returns: false if the time was over before the end.
    @_optimize(speed)
    private mutating func addStrata(
        of campaign: Int, _ members: Range<Int>, _ arms: UnsafeMutableBufferPointer<Arm>, _ deadline: inout Deadline
    ) throws(Failure) -> Bool {
        var (drawsClicks, drawsConversions) = (false, false)
        for position in members {
            let arm = Int(contenders[position])
            drawsClicks = drawsClicks || arms[arm].click.deviation > 0
            drawsConversions = drawsConversions || arms[arm].conversion.deviation > 0
        }
        let key = arms[Int(contenders[members.lowerBound])].campaign
        let clicks = Strata(isDrawn: drawsClicks, isAlone: !drawsConversions, campaigns: campaignCount)
        let conversions = Strata(isDrawn: drawsConversions, isAlone: !drawsClicks, campaigns: campaignCount)
        for first in 0..<clicks.count {
            for second in 0..<conversions.count {
                // Each campaign has its own position in the stratum, so that the outcomes of equal campaigns are not all equal.
                let number = UInt64(first &* conversions.count &+ second)
                let clickZ = clicks.z(first, Draw.hash(key, number &* 2))
                let conversionZ = conversions.z(second, Draw.hash(key, number &* 2 &+ 1))
                var best = Outcome(
                    value: -1, probability: clicks.probability(first) * conversions.probability(second), arm: 0,
                    campaign: Int32(campaign))
                for position in members {
                    if deadline.check(after: 2) { return false }
                    let arm = contenders[position]
                    let value = arms[Int(arm)].value(clickZ, conversionZ)
                    if value < best.value || value == best.value && arm > best.arm { continue }
                    (best.value, best.arm) = (value, arm)
                }
                try outcomes.append(best)
            }
        }
        return true
    }

    // MARK: In order

    /// An outcome wins if all other campaigns' outcomes are among those before it.
    ///
    /// - Returns: false if the time was over before the end.
    @_optimize(speed)
    private mutating func goThrough(
        _ propensities: UnsafeMutablePointer<Double>, _ deadline: inout Deadline
    ) -> Bool {
        var (logOfAll, withoutAny) = (0.0, campaignCount)
        var total = 0.0
        for position in 0..<outcomes.count {
            if deadline.check(after: 1) { return false }
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
        // It is 1 except for rounding, unless all may be worth nothing.
        if total == 0 { return true }
        for position in 0..<contenders.count { propensities[Int(contenders[position])] /= total }
        return true
    }
}

/// Parts of the standard normal distribution, finer towards higher values, where ads are worth most.
private struct Strata {
    let count: Int

    /// The fewer campaigns there are, the more each one's strata matter.
    ///
    /// - Parameter isAlone: whether the other target is not drawn.
    init(isDrawn: Bool, isAlone: Bool, campaigns: Int) {
        let isFew = campaigns <= 32
        count = !isDrawn ? 1 : isAlone ? (isFew ? 256 : 64) : isFew ? 32 : 16
    }

    /// P(Z > z) at the start of a stratum.
    private func tail(_ number: Int) -> Double {
        let left = 1 - Double(number) / Double(count)
        return left * left
    }

    func probability(_ number: Int) -> Double { tail(number) - tail(number &+ 1) }

    /// A z in a stratum. - Parameter place: the position in it: any number.
    func z(_ number: Int, _ place: UInt64) -> Double {
        if count == 1 { return 0 }
        let part = (Double(place &>> 11) + 0.5) * 0x1p-53
        let tail = tail(number &+ 1) + part * probability(number)
        return -NormalDistribution.quantile(max(tail, 0x1p-60))
    }
}
