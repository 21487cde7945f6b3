// SPDX-License-Identifier: Apache-2.0
import CKernels

/// The conditions for a newcomer: all that are given must hold, according to LATEST. For a campaign that LATEST does
/// not know, all hold.
struct Newcomers {
    /// It has no model of its own for this target.
    var withoutModel: Target?
    /// Fewer were counted than this: in the campaign's document, or else in its models' training.
    var impressions = Double.infinity
    var clicks = Double.infinity

    var saysNothing: Bool { withoutModel == nil && impressions == .infinity && clicks == .infinity }

    /// Whether every newcomer by this condition is one by another.
    func implies(_ other: Newcomers) -> Bool {
        (other.withoutModel == nil || withoutModel == other.withoutModel) && impressions <= other.impressions
            && clicks <= other.clicks
    }

    fileprivate func holds(_ campaign: UInt64, _ index: borrowing Index) -> Bool {
        let observed = index.observed(campaign)
        let isNew = Double(observed.impressions) < impressions && Double(observed.clicks) < clicks
        return isNew && withoutModel.map { !index.hasOwnModel(campaign, $0) } ?? isNew
    }
}

extension PolicyDocument {
    /// The conditions that hold for a campaign, as bits. - Complexity: O(conditions), of which there are eight at most.
    func newcomers(_ campaign: UInt64, _ index: borrowing Index) -> UInt8 {
        var bits: UInt8 = 0
        for number in 0..<newcomers.count where newcomers[number].holds(campaign, index) { bits |= 1 &<< UInt8(number) }
        return bits
    }

    /// The bits of an unknown campaign.
    var allNewcomers: UInt8 { UInt8(truncatingIfNeeded: 1 &<< newcomers.count &- 1) }

    /// The bit of a condition, which is added if it is new; nil if there are too many.
    mutating func newcomersBit(_ condition: Newcomers) throws(Failure) -> UInt8? {
        var number = 0
        while number < newcomers.count
            && !(newcomers[number].implies(condition) && condition.implies(newcomers[number]))
        {
            number += 1
        }
        if number == PolicyDocument.maximumNewcomers { return nil }
        if number == newcomers.count { try newcomers.append(condition) }
        return 1 &<< UInt8(number)
    }

    /// The condition of a scope's bit; for 0, one without any requirement.
    func condition(_ scope: Scope) -> Newcomers {
        scope.newcomers == 0 ? Newcomers() : newcomers[scope.newcomers.trailingZeroBitCount]
    }
}

extension Index {
    /// Whether a campaign has a model of its own. - Complexity: O(1).
    fileprivate func hasOwnModel(_ campaign: UInt64, _ target: Target) -> Bool {
        let slot = self.campaign(campaign)
        let flags = ByTarget(click: slot.pointee.flags, conversion: slot.pointee.conversion_flags)
        // Besides that of an unknown campaign, the flags name the other model that stands in for its own.
        return Flags(rawValue: flags[target]).subtracting(.unknownCampaign).isEmpty
    }
}
