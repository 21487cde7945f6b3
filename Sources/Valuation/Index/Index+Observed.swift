// SPDX-License-Identifier: Apache-2.0
import CKernels

/// What was observed of campaigns, and over all of them.
extension Index {
    /// Whether anything was, of any campaign or overall.
    @inline(__always)
    var hasObserved: Bool { counts.observed > 0 }

    /// What was observed of a campaign; all zeros where nothing was. - Complexity: O(1).
    func observed(_ campaign: UInt64) -> Observed {
        let place = hashes.campaigns.place(of: campaign, campaignPilots)
        if !hasObserved || campaignSlots[place].key != campaign { return Observed() }
        return observedSlots[place]
    }

    /// Of all impressions the share of clicks, and of all clicks that of conversions: what the release says, or the sums over the
    /// campaigns; 0 where unknown.
    var overall: (click: Double, conversion: Double) {
        if !hasObserved { return (0, 0) }
        let all = observedSlots[hashes.campaigns.slotCount]
        return (
            all.impressions > 0 ? Double(all.clicks) / Double(all.impressions) : 0,
            all.clicks > 0 ? Double(all.conversions) / Double(all.clicks) : 0
        )
    }
}
