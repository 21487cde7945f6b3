// SPDX-License-Identifier: Apache-2.0

/// An ad as the tables and bars show it: what the library answered and what the request said.
struct RankedAd {
    /// The position in the answer, from 0.
    let index: Int
    let value: AdValue
    /// "CPC"; "–" where the request has none.
    let pricing: String
    let bid: Double?

    /// "–" where the request has none.
    var name: String { value.ad?.text ?? NumberText.absent }
    var campaign: String { value.campaign?.text ?? NumberText.absent }
    /// Money per thousand impressions.
    var eCPM: Double { value.expectedRevenue * 1000 }

    /// The ads of an answer, the most valuable first; of two equal ones the earlier.
    static func ranked(_ answer: RequestAnswer, of request: RequestText) -> [RankedAd] {
        // Without "top" the answer has the order of the request; with it an ad is known by what is said of it.
        var unused = request.hasTop ? Dictionary(grouping: request.candidates, by: \.name) : [:]
        let ads = answer.values.enumerated().map { index, value in
            var candidate: RequestText.Candidate?
            if request.hasTop {
                let position = unused[value.name]?.firstIndex { $0.isBehind(value) }
                candidate = position.flatMap { unused[value.name]?.remove(at: $0) }
            } else if request.candidates.indices.contains(index) {
                candidate = request.candidates[index]
            }
            return RankedAd(
                index: index, value: value, pricing: candidate?.pricing?.uppercased() ?? NumberText.absent,
                bid: candidate?.bid)
        }
        return ads.sorted { left, right in
            (right.value.expectedRevenue, left.index) < (left.value.expectedRevenue, right.index)
        }
    }
}

extension AdValue {
    fileprivate var name: [String?] { [ad?.text, campaign?.text] }
}

extension RequestText.Candidate {
    fileprivate var name: [String?] { [ad?.text, campaign?.text] }

    /// Whether the library answered this candidate with that value of the same name: several ads may have one name, but
    /// their values differ with the bid.
    fileprivate func isBehind(_ value: AdValue) -> Bool {
        let revenue =
            switch pricing {
            case "cpm": (bid ?? 0) / 1000
            case "cpc": (bid ?? 0) * (value.pctr ?? 0)
            default: (bid ?? 0) * (value.pctr ?? 0) * (value.pcvr ?? 0)
            }
        return value.expectedRevenue == 0 || abs(revenue - value.expectedRevenue) <= 1e-6 * value.expectedRevenue
    }
}
