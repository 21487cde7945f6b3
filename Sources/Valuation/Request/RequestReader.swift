// SPDX-License-Identifier: Apache-2.0
import CValuation

/// Reads a JSON request into the structs of valuation.h. One value is reused for request after request.
///
/// - Complexity: O(bytes) expected; allocates only while its buffers grow.
struct RequestReader: ~Copyable {
    static let maximumCandidates = 1_000_000

    /// What the answer repeats of a candidate: raw JSON, empty where it is missing.
    struct Echo {
        var ad: Text
        var campaign: Text
        /// What was wrong or unusual in the text of the candidate.
        var flags: Flags
        /// Why it is no candidate, where it is none.
        var problem: StaticString = ""
        /// Where its features begin in `ads`.
        var featuresStart: Int
    }

    /// The request's features and, end to end, the candidates'.
    private(set) var request = FeatureReader()
    private(set) var ads = FeatureReader()
    private(set) var candidates = Buffer<valuation_candidate>()
    private(set) var echoes = Buffer<Echo>()
    /// Raw JSON of the member `id`, or empty.
    private(set) var id = Text.empty
    /// How many of the best to give, or nil for all in the order of the candidates.
    private(set) var top: Int?
    private(set) var timeBudget: UInt64 = 0
    private var campaign = Buffer<UInt8>()

    /// Reads a request. What it hands out is valid until the next call and while the text lives.
    mutating func read(_ text: Text, index: borrowing Index) throws(Failure) {
        removeAll()
        var cursor = JSONCursor(text)
        guard cursor.kind() == .object else {
            throw cursor.unexpected("Expected \"{\" here: a request is a JSON object.")
        }
        var hasCandidates = false
        var name = Buffer<UInt8>()
        if cursor.enter(closing: UInt8(ascii: "}")) {
            repeat {
                let rawMember = try cursor.memberName()
                let member = try rawMember.decoded(into: &name)
                let kind = cursor.kind()
                // Of members with the same name the last one counts; null is as good as absent.
                if kind == .literal, try cursor.skipValue() == Text("null") {
                    forget(member)
                    if member == Text("candidates") { hasCandidates = false }
                } else if member == Text("candidates") {
                    guard kind == .array else {
                        throw invalid(cursor, "$.candidates", "It must be an array of candidates.")
                    }
                    hasCandidates = true
                    try readCandidates(&cursor, index: index)
                } else {
                    try readMember(&cursor, member, kind, index: index)
                }
            } while try cursor.nextElement(closing: UInt8(ascii: "}"))
        }
        try cursor.expectEnd()
        guard hasCandidates else { throw invalid(cursor, "$.candidates", "The array \"candidates\" is missing.") }
        connectFeatures()
    }

    /// Reads any member but the candidates.
    private mutating func readMember(
        _ cursor: inout JSONCursor, _ member: Text, _ kind: JSONCursor.Kind, index: borrowing Index
    ) throws(Failure) {
        if member == Text("features") {
            guard kind == .object else {
                throw invalid(cursor, "$.features", "It must be an object of fields and values.")
            }
            request.removeAll()
            try request.read(&cursor, index: index)
        } else if member == Text("id") {
            guard kind == .string || kind == .number else { throw invalid(cursor, "$.id", "It must be a string.") }
            id = try cursor.skipValue()
        } else if member == Text("top") {
            top = Int(try whole(&cursor, kind, "$.top", largest: 1e9))
        } else if member == Text("budget_us") {
            timeBudget = try whole(&cursor, kind, "$.budget_us", largest: 1e12) &* 1000
        } else if kind != .literal {
            _ = try cursor.skipValue()
        }
    }

    /// Takes back what an earlier member of this name said.
    private mutating func forget(_ member: Text) {
        if member == Text("features") { request.removeAll() }
        if member == Text("candidates") { removeCandidates() }
        if member == Text("id") { id = .empty }
        if member == Text("top") { top = nil }
        if member == Text("budget_us") { timeBudget = 0 }
    }

    private mutating func removeAll() {
        request.removeAll()
        removeCandidates()
        id = .empty
        top = nil
        timeBudget = 0
    }

    private mutating func removeCandidates() {
        ads.removeAll()
        candidates.removeAll()
        echoes.removeAll()
    }

    private func invalid(_ cursor: JSONCursor, _ jsonPath: StaticString, _ message: StaticString) -> Failure {
        var failure = cursor.failure(.invalidValue, message)
        failure.jsonPath = jsonPath
        return failure
    }

    private func whole(
        _ cursor: inout JSONCursor, _ kind: JSONCursor.Kind, _ jsonPath: StaticString, largest: Double
    ) throws(Failure) -> UInt64 {
        let before = cursor
        guard kind == .number else { throw invalid(before, jsonPath, "It must be a whole number, not negative.") }
        let number = try cursor.number().value
        guard number >= 0, number <= largest, number.rounded(.towardZero) == number else {
            throw invalid(before, jsonPath, "It must be a whole number, not negative and not too large.")
        }
        return UInt64(number)
    }

