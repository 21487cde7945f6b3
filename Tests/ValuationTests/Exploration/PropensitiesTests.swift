// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation
import Testing

@testable import Valuation

/// How likely each candidate is to be worth most, against many draws.
@Suite struct PropensitiesTests {
    private func propensities(
        _ arms: [Arm], _ factors: [Factor] = [], _ deadline: Deadline = Deadline(budget: 0)
    ) throws -> [Double] {
        var (arms, factors, found) = (arms, factors, [Double](repeating: -1, count: arms.count))
        var propensities = Propensities()
        var deadline = deadline
        let table = try NormalTable(isNeeded: true)
        let kernels = try #require(valuation_kernels_for_this_machine())
        try arms.withUnsafeMutableBufferPointer { arms throws(Failure) in
            try factors.withUnsafeMutableBufferPointer { factors throws(Failure) in
                try propensities.find(arms, factors, table.normals, kernels, into: &found, &deadline)
            }
        }
        return found
    }

    /// For each candidate, the share of draws in which it is the first of those worth most.
    private func drawn(
        _ arms: [Arm], _ factors: [Factor] = [], _ count: Int, _ generator: inout SeededGenerator
    ) -> [Double] {
        var wins = [Double](repeating: 0, count: arms.count)
        for _ in 0..<count {
            var draws: [[UInt64]: Double] = [:]
            func z(_ campaign: UInt64, _ label: UInt64) -> Double {
                if let known = draws[[campaign, label]] { return known }
                let z = normal(&generator)
                draws[[campaign, label]] = z
                return z
            }
            func probability(_ arm: Arm, _ logit: Logit, _ label: UInt64, _ own: Range<Int>) -> Float {
                var drawn = logit.mean + logit.shared * z(arm.campaign, label)
                for factor in own { drawn += factors[factor].deviation * z(arm.campaign, factors[factor].key) }
                return Logit(mean: drawn, deviation: 0).probability(0)
            }
            var best: (place: Int, value: Double)?
            for (place, arm) in arms.enumerated() {
                let end = arm.firstFactor + Int(arm.clickFactors)
                let click = probability(arm, arm.click, 0, arm.firstFactor..<end)
                let conversion =
                    arm.candidate.needs(.conversion)
                    ? probability(arm, arm.conversion, 1, end..<(end + Int(arm.conversionFactors))) : 1
                let value = arm.isDrawn ? arm.value(pctr: click, pcvr: conversion) : arm.value
                if value > best?.value ?? 0 { best = (place, value) }
            }
            if let best { wins[best.place] += 1 }
        }
        return wins.map { $0 / Double(count) }
    }

    private func normal(_ generator: inout SeededGenerator) -> Double {
        NormalDistribution.quantile((Double(generator.next() >> 11) + 0.5) * 0x1p-53)
    }

    private func arm(_ campaign: UInt64, bid: Double = 1, _ click: Logit, _ conversion: Logit? = nil) -> Arm {
        var arm = Arm()
        let pricing: Pricing = conversion == nil ? .cpc : .cpa
        arm.candidate = valuation_candidate(
            campaign: campaign, features: nil, feature_count: 0, pricing: pricing.rawValue, bid: bid)
        arm.click = click
        if let conversion { arm.conversion = conversion }
        arm.value = bid * Double(click.probability(0)) * Double(conversion?.probability(0) ?? 1)
        return arm
    }

    private func fixed(_ value: Double, campaign: UInt64 = 0) -> Arm {
        var arm = Arm()
        (arm.candidate.campaign, arm.value) = (campaign, value)
        return arm
    }

