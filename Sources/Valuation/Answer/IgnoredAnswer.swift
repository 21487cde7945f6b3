// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation

/// Writes what of a request or an ad does not count: the fields and values behind the flags of its features.
struct IgnoredAnswer: ~Copyable {
    /// Names that are looked for by their neighbours, of each request.
    private static let maximumSought = 32

    private let scorer: UnsafeMutablePointer<Scorer>
    private let snapshot: UnsafeMutablePointer<Snapshot>
    private var isFirst = true
    private var near = NearField()
    /// Names that fields of the request, and then of the ads, may be meant for.
    private var intended = Buffer<valuation_name>()
    private var names = Buffer<UInt8>()

    /// Looks for what misspelt fields may be meant for.
    init(_ scorer: UnsafeMutablePointer<Scorer>, _ snapshot: UnsafeMutablePointer<Snapshot>) throws(Failure) {
        (self.scorer, self.snapshot) = (scorer, snapshot)
        let fields = PolicyFields(snapshot)
        for position in 0..<min(slipCount, IgnoredAnswer.maximumSought) {
            let slip = slip(position)
            let start = UInt32(names.count)
            if slip.flags.contains(.unknownField),
                let name = try near.find(slip.field, in: snapshot.pointee.index, fields)
            {
                try names.append(name)
            }
            try intended.append(valuation_name(start: start, end: UInt32(names.count)))
        }
    }

    private var requestsSlips: Int { scorer.pointee.requests.request.slips.count }
    private var slipCount: Int { requestsSlips + scorer.pointee.requests.ads.slips.count }

    private func slip(_ position: Int) -> FeatureReader.Slip {
        position < requestsSlips
            ? scorer.pointee.requests.request.slips[position]
            : scorer.pointee.requests.ads.slips[position - requestsSlips]
    }

    /// Writes the member `ignored` of a candidate's value.
    ///
    /// - Parameters:
    ///   - features: the request's, and behind them the candidate's; none where no one release values it.
    ///   - index: of the release that values it.
    /// - Complexity: O(features + fields of the ads that do not count).
    mutating func write(
        candidate: Int, _ features: borrowing Buffer<valuation_feature>, _ index: borrowing Index
    ) throws(Failure) {
        try append(",\"ignored\":[")
        isFirst = true
        for position in 0..<slipCount {
            let slip = slip(position)
            let isAds = position >= requestsSlips
            if isAds && slip.candidate != candidate { continue }
            var flags = slip.flags.rawValue
            while flags != 0 {
                try begin(flags, isAds: isAds, slip.field)
                flags &= flags &- 1
                if flags != 0 { try append("\"}") }
            }
            if position < intended.count, intended[position].end > intended[position].start {
                try append("\",\"did_you_mean\":\"")
                try scorer.pointee.output.append(
                    names.text.slice(Int(intended[position].start), Int(intended[position].end)))
            }
            try append("\"}")
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
            try begin(Flags.unknownFeature.rawValue, isAds: isAds, source.field)
            try append("\",\"value\":\"")
            try scorer.pointee.output.append(source.value)
            try append("\"}")
        }
        try append("]")
    }

    private func append(_ text: StaticString) throws(Failure) {
        try scorer.pointee.output.append(text)
    }

    /// Writes up to the end of the field's name. - Parameter flags: the lowest is the reason.
    @inline(never)
    private mutating func begin(_ flags: valuation_flags, isAds: Bool, _ field: Text) throws(Failure) {
        try append(isFirst ? "{\"reason\":\"" : ",{\"reason\":\"")
        isFirst = false
        try append(Flags.name(ofBit: flags.trailingZeroBitCount) ?? "")
        try append(isAds ? "\",\"from\":\"ad\",\"field\":\"" : "\",\"from\":\"request\",\"field\":\"")
        try scorer.pointee.output.append(field)
    }
}
