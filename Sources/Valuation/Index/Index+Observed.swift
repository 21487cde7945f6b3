// SPDX-License-Identifier: Apache-2.0
import CKernels

/// The observed counts of campaigns, and of all of them.
extension Index {
    /// Whether there are any, of any campaign or overall.
    @inline(__always)
    var hasObserved: Bool { counts.observed > 0 }

    /// The observed counts of a campaign; zeros if there are none. - Complexity: O(1).
    func observed(_ campaign: UInt64) -> Observed {
        let place = hashes.campaigns.place(of: campaign, campaignPilots)
        if !hasObserved || campaignSlots[place].key != campaign { return Observed() }
        return observedSlots[place]
    }

    /// The share of clicks among all impressions, and of conversions among all clicks: those of the release, or the
    /// sums over the campaigns; 0 where unknown.
    var overall: Priors {
        if !hasObserved { return Priors() }
        let all = observedSlots[hashes.campaigns.slotCount]
        return Priors(
            click: all.impressions > 0 ? Double(all.clicks) / Double(all.impressions) : 0,
            conversion: all.clicks > 0 ? Double(all.conversions) / Double(all.clicks) : 0)
    }
}