    /// Arms of every kind: CPC and CPA, campaigns with several ads, adjusted values, and certain values.
    private func randomArms(_ generator: inout SeededGenerator) -> [Arm] {
        let campaigns = UInt64.random(in: 1...6, using: &generator)
        return (0..<Int.random(in: 1...12, using: &generator)).map { _ in
            let campaign = UInt64.random(in: 1...campaigns, using: &generator)
            // The ads of a campaign roughly share its uncertainty.
            var shared = SeededGenerator(seed: campaign)
            func logit(_ mean: Double) -> Logit {
                let deviation = shared.once(in: 6) ? 0 : Double.random(in: 0.02...1.5, using: &shared)
                return Logit(mean: mean + Double.random(in: -0.5...0.5, using: &generator), deviation: deviation)
            }
            let click = logit(-3)
            let conversion = generator.once(in: 3) ? logit(-1) : nil
            let bid = Double.random(in: 0.5...2, using: &generator) * (conversion == nil ? 1 : 4)
            var made = arm(campaign, bid: bid, click, conversion)
            if generator.once(in: 4) { made.multiplier = Double.random(in: 0.5...2, using: &generator) }
            if generator.once(in: 8) { made.cap = 0.08 }
            if generator.once(in: 8) { made.floor = 0.02 }
            return generator.once(in: 8) ? fixed(Double.random(in: 0...0.1, using: &generator)) : made
        }
    }

