// SPDX-License-Identifier: Apache-2.0

/// An ad as the tables and bars show it: what the library answered and what the request said.
struct RankedAd {
    /// The position in the answer, from 0.
    let index: Int
    let value: AdValue
    /// "CPC"; "–" if the request has none.
    let pricing: String
    let bid: Double?

    /// "–" if the request has none.
    var name: String { value.ad?.text ?? NumberText.absent }
    var campaign: String { value.campaign?.text ?? NumberText.absent }
    /// Money per thousand impressions.
    var eCPM: Double { value.expectedRevenue * 1000 }

    /// The ads of an answer, the most valuable first; of two equal ones the earlier.
    ///
    /// - Parameter answer: of all ads in their order: see `RequestText.memberForAllAds`.
    static func ranked(_ answer: RequestAnswer, of request: RequestText) -> [RankedAd] {
        let ads = answer.values.enumerated().map { index, value in
            let candidate = request.candidates.indices.contains(index) ? request.candidates[index] : nil
            return RankedAd(
                index: index, value: value, pricing: candidate?.pricing?.uppercased() ?? NumberText.absent,
                bid: candidate?.bid)
        }
        return ads.sorted { left, right in
            (right.value.expectedRevenue, left.index) < (left.value.expectedRevenue, right.index)
        }
    }
}
