// SPDX-License-Identifier: Apache-2.0

/// Turns a JSON document of format `valuation-model/1` into a `Model`, one of `valuation-campaign/1` into a
/// `CampaignDocument`, and reports everything that is wrong with it.
///
/// Each problem is reported with its JSON path; if `problems` lets the work go on, the faulty part is left out.
struct ModelDecoder: ~Copyable {
    static let format: StaticString = "valuation-model/1"
    /// Of an intercept or weight. Probabilities are 0 or 1 long before, and a larger one would blur the small ones beside it.
    static let maximumWeight = 100.0
    /// Of a number's mean and standard deviation: a time in microseconds fits.
    static let maximumNumber = 1e18
    /// Of impressions, clicks and conversions.
    static let maximumCount = 1e15
    /// Of a weight: a standard deviation as large as the largest weight.
    static let maximumVariance = 1e4
    static let maximumFieldBytes = 255
    static let maximumValueBytes = 1024
    static let maximumNameBytes = 255
    static let maximumExamples = 1000

    /// The type of a document.
    enum Kind: UInt8 {
        case model
        case campaign
    }

    /// The type of the last document; a model if it did not say.
    private(set) var kind = Kind.model
    /// The secret of the weights' keys.
    let secret: Secret
    var model = Model()
    var campaign = CampaignDocument()
    var strings = DecodedStrings()
    /// The index of a category among the model's, and of a pair, by their keys.
    var categoryTable = KeyTable()
    var crossTable = KeyTable()
    /// The index of a field among the model's, by its key.
    var fieldTable = KeyTable()
    var exampleFields = NameSet()
    /// Memory for a name that is read once.
    var scratch = Buffer<UInt8>()

    init(_ secret: Secret) {
        self.secret = secret
    }

    /// The members of a document that are read, of either format.
    private static let members: StaticString = """
        format kind campaign target version intercept negative_sampling_rate categorical numeric crosses extends \
        advertiser variance training self_test impressions clicks conversions
        """

    /// Decodes a document into `model` or `campaign`, as `kind` says. Returns whether it is free of problems. Throws if
    /// it is not a JSON document; then nothing is decoded.
    ///
    /// The text is read twice. First it is checked as a whole; then it is decoded in an order in which each part finds
    /// what it refers to. Unknown members are ignored.
    ///
    /// - Complexity: O(bytes).
    mutating func decode(_ document: DocumentReader.Document, problems: inout Problems) throws(Failure) -> Bool {
        problems.begin(line: document.line)
        kind = .model
        model.removeAll()
        campaign.removeAll()
        categoryTable.removeAll()
        crossTable.removeAll()
        fieldTable.removeAll()
        strings.begin(document.text)
        do throws(Failure) {
            return try decode(document.text, &problems)
        } catch {
            var located = error
            if located.line > 0 { located.line = located.line &+ document.firstLine &- 1 }
            throw located
        }
    }

    private mutating func decode(_ text: Text, _ problems: inout Problems) throws(Failure) -> Bool {
        let before = problems.count
        var cursor = JSONCursor(text)
        try cursor.refuseByteOrderMark()
        var remaining = Int.max
        guard cursor.kind() == .object else {
            try cursor.skipDocumentValue(depth: 0, remaining: &remaining)
            try cursor.expectEnd()
            try problems.report(.invalidValue, "A model is a JSON object.")
            return false
        }
        let object = cursor
        var isAnyMisspelt = false
        let root = try KnownMembers(ModelDecoder.members, of: &cursor, decodingInto: &scratch) {
            cursor, name, isKnown throws(Failure) in
            if !isKnown && OptionalMembers.isLikeAny(name) { isAnyMisspelt = true }
            try cursor.skipDocumentValue(depth: 1, remaining: &remaining)
        }
        try cursor.expectEnd()
        if let (name, start) = root.repeated { throw try problems.twice(name, text, at: start) }
        // A document of another format is not judged by the rules of this one.
        guard try decodeFormat(root, &problems) else { return false }
        switch kind {
        case .model: try decodeModel(root, &problems)
        case .campaign: try decodeCampaign(root, &problems)
        }
        if isAnyMisspelt {
            try refuseMisspeltMembers(object, kind == .model ? .model : .campaign, &problems)
        }
        return problems.count == before
    }

    /// The members of an object in a document that has been checked. - Parameter cursor: left after the object.
    mutating func members(
        _ names: StaticString, of cursor: inout JSONCursor, _ problems: inout Problems
    ) throws(Failure) -> KnownMembers {
        let members = try KnownMembers(names, of: &cursor, decodingInto: &scratch) { cursor, _, _ throws(Failure) in
            _ = try cursor.skipValue()
        }
        if let (name, start) = members.repeated { throw try problems.twice(name, cursor.text, at: start) }
        return members
    }

    /// Goes to a member's value. - Returns: the member's name, which lives as long as the document, and its position.
    @inline(always)
    mutating func memberName(_ cursor: inout JSONCursor) throws(Failure) -> (name: Text, start: Int) {
        _ = cursor.nextByte()
        let start = cursor.offset
        let name = try strings.text(try cursor.memberName())
        _ = cursor.nextByte()
        return (name, start)
    }

