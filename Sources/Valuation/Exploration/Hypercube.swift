// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Representative draws of a campaign whose ads have uncertain weights of their own: in each weight, every equally
/// likely part of its distribution occurs once (Latin hypercube sampling: McKay, Beckman & Conover, 1979).
struct Hypercube: ~Copyable {
    /// The most draws, a power of two; at most `NormalTable.count`.
    static let maximum = 4096
    private static let fewest = 256
    /// About how many values of ads are computed for a request, and outcomes of campaigns are sorted.
    private static let values = 131_072
    private static let outcomes = 65_536

    /// One for each draw: the current logit, its probability as a click and as a conversion, and the best ad.
    private var logits = Buffer<Double>()
    private var clicks = Buffer<Float>()
    private var conversions = Buffer<Float>()
    private(set) var bestValues = Buffer<Double>()
    private(set) var bestArms = Buffer<Int32>()

    /// The number of draws of a campaign if `ads` ads of `campaigns` campaigns may be worth most.
    static func count(ads: Int, campaigns: Int) -> Int {
        let wanted = max(fewest, min(maximum, values / max(1, ads), outcomes / max(1, campaigns)))
        return 1 &<< (Int.bitWidth &- 1 &- wanted.leadingZeroBitCount)
    }

    /// Reserves memory for the draws of a campaign; none has a best ad yet.
    mutating func begin(_ count: Int) throws(Failure) {
        try logits.resize(max(logits.count, count), filling: 0)
        try clicks.resize(max(clicks.count, count), filling: 0)
        try conversions.resize(max(conversions.count, count), filling: 0)
        bestValues.removeAll()
        bestArms.removeAll()
        try bestValues.resize(count, filling: -1)
        try bestArms.resize(count, filling: 0)
    }

    /// Values an ad in each draw. - Returns: false if the time was over before the end.
    @_optimize(speed)
    mutating func add(
        _ arm: Arm, number: Int32, _ factors: UnsafeMutableBufferPointer<Factor>, _ normals: Normals,
        _ kernels: UnsafePointer<valuation_kernels>, _ deadline: inout Deadline
    ) -> Bool {
        let count = bestValues.count
        if !arm.isDrawn {
            for draw in 0..<count { keep(arm.value, number, draw) }
            return true
        }
        let ofConversions = arm.firstFactor &+ Int(arm.clickFactors)
        let clickFactors = arm.firstFactor..<ofConversions
        let conversionFactors = ofConversions..<(ofConversions &+ Int(arm.conversionFactors))
        addUp(arm.click, Draw.hash(arm.campaign, 0), clickFactors, factors, normals, &deadline)
        squash(count, kernels, into: clicks.base.unsafelyUnwrapped)
        let needsConversion = arm.candidate.needs(.conversion)
        if needsConversion {
            addUp(arm.conversion, Draw.hash(arm.campaign, 1), conversionFactors, factors, normals, &deadline)
            squash(count, kernels, into: conversions.base.unsafelyUnwrapped)
        }
        if deadline.isOver { return false }
        for draw in 0..<count {
            keep(arm.value(pctr: clicks[draw], pcvr: needsConversion ? conversions[draw] : 1), number, draw)
        }
        return !deadline.check()
    }

    /// Of equal values the earlier candidate's counts.
    @inline(__always)
    private mutating func keep(_ value: Double, _ number: Int32, _ draw: Int) {
        if value < bestValues[draw] || value == bestValues[draw] && number > bestArms[draw] { return }
        bestValues[draw] = value
        bestArms[draw] = number
    }

    /// Sums the logit of each draw. - Parameter key: of what all ads of the campaign share.
    private mutating func addUp(
        _ logit: Logit, _ key: UInt64, _ own: Range<Int>, _ factors: UnsafeMutableBufferPointer<Factor>,
        _ normals: Normals, _ deadline: inout Deadline
    ) {
        for draw in 0..<bestValues.count { logits[draw] = logit.mean }
        if logit.shared > 0 { add(Factor(key: key, deviation: logit.shared), normals) }
        for factor in own {
            if deadline.check() { return }
            add(Factor(key: Draw.hash(key, factors[factor].key), deviation: factors[factor].deviation), normals)
        }
    }

    @_optimize(speed)
    private mutating func add(_ factor: Factor, _ normals: Normals) {
        let logits = logits.base.unsafelyUnwrapped
        let count = bestValues.count
        let order = Shuffle(factor.key, count)
        for draw in 0..<count { logits[draw] += factor.deviation * normals[order.part(draw)] }
    }

    private mutating func squash(
        _ count: Int, _ kernels: UnsafePointer<valuation_kernels>, into probabilities: UnsafeMutablePointer<Float>
    ) {
        _ = kernels.pointee.sigmoid(logits.base, count, Sigmoid.bound, probabilities)
    }
}

/// A permutation of the parts of a normal distribution, determined by a key: each draw has its own stratum, and a
/// position in it.
struct Shuffle {
    private let mask: UInt32
    private let shift: UInt32
    /// The number of parts of a stratum, as a power of two.
    private let width: UInt32
    /// The addends and factors of each round.
    private let sums: (UInt32, UInt32, UInt32)
    private let factors: (UInt32, UInt32, UInt32)

    /// - Parameter count: a power of two, at most `NormalTable.count`.
    init(_ key: UInt64, _ count: Int) {
        mask = UInt32(truncatingIfNeeded: count &- 1)
        width = UInt32(truncatingIfNeeded: (NormalTable.count / count).trailingZeroBitCount)
        shift = UInt32(truncatingIfNeeded: (count.trailingZeroBitCount &+ 1) / 2)
        var state = key
        func next() -> (UInt32, UInt32) {
            // Splitmix64 (Steele et al., "Fast splittable pseudorandom number generators", 2014).
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = (state ^ state &>> 30) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ mixed &>> 27) &* 0x94d0_49bb_1331_11eb
            mixed ^= mixed &>> 31
            return (UInt32(truncatingIfNeeded: mixed), UInt32(truncatingIfNeeded: mixed &>> 32) | 1)
        }
        let (first, second, third) = (next(), next(), next())
        sums = (first.0, second.0, third.0)
        factors = (first.1, second.1, third.1)
    }

    /// Each step is invertible, so no two draws have the same stratum.
    @inline(__always)
    func part(_ draw: Int) -> Int {
        var x = (UInt32(truncatingIfNeeded: draw) &+ sums.0) & mask
        x = x &* factors.0 & mask
        x ^= x &>> shift
        x = (x &+ sums.1) &* factors.1 & mask
        x ^= x &>> shift
        x = (x &+ sums.2) &* factors.2 & mask
        x ^= x &>> shift
        let place = (x &* 0x9e37_79b1 &+ sums.0) &>> (32 &- width)
        return Int(truncatingIfNeeded: x &<< width | (width == 0 ? 0 : place))
    }
}
