// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import CValuation

/// The explanation of one candidate's value: the terms of its logits, and what each is worth.
///
/// The sums of a model's units are exact whatever their order, so the logits are those of `Scoring` to the bit.
struct Explanation: ~Copyable {
    /// A feature or cross that some model knows.
    struct Term {
        var slot: UnsafePointer<Index.LabelSlot>
        var number: Double
        /// Position among the given features; for a cross, the first one's.
        var feature: Int
        /// Position of a cross's second feature, or -1.
        var other: Int
    }

    private(set) var terms = Buffer<Term>()
    /// A missing model has `Index.none`.
    private(set) var models = ByTarget(click: Index.none, conversion: Index.none)
    private var logits = ByTarget(click: 0.0, conversion: 0.0)
    private var candidate = valuation_candidate()

    /// Finds the terms of a candidate. - Parameter features: the request's, then the ad's. - Complexity: as `find`.
    mutating func explain(
        _ candidate: valuation_candidate, features: borrowing Buffer<valuation_feature>, index: borrowing Index
    ) throws(Failure) {
        self.candidate = candidate
        try find(features, index)
        let campaign = index.campaign(candidate.campaign)
        models.click = index.model(.click, campaign.pointee.click_model)
        models.conversion =
            candidate.needs(.conversion) ? index.model(.conversion, campaign.pointee.conversion_model) : Index.none
        for target in Target.allCases {
            logits[target] = models[target] == Index.none ? .nan : sum(models[target], index)
        }
    }

    /// Finds the terms that any model knows.
    ///
    /// - Complexity: O(features²) probes if models have crosses, otherwise O(features).
    mutating func find(_ features: borrowing Buffer<valuation_feature>, _ index: borrowing Index) throws(Failure) {
        terms.removeAll()
        for position in 0..<features.count {
            let feature = features[position]
            guard let slot = index.label(feature.key), !slot.pointee.isCross,
                !slot.pointee.isNumber || feature.number.isFinite
            else { continue }
            try terms.append(Term(slot: slot, number: feature.number, feature: position, other: -1))
        }
        let singles = terms.count
        for position in 0..<singles {
            for next in (position + 1)..<max(position + 1, singles) {
                let (first, second) = (terms[position], terms[next])
                guard let slot = index.cross(first.slot, second.slot) else { continue }
                try terms.append(Term(slot: slot, number: 1, feature: first.feature, other: second.feature))
            }
        }
    }

    var campaign: UInt64 { candidate.campaign }

    func model(_ target: Target) -> UInt32? {
        models[target] == Index.none ? nil : models[target]
    }

    /// Moves the logit of a target by the draw.
    mutating func move(_ target: Target, by drawn: Double) {
        logits[target] += drawn
    }

    /// Clamped to ±`Sigmoid.bound`, as in scoring.
    func logit(_ target: Target) -> Double {
        cut(logits[target])
    }

    /// How much less the ad would be worth if `logit` were missing from a target's sum.
    func expectedRevenue(of logit: Double, _ target: Target) -> Double {
        if !candidate.hasValidBid || candidate.needs(.conversion) && models.conversion == Index.none { return 0 }
        var without = logits
        without[target] -= logit
        let difference = revenue(logits) - revenue(without)
        return difference.isFinite ? difference : 0
    }

    private func revenue(_ logits: ByTarget<Double>) -> Double {
        candidate.expectedRevenue(
            pctr: 1 / (1 + exp(-cut(logits.click))), pcvr: 1 / (1 + exp(-cut(logits.conversion))))
    }

    private func cut(_ logit: Double) -> Double {
        max(-Sigmoid.bound, min(Sigmoid.bound, logit))
    }

    /// The logit of a model, not clamped.
    func sum(_ model: UInt32, _ index: borrowing Index) -> Double {
        let (target, own) = index.local(model)
        var logit = index.scales[target][own].constant
        var current = UInt32(own)
        repeat {
            var units: Int64 = 0
            for position in 0..<terms.count {
                let term = terms[position]
                units &+= index.contribution(of: term.slot, number: term.number, to: Int(current), target)
            }
            logit += index.scales[target][Int(current)].unit * Double(units)
            current = index.parameters[target][Int(current)].base
        } while current != Index.none
        return logit
    }
}