    private mutating func decodeModel(_ root: KnownMembers, _ problems: inout Problems) throws(Failure) {
        try decodeHeader(root, &problems)
        try decodeCategorical(root, &problems)
        try decodeNumeric(root, &problems)
        try decodeCrosses(root, &problems)
        try decodeVariance(root, &problems)
        try decodeTraining(root, &problems)
        try decodeSelfTest(root, &problems)
    }

    private mutating func decodeFormat(_ root: KnownMembers, _ problems: inout Problems) throws(Failure) -> Bool {
        if let format = try text(root.member("format")) {
            if format == Text(ModelDecoder.format) { return true }
            if format == Text(CampaignDocument.format) {
                kind = .campaign
                return true
            }
            try problems.report(
                .format, at: "format",
                "This library reads \"valuation-model/1\" and \"valuation-campaign/1\" alone.")
        } else {
            try problems.report(
                .invalidValue, at: "format", "Missing or not a string; it must be \"valuation-model/1\".")
        }
        return false
    }

    private mutating func decodeHeader(_ root: KnownMembers, _ problems: inout Problems) throws(Failure) {
        if let kind = try string(root, "kind", &problems), kind != Text("logistic") {
            try problems.report(.invalidValue, at: "kind", "The one kind of model is \"logistic\".")
        }
        if let campaign = try name(root, "campaign", &problems) { try model.campaign.append(campaign) }
        if let target = try string(root, "target", &problems) {
            if let target = Target(name: target) {
                model.target = target
            } else {
                try problems.report(.invalidValue, at: "target", "It must be \"click\" or \"conversion\".")
            }
        }
        if let base = try optionalName(root, "extends", &problems) {
            model.hasBase = true
            try model.base.append(base)
        }
        if let advertiser = try optionalName(root, "advertiser", &problems) {
            try model.advertiser.append(advertiser)
        }
        if let version = try string(root, "version", &problems) {
            if version.count > ModelDecoder.maximumNameBytes {
                try problems.report(.limitExceeded, at: "version", "Longer than 255 bytes; shorten it.")
            } else {
                try model.version.append(version)
            }
        }
        model.intercept = try number(root, "intercept", &problems) ?? 0
        if let rate = try number(root, "negative_sampling_rate", &problems) {
            if rate > 0 && rate <= 1 {
                model.negativeSamplingRate = rate
            } else {
                try problems.report(
                    .invalidValue, at: "negative_sampling_rate",
                    "The share of negatives kept is above 0 and at most 1; 1 if none were dropped.")
            }
        }
    }

    /// The required string member `name`; if it is missing, reports it and returns nil.
    mutating func string(_ object: KnownMembers, _ name: StaticString, _ problems: inout Problems) throws(Failure)
        -> Text?
    {
        let value = object.member(name)
        return try problems.string(try text(value), isMissing: value == nil, at: name)
    }

    /// A member that names a campaign or an advertiser, and may be missing or null.
    mutating func optionalName(
        _ object: KnownMembers, _ name: StaticString, _ problems: inout Problems
    ) throws(Failure) -> Text? {
        guard let value = object.member(name), !value.isNull else { return nil }
        return try self.name(object, name, &problems)
    }

    /// The required member `name` that names a campaign or an advertiser.
    mutating func name(
        _ object: KnownMembers, _ name: StaticString, _ problems: inout Problems
    ) throws(Failure) -> Text? {
        guard let text = try string(object, name, &problems) else { return nil }
        if text.count == 0 || text.count > ModelDecoder.maximumNameBytes {
            try problems.report(.invalidValue, at: name, "A name has 1 to 255 bytes.")
            return nil
        }
        return text
    }

    /// The required number member `name`, of a magnitude of at most `largest`.
    mutating func number(
        _ object: KnownMembers, _ name: StaticString, upTo largest: Double = maximumWeight, _ problems: inout Problems
    ) throws(Failure) -> Double? {
        try problems.path.push(Text(name))
        defer { problems.path.pop() }
        return try number(object.member(name), upTo: largest, &problems)
    }

    /// The string at a cursor; nil for anything else.
    mutating func text(_ value: JSONCursor?) throws(Failure) -> Text? {
        guard var cursor = value, cursor.byte == UInt8(ascii: "\"") else { return nil }
        return try strings.text(try cursor.string())
    }

    /// The number at the decoder's current path.
    @inline(never)
    mutating func number(
        _ value: JSONCursor?, upTo largest: Double = maximumWeight, _ problems: inout Problems
    ) throws(Failure) -> Double? {
        guard let number = try value?.numberValue() else {
            try problems.report(
                .invalidValue,
                value == nil
                    ? "The number is missing; add it, or check its spelling."
                    : "This is not a number; write one, without quotes.")
            return nil
        }
        if number.magnitude > largest {
            try problems.report(.invalidValue, "The number is beyond ±\(largest), which no sound model needs.")
            return nil
        }
        return number
    }
}
