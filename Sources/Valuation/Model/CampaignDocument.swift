// SPDX-License-Identifier: Apache-2.0

/// A decoded document of format `valuation-campaign/1`: what is known of a campaign besides its models.
///
/// One value is reused for all documents, like `Model`.
struct CampaignDocument: ~Copyable {
    static let format: StaticString = "valuation-campaign/1"

    var campaign = Buffer<UInt8>()
    /// Empty if the document does not name the advertiser.
    var advertiser = Buffer<UInt8>()
    /// The campaign whose models value this one while it has none of its own; empty if there is none.
    var base = Buffer<UInt8>()
    var impressions = 0.0
    var clicks = 0.0
    var conversions = 0.0

    mutating func removeAll() {
        campaign.removeAll()
        advertiser.removeAll()
        base.removeAll()
        (impressions, clicks, conversions) = (0, 0, 0)
    }
}
