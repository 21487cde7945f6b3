// SPDX-License-Identifier: Apache-2.0
import CValuation

/// Reads a JSON request into the structs of valuation.h. One value is reused for all requests.
///
/// - Complexity: O(bytes) expected; allocates only while its buffers grow.
struct RequestReader: ~Copyable {
    static let maximumCandidates = 1_000_000

    /// The request's features and, end to end, the candidates'.
    private(set) var request = FeatureReader()
    private(set) var ads = FeatureReader()
    private(set) var candidates = Buffer<valuation_candidate>()
    private(set) var echoes = Buffer<Echo>()
    /// The number of candidates that are worth 0 because they or their bids are invalid.
    private(set) var invalidCount = 0
    /// Raw JSON of the member `id`, or empty.
    private(set) var id = Text.empty
    /// How many of the best to return, or nil for all in the order of the candidates.
    private(set) var top: Int?
    private(set) var timeBudget: UInt64 = 0
    var circumstances = Circumstances()
    /// The end of the text that contains `id` and the echoes.
    private(set) var textEnd = Text.empty.end
    private var members = MemberMemo<Member>()
    private var name = Buffer<UInt8>()
    var value = Buffer<UInt8>()

    /// Reads a request. The results are valid until the next call and while the text lives.
    ///
    /// - Parameters:
    ///   - policyFields: fields in addition to those of the index.
    ///   - keepingSources: whether to keep the positions of features in the text, for explanations.
    ///   - needsCandidates: whether a request without candidates is refused.
    mutating func read(
        _ text: Text, index: borrowing Index, policyFields: PolicyFields? = nil, keepingSources: Bool,
        needsCandidates: Bool = true
    ) throws(Failure) {
        removeAll()
        textEnd = text.end
        (request.policyFields, ads.policyFields) = (policyFields, policyFields)
        request.keepsSources = keepingSources
        ads.keepsSources = keepingSources
        var cursor = JSONCursor(text)
        try cursor.refuseByteOrderMark()
        guard cursor.kind() == .object else {
            throw cursor.unexpected("Expected \"{\" here: a request is a JSON object.")
        }
        var hasCandidates = false
        if cursor.enter(closing: UInt8(ascii: "}")) {
            repeat {
                let rawMember = try cursor.memberName()
                let member = try rawMember.decoded(into: &name)
                let kind = cursor.kind()
                // Of members with the same name the last one counts; null counts as absent.
                if kind == .literal, cursor.isNull, try cursor.skipValue() == Text("null") {
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
        guard hasCandidates || !needsCandidates else {
            throw invalid(cursor, "$.candidates", "The array \"candidates\" is missing.")
        }
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
        } else if member == Text("unit") {
            try readUnits(&cursor, kind)
        } else if member == Text("time") {
            try readTime(&cursor, kind)
        } else {
            _ = try cursor.skipValue()
        }
    }

    /// Reverts the effects of an earlier member with this name.
    private mutating func forget(_ member: Text) {
        if member == Text("features") { request.removeAll() }
        if member == Text("candidates") { removeCandidates() }
        if member == Text("id") { id = .empty }
        if member == Text("top") { top = nil }
        if member == Text("budget_us") { timeBudget = 0 }
        if member == Text("unit") { circumstances.removeUnits() }
        if member == Text("time") { circumstances.removeTime() }
    }

    private mutating func removeAll() {
        request.removeAll()
        removeCandidates()
        id = .empty
        top = nil
        timeBudget = 0
        circumstances.removeAll()
    }

    private mutating func removeCandidates() {
        ads.removeAll()
        candidates.removeAll()
        echoes.removeAll()
        invalidCount = 0
        members.removeAll()
    }

    func invalid(_ cursor: JSONCursor, _ jsonPath: StaticString, _ message: StaticString) -> Failure {
        var failure = cursor.failure(.invalidValue, message)
        failure.setJSONPath(jsonPath)
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

    @_optimize(speed)
    private mutating func readCandidates(_ callersCursor: inout JSONCursor, index: borrowing Index) throws(Failure) {
        var cursor = callersCursor
        removeCandidates()
        if cursor.enter(closing: UInt8(ascii: "]")) {
            repeat {
                if candidates.count == RequestReader.maximumCandidates {
                    throw cursor.failure(.limitExceeded, "More than 1,000,000 candidates in one request.")
                }
                try readCandidate(&cursor, index: index)
            } while try cursor.nextElement(closing: UInt8(ascii: "]"))
        }
        callersCursor.moveTo(cursor.offset)
    }

    /// Reads one candidate; any problem with it becomes a flag.
    @inline(always)
    private mutating func readCandidate(_ cursor: inout JSONCursor, index: borrowing Index) throws(Failure) {
        let start = ads.features.count
        try candidates.reserve(candidates.count &+ 1)
        try echoes.reserve(echoes.count &+ 1)
        // Both are counted once they are complete.
        let candidate = candidates.spare
        let echo = echoes.spare
        candidate.initialize(to: valuation_candidate())
        echo.initialize(to: Echo(ad: .empty, campaign: .empty, flags: Flags(), problem: nil, featuresStart: start))
        var hasBid = false
        var hasSoundFeatures = true
        let isObject = cursor.nextByte() == UInt8(ascii: "{")
        if isObject {
            var member = try firstMember(&cursor)
            while member != .end {
                let first = cursor.nextByte()
                switch member {
                case .ad:
                    let isSound = first == UInt8(ascii: "\"") || JSONCursor.isNumber(first)
                    let raw = try cursor.skipValue()
                    echo.pointee.ad = isSound ? raw : .empty
                case .campaign:
                    echo.pointee.campaign = try readCampaign(&cursor, first, candidate, index: index)
                case .pricing:
                    candidate.pointee.pricing = try readPricing(&cursor, first)
                case .bid:
                    hasBid = JSONCursor.isNumber(first)
                    if hasBid { candidate.pointee.bid = try cursor.number().value } else { _ = try cursor.skipValue() }
                case .features:
                    ads.begin(candidate: candidates.count, at: start)
                    hasSoundFeatures = true
                    if first == UInt8(ascii: "{") {
                        var ahead = cursor
                        try ads.read(&ahead, index: index)
                        cursor.moveTo(ahead.offset)
                    } else {
                        hasSoundFeatures = try cursor.skipValue() == Text("null")
                    }
                    echo.pointee.flags = ads.flags
                case .other, .end:
                    _ = try cursor.skipValue()
                }
                member = try nextMember(&cursor)
            }
        } else {
            _ = try cursor.skipValue()
        }
        candidate.pointee.feature_count = UInt32(truncatingIfNeeded: ads.features.count &- start)
        let hasCampaign = echo.pointee.campaign.count > 0
        if !(isObject && hasCampaign && candidate.pointee.pricing != 0 && hasBid && hasSoundFeatures) {
            echo.pointee.problem = firstProblem(
                isObject: isObject, hasCampaign: hasCampaign, hasPricing: candidate.pointee.pricing != 0, hasBid: hasBid
            )
            echo.pointee.flags.insert(.invalidCandidate)
            candidate.pointee.pricing = 0
            invalidCount &+= 1
        } else if !(candidate.pointee.bid >= 0 && candidate.pointee.bid.isFinite) {
            invalidCount &+= 1
        }
        candidates.appendWritten(1)
        echoes.appendWritten(1)
    }

    /// The first reason why an element is not a valid candidate.
    private func firstProblem(isObject: Bool, hasCampaign: Bool, hasPricing: Bool, hasBid: Bool) -> Problem {
        if !isObject { return .noObject }
        if !hasCampaign { return .noCampaign }
        if !hasPricing { return .noPricing }
        return hasBid ? .wrongFeatures : .noBid
    }

    /// Goes from a candidate's "{" to its first value.
    @inline(always)
    private mutating func firstMember(_ cursor: inout JSONCursor) throws(Failure) -> Member {
        if let known = members.takeFirst(&cursor) { return known.pointee }
        return try findMember(&cursor, isFirst: true)
    }

    /// Goes from the end of a value to the next one.
    @inline(always)
    private mutating func nextMember(_ cursor: inout JSONCursor) throws(Failure) -> Member {
        if let known = members.takeNext(&cursor) { return known.pointee }
        if cursor.byte == UInt8(ascii: "}") {
            cursor.advance()
            return .end
        }
        return try findMember(&cursor, isFirst: false)
    }

    @inline(always)
    private mutating func findMember(_ cursor: inout JSONCursor, isFirst: Bool) throws(Failure) -> Member {
        var ahead = cursor
        let member = try newMember(&ahead, isFirst: isFirst)
        cursor.moveTo(ahead.offset)
        return member
    }

    @inline(never)
    private mutating func newMember(_ cursor: inout JSONCursor, isFirst: Bool) throws(Failure) -> Member {
        if let known = members.find(&cursor, isFirst: isFirst) { return known.pointee }
        let start = cursor.offset
        let brace = UInt8(ascii: "}")
        guard isFirst ? cursor.enter(closing: brace) : try cursor.nextElement(closing: brace) else { return .end }
        let member = Member(try cursor.memberName().decoded(into: &name))
        cursor.skipSpace()
        return try members.add(
            cursor.text.slice(start, cursor.offset), member, isFirst: isFirst, lasting: true
        ).pointee
    }

    /// - Parameter first: the value's first byte, at the cursor.
    @inline(always)
    private mutating func readCampaign(
        _ cursor: inout JSONCursor, _ first: UInt8, _ candidate: UnsafeMutablePointer<valuation_candidate>,
        index: borrowing Index
    ) throws(Failure) -> Text {
        let start = cursor.offset
        if first == UInt8(ascii: "\"") {
            candidate.pointee.campaign = index.secret.campaign(try cursor.string().decoded(into: &value))
        } else if JSONCursor.isNumber(first) {
            guard try cursor.number().writeCategory(to: &value) else { return .empty }
            candidate.pointee.campaign = index.secret.campaign(value.text)
        } else {
            _ = try cursor.skipValue()
            return .empty
        }
        return cursor.text.slice(start, cursor.offset)
    }

    /// - Parameter first: the value's first byte, at the cursor.
    @inline(always)
    private mutating func readPricing(_ cursor: inout JSONCursor, _ first: UInt8) throws(Failure) -> valuation_pricing {
        guard first == UInt8(ascii: "\"") else {
            _ = try cursor.skipValue()
            return 0
        }
        return Pricing.code(of: try cursor.string().decoded(into: &value))
    }

    /// Sets the pointers of the candidates to their features, which no longer move.
    private mutating func connectFeatures() {
        for position in 0..<candidates.count where candidates[position].feature_count > 0 {
            let start = echoes[position].featuresStart
            candidates[position].features = ads.features.base.map { UnsafePointer($0 + start) }
        }
    }
}
