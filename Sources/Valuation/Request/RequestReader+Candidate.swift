// SPDX-License-Identifier: Apache-2.0

/// What a candidate consists of in a request, and what is kept of its text.
extension RequestReader {
    /// What the answer repeats of a candidate: raw JSON, empty where it is missing.
    struct Echo {
        var ad: Text
        var campaign: Text
        /// What was wrong or unusual in the text of the candidate.
        var flags: Flags
        /// Why it is no candidate, where it is none.
        var problem: Problem?
        /// Where its features begin in `ads`.
        var featuresStart: Int
    }

    /// Why a candidate is none.
    enum Problem: UInt8, CaseIterable {
        case noObject, noCampaign, noPricing, noBid, wrongFeatures

        var text: StaticString {
            switch self {
            case .noObject: "a candidate is an object"
            case .noCampaign: "campaign is missing, or neither a string nor a number"
            case .noPricing: "pricing is missing, or none of cpm, cpc and cpa in lower case"
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
