// SPDX-License-Identifier: Apache-2.0

/// A campaign's facts besides its models. Writes itself as a document.
struct CampaignEntry {
    var campaign = "3001"
    var advertiser: String?
    var extends: String?
    var impressions = 0.0
    var clicks = 0.0
    var conversions = 0.0

    var members: Members {
        var members: Members = [
            "format": quoted("valuation-campaign/1"), "campaign": quoted(campaign), "impressions": "\(impressions)",
            "clicks": "\(clicks)", "conversions": "\(conversions)",
        ]
        if let advertiser { members = members.with("advertiser", quoted(advertiser)) }
        if let extends { members = members.with("extends", quoted(extends)) }
        return members
    }

    /// On one line.
    var json: String { members.json }
}
