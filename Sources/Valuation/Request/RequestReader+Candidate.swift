// SPDX-License-Identifier: Apache-2.0

/// The members of a candidate in a request, and the parts of its text that are kept.
extension RequestReader {
    /// The members of a candidate that the answer repeats: raw JSON, empty if missing.
    struct Echo {
        var ad: Text
        var campaign: Text
        /// The flags of the candidate's text.
        var flags: Flags
        /// Why it is not a valid candidate, or nil.
        var problem: Problem?
        /// The index in `ads` of its first feature.
        var featuresStart: Int
    }

    /// Why this element is not a valid candidate.
    enum Problem: UInt8, CaseIterable {
        case noObject, noCampaign, noPricing, noBid, wrongFeatures

        var text: StaticString {
            switch self {
            case .noObject: "a candidate is an object"
            case .noCampaign: "campaign is missing, or neither a string nor a number"
            case .noPricing: Pricing.missing
            case .noBid: "bid is missing, or not a number"
            case .wrongFeatures: "features is not an object"
            }
        }
    }

    /// The members of a candidate.
    enum Member: UInt8 {
        case ad, campaign, pricing, bid, features, other
        /// The end of the object.
        case end

        init(_ name: Text) {
            if name == Text("ad") {
                self = .ad
            } else if name == Text("campaign") {
                self = .campaign
            } else if name == Text("pricing") {
                self = .pricing
            } else if name == Text("bid") {
                self = .bid
            } else if name == Text("features") {
                self = .features
            } else {
                self = .other
            }
        }
    }
}