    private mutating func readCandidates(_ cursor: inout JSONCursor, index: borrowing Index) throws(Failure) {
        removeCandidates()
        guard cursor.enter(closing: UInt8(ascii: "]")) else { return }
        repeat {
            if candidates.count == RequestReader.maximumCandidates {
                throw cursor.failure(.limitExceeded, "More than 1,000,000 candidates in one request.")
            }
            try readCandidate(&cursor, index: index)
        } while try cursor.nextElement(closing: UInt8(ascii: "]"))
    }

    /// Reads one candidate; whatever is wrong with it becomes a flag.
    private mutating func readCandidate(_ cursor: inout JSONCursor, index: borrowing Index) throws(Failure) {
        let start = ads.features.count
        var echo = Echo(ad: .empty, campaign: .empty, flags: [], featuresStart: start)
        var candidate = valuation_candidate()
        var hasBid = false
        var isMalformed = false
        let isObject = cursor.kind() == .object
        if isObject {
            var name = Buffer<UInt8>()
            if cursor.enter(closing: UInt8(ascii: "}")) {
                repeat {
                    let rawMember = try cursor.memberName()
                    let member = try rawMember.decoded(into: &name)
                    let kind = cursor.kind()
                    if member == Text("campaign") {
                        echo.campaign = try readCampaign(&cursor, kind, &candidate)
                    } else if member == Text("ad") {
                        let raw = try cursor.skipValue()
                        echo.ad = kind == .string || kind == .number ? raw : .empty
                    } else if member == Text("bid") {
                        hasBid = kind == .number
                        if hasBid { candidate.bid = try cursor.number().value } else { _ = try cursor.skipValue() }
                    } else if member == Text("pricing") {
                        candidate.pricing = try readPricing(&cursor, kind)
                    } else if member == Text("features") {
                        ads.truncate(start)
                        ads.flags = []
                        echo.flags = []
                        isMalformed = false
                        if kind == .object {
                            try ads.read(&cursor, index: index)
                            echo.flags = ads.flags
                        } else {
                            isMalformed = try cursor.skipValue() != Text("null")
                        }
                    } else {
                        _ = try cursor.skipValue()
                    }
                } while try cursor.nextElement(closing: UInt8(ascii: "}"))
            }
        } else {
            _ = try cursor.skipValue()
        }
        candidate.feature_count = UInt32(ads.features.count &- start)
        echo.problem = problem(
            isObject: isObject, hasCampaign: echo.campaign.count > 0, pricing: candidate.pricing, hasBid: hasBid,
            hasSoundFeatures: !isMalformed)
        if echo.problem.utf8CodeUnitCount > 0 {
            echo.flags.insert(.invalidCandidate)
            candidate.pricing = 0
        }
        try candidates.append(candidate)
        try echoes.append(echo)
    }

    /// What makes a candidate none, or the empty text.
    private func problem(
        isObject: Bool, hasCampaign: Bool, pricing: valuation_pricing, hasBid: Bool, hasSoundFeatures: Bool
    ) -> StaticString {
        if !isObject { return "a candidate is an object" }
        if !hasCampaign { return "campaign is missing, or neither a string nor a number" }
        if pricing == 0 { return "pricing is missing, or none of cpm, cpc and cpa in lower case" }
        if !hasBid { return "bid is missing, or not a number" }
        return hasSoundFeatures ? "" : "features is not an object"
    }

    private mutating func readCampaign(
        _ cursor: inout JSONCursor, _ kind: JSONCursor.Kind, _ candidate: inout valuation_candidate
    ) throws(Failure) -> Text {
        let start = cursor.offset
        switch kind {
        case .string:
            candidate.campaign = Key.campaign(try cursor.string().decoded(into: &campaign))
        case .number:
            guard try cursor.number().writeCategory(to: &campaign) else { return .empty }
            candidate.campaign = Key.campaign(campaign.text)
        default:
            _ = try cursor.skipValue()
            return .empty
        }
        return cursor.text.slice(start, cursor.offset)
    }

    private func readPricing(_ cursor: inout JSONCursor, _ kind: JSONCursor.Kind) throws(Failure) -> valuation_pricing {
        guard kind == .string else {
            _ = try cursor.skipValue()
            return 0
        }
        var decoded = Buffer<UInt8>()
        let name = try cursor.string().decoded(into: &decoded)
        if name == Text("cpm") { return Pricing.cpm.rawValue }
        if name == Text("cpc") { return Pricing.cpc.rawValue }
        if name == Text("cpa") { return Pricing.cpa.rawValue }
        return 0
    }

    /// Points the candidates at their features, which lie still from now on.
    private mutating func connectFeatures() {
        for position in 0..<candidates.count where candidates[position].feature_count > 0 {
            let start = echoes[position].featuresStart
            candidates[position].features = ads.features.base.map { UnsafePointer($0 + start) }
        }
    }
}
