// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation

/// Writes the parts of a request or an ad that do not count: the fields and values behind the flags of its features.
struct IgnoredAnswer: ~Copyable {
    /// The largest number of different names whose neighbours are tried, for each request and its ads.
    private static let maximumSought = 32

    /// An unknown name, and the one that it probably means: a part of `names`, empty if there is none.
    private struct Sought {
        var field: Text
        var intended: valuation_name
    }

    private let scorer: UnsafeMutablePointer<Scorer>
    private let snapshot: UnsafeMutablePointer<Snapshot>
    private var near = NearField()
    private var sought = Buffer<Sought>()
    private var names = TextStore()

    init(_ scorer: UnsafeMutablePointer<Scorer>, _ snapshot: UnsafeMutablePointer<Snapshot>) {
        (self.scorer, self.snapshot) = (scorer, snapshot)
    }

    /// The field that a misspelt one probably means; empty if there is none, or if too many names have been tried.
    private mutating func intended(_ field: Text) throws(Failure) -> Text {
        for position in 0..<sought.count where sought[position].field == field {
            return names[sought[position].intended]
        }
        if sought.count == IgnoredAnswer.maximumSought { return .empty }
        let found = try near.find(field, in: snapshot.pointee.index, PolicyFields(snapshot))
        let intended = try names.keep(found ?? .empty)
        try sought.append(Sought(field: field, intended: intended))
        return names[intended]
    }

    /// The start of a candidate's slips among those of the ads, which are in the order of the candidates. - Complexity:
    /// O(log slips).
    private func start(of candidate: Int) -> Int {
        var (low, high) = (0, scorer.pointee.requests.ads.slips.count)
        while low < high {
            let middle = (low &+ high) / 2
            if scorer.pointee.requests.ads.slips[middle].candidate < candidate {
                low = middle &+ 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// Writes the member `ignored` of a candidate's value.
    ///
    /// - Parameters:
    ///   - features: the request's, then the candidate's; none if no single release values it.
    ///   - index: of the release that values it.
    /// - Complexity: O(features + its and the request's fields that do not count), and the cost of `NearField` for each
    ///   name that is tried.
    mutating func write(
        candidate: Int, _ features: borrowing Buffer<valuation_feature>, _ index: borrowing Index
    ) throws(Failure) {
        try scorer.pointee.output.member("ignored", begin: "[")
        for position in 0..<scorer.pointee.requests.request.slips.count {
            try write(scorer.pointee.requests.request.slips[position], isAds: false)
        }
        var position = start(of: candidate)
        while position < scorer.pointee.requests.ads.slips.count {
            let slip = scorer.pointee.requests.ads.slips[position]
            if slip.candidate != candidate { break }
            try write(slip, isAds: true)
            position &+= 1
        }
        let requestCount = scorer.pointee.requests.request.features.count
        let adStart = scorer.pointee.requests.echoes[candidate].featuresStart
        for position in 0..<features.count {
            if let slot = index.label(features[position].key), !slot.pointee.isCross { continue }
            let isAds = position >= requestCount
            let source =
                isAds
                ? scorer.pointee.requests.ads.sources[position &- requestCount &+ adStart]
                : scorer.pointee.requests.request.sources[position]
            try begin("unknown_feature", isAds: isAds, source.field)
            try scorer.pointee.output.member("value", escaped: source.value)
            try scorer.pointee.output.endObject()
        }
        try scorer.pointee.output.endArray()
    }

    /// Writes a field that does not count, once for each reason.
    private mutating func write(_ slip: FeatureReader.Slip, isAds: Bool) throws(Failure) {
        var flags = slip.flags.rawValue
        while flags != 0 {
            try begin(Flags.name(ofBit: flags.trailingZeroBitCount) ?? "", isAds: isAds, slip.field)
            flags &= flags &- 1
            if flags != 0 { try scorer.pointee.output.endObject() }
        }
        let intended = slip.flags.contains(.unknownField) ? try intended(slip.field) : .empty
        if intended.count > 0 {
            try scorer.pointee.output.member("did_you_mean", escaped: intended)
        }
        try scorer.pointee.output.endObject()
    }

    /// Begins the object of a field, up to its name.
    @inline(never)
    private mutating func begin(_ reason: StaticString, isAds: Bool, _ field: Text) throws(Failure) {
        try scorer.pointee.output.beginObject()
        try scorer.pointee.output.member("reason", literal: reason)
        try scorer.pointee.output.member("from", literal: isAds ? "ad" : "request")
        try scorer.pointee.output.member("field", escaped: field)
    }
}
