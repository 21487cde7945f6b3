// SPDX-License-Identifier: Apache-2.0

/// Documents of format `valuation-campaign/1`.
extension ModelDecoder {
    mutating func decodeCampaign(_ root: KnownMembers, _ problems: inout Problems) throws(Failure) {
        if let name = try name(root, "campaign", &problems) {
            if name == Text("*") {
                try problems.report(
                    .invalidValue, at: "campaign",
                    "\"*\" stands for all other campaigns, of which nothing is counted; name one.")
            } else {
                try campaign.campaign.append(name)
            }
        }
        if let advertiser = try optionalName(root, "advertiser", &problems) {
            try campaign.advertiser.append(advertiser)
        }
        if let base = try optionalName(root, "extends", &problems) { try campaign.base.append(base) }
        let impressions = try problems.number(root, "impressions", to: ModelDecoder.maximumCount, orNull: true)
        let clicks = try problems.number(root, "clicks", to: ModelDecoder.maximumCount, orNull: true)
        let conversions = try problems.number(root, "conversions", to: ModelDecoder.maximumCount, orNull: true)
        (campaign.impressions, campaign.clicks) = (impressions ?? 0, clicks ?? 0)
        campaign.conversions = conversions ?? 0
        // A count that was refused is not compared with the others.
        let hasClicks = isSound(root, "clicks", clicks)
        if hasClicks && isSound(root, "impressions", impressions) && campaign.clicks > campaign.impressions {
            try problems.report(
                .invalidValue, at: "clicks",
                "There are more clicks than impressions; count both over the same time.")
        }
        if hasClicks && campaign.conversions > campaign.clicks {
            try problems.report(
                .invalidValue, at: "conversions",
                "There are more conversions than clicks; count the clicks that converted.")
        }
    }

    private func isSound(_ root: KnownMembers, _ name: StaticString, _ number: Double?) -> Bool {
        guard let member = root.member(name) else { return true }
        return number != nil || member.isNull
    }
}