    @Test(arguments: 1...12)
    func theyAgreeWithTheSharesOfDraws(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let arms = randomArms(&generator)
        let count = 40_000
        let (found, expected) = (try propensities(arms), drawn(arms, [], count, &generator))
        for place in arms.indices {
            #expect((0...1.000_001).contains(found[place]))
            // Within 0.01 of the true propensities; the shares are within four of their standard deviations of these.
            let deviation = (expected[place] * (1 - expected[place]) / Double(count)).squareRoot()
            #expect(
                abs(found[place] - expected[place]) <= 0.01 + 4 * deviation + 1e-4,
                "\(place) of \(arms.count): \(found[place]), drawn \(expected[place])")
        }
        #expect(abs(found.reduce(0, +) - 1) < 1e-9)
    }

    private func logit(_ mean: Double, shared: Double, _ own: [Factor]) -> Logit {
        var variance = shared * shared
        for factor in own { variance += factor.deviation * factor.deviation }
        return Logit(mean: mean, deviation: variance.squareRoot(), shared: shared)
    }

    /// Ads with uncertain weights of their own, some of which several ads share.
    private func arms(ofOneCampaign count: Int, cpa: Bool) -> ([Arm], [Factor]) {
        var (arms, factors): ([Arm], [Factor]) = ([], [])
        for number in 0..<count {
            let own = [
                Factor(key: 10 + UInt64(number), deviation: 0.2 + 0.1 * Double(number % 5)),
                Factor(key: 9, deviation: number % 2 == 0 ? 0.5 : 0),
            ]
            let ofConversion = cpa ? [Factor(key: 8, deviation: 0.3)] : []
            var made = arm(
                1, bid: 1 + 0.03 * Double(number), logit(-3, shared: 0.2, own),
                cpa ? logit(-1, shared: 0.2, ofConversion) : nil)
            made.firstFactor = factors.count
            (made.clickFactors, made.conversionFactors) = (Int32(own.count), Int32(ofConversion.count))
            factors += own + ofConversion
            arms.append(made)
        }
        return (arms, factors)
    }

    @Test(arguments: [2, 5, 12], [false, true]) func theAdsOfACampaignCompeteByTheirOwnWeights(count: Int, cpa: Bool)
        throws
    {
        let (arms, factors) = arms(ofOneCampaign: count, cpa: cpa)
        var generator = SeededGenerator(seed: 11)
        let draws = 20_000
        let (found, expected) = (try propensities(arms, factors), drawn(arms, factors, draws, &generator))
        for place in arms.indices {
            let deviation = (expected[place] * (1 - expected[place]) / Double(draws)).squareRoot()
            #expect(abs(found[place] - expected[place]) <= 0.01 + 4 * deviation, "\(place): \(found), \(expected)")
        }
        #expect(abs(found.reduce(0, +) - 1) < 1e-9)
    }

    @Test func eachPartOccursOnceInAHypercube() {
        for count in [64, 1024, 4096] {
            for key in [0, 1, 77, UInt64.max, 0x9e37_79b9_7f4a_7c15] {
                let order = Shuffle(key, count)
                let strata = Set((0..<count).map { order.part($0) / (NormalTable.count / count) })
                #expect(strata == Set(0..<count))
            }
        }
    }

    @Test func equalCampaignsWinEquallyOften() throws {
        for count in [2, 3, 10, 100, 400] {
            let arms = (1...UInt64(count)).map { arm($0, Logit(mean: -4, deviation: 0.3)) }
            let found = try propensities(arms)
            let farthest = found.map { abs($0 - 1 / Double(count)) }.max() ?? 1
            #expect(farthest < (count <= 32 ? 0.01 : 0.03) && abs(found.reduce(0, +) - 1) < 1e-9, "\(farthest)")
        }
    }

    @Test func afterTheDeadlineAllAreZero() throws {
        let arms = (1...UInt64(20)).map { arm($0, Logit(mean: -4, deviation: 0.3)) }
        #expect(try propensities(arms, [], Deadline(budget: 1)) == [Double](repeating: 0, count: 20))
        #expect(try propensities(arms, [], Deadline(budget: .max)) == propensities(arms))
    }

    @Test func theAdsOfACampaignShareItsDraw() throws {
        let logit = Logit(mean: -4, deviation: 0.3)
        let found = try propensities([arm(1, logit), arm(1, bid: 1.1, logit), arm(2, logit), arm(1, logit)])
        // The ad with the higher bid is worth more in every draw.
        #expect(found[0] < 1e-9 && found[3] < 1e-9)
        #expect(abs(found[1] + found[2] - 1) < 1e-9 && found[1] > 0.55)
    }

    @Test func certainValuesWinWithCertainty() throws {
        #expect(try propensities([]) == [])
        #expect(try propensities([fixed(0)]) == [0])
        #expect(try propensities([fixed(0), fixed(1), fixed(2), fixed(2)]) == [0, 0, 1, 0])
        let logit = Logit(mean: -4, deviation: 0.1)
        #expect(abs(try propensities([arm(1, logit)])[0] - 1) < 1e-9)
        #expect(try propensities([arm(1, logit), fixed(0.9)])[1] > 1 - 1e-9)
        #expect(try propensities([fixed(1e-9), arm(1, logit)])[1] > 1 - 1e-9)
    }

    /// Of equal values the earlier one wins, also where a cap or floor makes them equal.
    @Test func capsAndFloorsCanMakeValuesEqual() throws {
        var (first, second) = (arm(1, Logit(mean: 0, deviation: 0.5)), arm(2, Logit(mean: 0, deviation: 0.5)))
        (first.cap, second.cap) = (0.1, 0.1)
        #expect(try propensities([first, second]) == [1, 0])
        (first.cap, second.cap, first.floor, second.floor) = (.infinity, .infinity, 0.999, 0.999)
        #expect(try propensities([first, second])[0] > 0.98)
    }

    @Test func extremeValuesGivePropensities() throws {
        for deviation in [1e-300, 1e-9, 20, 1e6] {
            for mean in [-80, 0, 80.0] {
                let arms = [
                    arm(1, bid: 1e300, Logit(mean: mean, deviation: deviation)),
                    arm(
                        2, bid: 1e300, Logit(mean: mean, deviation: deviation), Logit(mean: mean, deviation: deviation)),
                    arm(3, bid: 1e-300, Logit(mean: -mean, deviation: deviation)), fixed(1),
                ]
                let found = try propensities(arms)
                #expect(found.allSatisfy { (0...1.000_001).contains($0) }, "\(mean) ± \(deviation): \(found)")
                #expect(abs(found.reduce(0, +) - 1) < 1e-6, "\(mean) ± \(deviation): \(found)")
            }
        }
    }
}
