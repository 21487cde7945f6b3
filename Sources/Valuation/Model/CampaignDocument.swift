// SPDX-License-Identifier: Apache-2.0

/// A decoded document of format `valuation-campaign/1`: what is known of a campaign beside its models.
///
/// One value is reused for document after document, as `Model` is.
struct CampaignDocument: ~Copyable {
    static let format: StaticString = "valuation-campaign/1"

    var campaign = Buffer<UInt8>()
    /// Empty where the document does not say whose campaign it is.
    var advertiser = Buffer<UInt8>()
    /// Whose models value the campaign while it has none of its own; empty for nobody's.
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
