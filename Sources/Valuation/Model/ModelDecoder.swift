// SPDX-License-Identifier: Apache-2.0

/// Turns a JSON document of format `valuation-model/1` into a `Model`, one of `valuation-campaign/1` into a `CampaignDocument`, and
/// names everything that is wrong with it.
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

    /// What a document is of.
    enum Kind: UInt8 {
        case model
        case campaign
    }

    /// What the last document was of; a model where it did not say.
    private(set) var kind = Kind.model
    /// What the weights' keys are formed under.
    let secret: Secret
    var model = Model()
    var campaign = CampaignDocument()
    var path = JSONPath()
    private var line: UInt32 = 0

    init(_ secret: Secret) {
        self.secret = secret
    }

    /// Decodes a document into `model` or `campaign`, as `kind` says. Returns whether it is free of problems.
    ///
    /// - Parameter line: the document's line in a `.jsonl` file, 0 otherwise.
    mutating func decode(
        _ document: borrowing JSONDocument, line: UInt32, problems: inout Problems
    ) throws(Failure) -> Bool {
        self.line = line
        kind = .model
        model.removeAll()
        campaign.removeAll()
        path.pop(to: 0)
        let before = problems.count
        let root = document.root
        guard root.isObject else {
            try report(.invalidValue, "A model is a JSON object.", &problems)
            return false
        }
        // A document of another format is not judged by this one's rules.
        guard try decodeFormat(root, &problems) else { return false }
        switch kind {
        case .model: try decodeModel(root, &problems)
        case .campaign: try decodeCampaign(root, &problems)
        }
        return problems.count == before
    }

    private mutating func decodeModel(_ root: JSONValue, _ problems: inout Problems) throws(Failure) {
        try decodeHeader(root, &problems)
        try decodeCategorical(root, &problems)
        try decodeNumeric(root, &problems)
        try decodeCrosses(root, &problems)
        try decodeVariance(root, &problems)
        try decodeTraining(root, &problems)
        try decodeSelfTest(root, &problems)
        try refuseMisspeltMembers(root, OptionalMember.model, &problems)
    }

    /// Reports a problem at the decoder's present place.
    @_disfavoredOverload @inline(never)
    mutating func report(_ status: Status, _ message: Message, _ problems: inout Problems) throws(Failure) {
        problems.note.setMessage(message)
        problems.note.setJSONPath(path)
        var failure = Failure.noted(status)
        failure.line = line
        try problems.report(failure)
    }

    /// Reports a problem with a member of the object at which the decoder stands.
    @_disfavoredOverload @inline(never)
    mutating func report(
        _ status: Status, at member: StaticString, _ message: Message, _ problems: inout Problems
    ) throws(Failure) {
        try path.push(Text(member))
        try report(status, message, &problems)
        path.pop()
    }

    /// The same of plain texts, of which a call is a few bytes of code.
    @inline(never)
    mutating func report(_ status: Status, _ message: StaticString, _ problems: inout Problems) throws(Failure) {
        try report(status, "\(message)", &problems)
    }

    @inline(never)
    mutating func report(
        _ status: Status, at member: StaticString, _ message: StaticString, _ problems: inout Problems
    ) throws(Failure) {
        try report(status, at: member, "\(message)", &problems)
    }

    private mutating func decodeFormat(_ root: JSONValue, _ problems: inout Problems) throws(Failure) -> Bool {
        if let format = root.member("format")?.text {
            if format == Text(ModelDecoder.format) { return true }
            if format == Text(CampaignDocument.format) {
                kind = .campaign
                return true
            }
            try report(
                .format, at: "format",
                "This library reads \"valuation-model/1\" and \"valuation-campaign/1\" alone.", &problems)
        } else {
            try report(
                .invalidValue, at: "format", "Missing or not a string; it must be \"valuation-model/1\".", &problems)
        }
        return false
    }

    private mutating func decodeHeader(_ root: JSONValue, _ problems: inout Problems) throws(Failure) {
        if let kind = try string(root, "kind", &problems), kind != Text("logistic") {
            try report(.invalidValue, at: "kind", "The one kind of model is \"logistic\".", &problems)
        }
        if let campaign = try name(root, "campaign", &problems) { try model.campaign.append(campaign) }
        if let target = try string(root, "target", &problems) {
            if target == Text("click") {
                model.target = .click
            } else if target == Text("conversion") {
                model.target = .conversion
            } else {
                try report(.invalidValue, at: "target", "It must be \"click\" or \"conversion\".", &problems)
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
                try report(.limitExceeded, at: "version", "Longer than 255 bytes; shorten it.", &problems)
            } else {
                try model.version.append(version)
            }
        }
        model.intercept = try number(root, "intercept", &problems) ?? 0
        if let rate = try number(root, "negative_sampling_rate", &problems) {
            if rate > 0 && rate <= 1 {
                model.negativeSamplingRate = rate
            } else {
                try report(
                    .invalidValue, at: "negative_sampling_rate",
                    "The share of negatives kept is above 0 and at most 1; 1 if none were dropped.", &problems)
            }
        }
    }

    /// The required string member `name`; reports and returns nil where it is not there.
    mutating func string(_ object: JSONValue, _ name: StaticString, _ problems: inout Problems) throws(Failure) -> Text?
    {
        if let text = object.member(name)?.text { return text }
        let isMissing = object.member(name) == nil
        try report(
            .invalidValue, at: name,
            isMissing
                ? "The string is missing; add it, or check its spelling." : "It must be a string; put it in quotes.",
            &problems)
        return nil
    }

    /// A member that names a campaign or an advertiser, and may be missing or null.
    mutating func optionalName(
        _ object: JSONValue, _ name: StaticString, _ problems: inout Problems
    ) throws(Failure) -> Text? {
        guard let value = object.member(name), !value.isNull else { return nil }
        return try self.name(object, name, &problems)
    }

    /// The required member `name` that names a campaign or an advertiser.
    mutating func name(
        _ object: JSONValue, _ name: StaticString, _ problems: inout Problems
    ) throws(Failure) -> Text? {
        guard let text = try string(object, name, &problems) else { return nil }
        if text.count == 0 || text.count > ModelDecoder.maximumNameBytes {
            try report(.invalidValue, at: name, "A name has 1 to 255 bytes.", &problems)
            return nil
        }
        return text
    }

    /// The required number member `name`, of a magnitude of at most `largest`.
    mutating func number(
        _ object: JSONValue, _ name: StaticString, upTo largest: Double = maximumWeight, _ problems: inout Problems
    ) throws(Failure) -> Double? {
        try path.push(Text(name))
        defer { path.pop() }
        return try number(object.member(name), upTo: largest, &problems)
    }

    /// The number at which the decoder stands.
    mutating func number(
        _ value: JSONValue?, upTo largest: Double = maximumWeight, _ problems: inout Problems
    ) throws(Failure) -> Double? {
        guard let number = value?.number else {
            try report(
                .invalidValue,
                value == nil
                    ? "The number is missing; add it, or check its spelling."
                    : "This is not a number; write one, without quotes.", &problems)
            return nil
        }
        if !number.isFinite {
            try report(.nonFinite, "The number is not finite.", &problems)
            return nil
        }
        if number.magnitude > largest {
            try report(.invalidValue, "The number is beyond ±\(largest), which no sound model needs.", &problems)
            return nil
        }
        return number
    }

    /// Whether a field's name can be one; reports where not.
    mutating func checkField(_ field: Text, _ problems: inout Problems) throws(Failure) -> Bool {
        if field.count == 0 || field.count > ModelDecoder.maximumFieldBytes {
            try report(.invalidValue, "A field's name has 1 to 255 bytes.", &problems)
            return false
        }
        if field.contains(UInt8(ascii: "=")) {
            try report(.invalidValue, "A field's name holds no \"=\"; rename the field.", &problems)
            return false
        }
        return true
    }

    /// Whether a category's value can be one; reports where not.
    mutating func checkValue(_ value: Text, _ problems: inout Problems) throws(Failure) -> Bool {
        if value.count <= ModelDecoder.maximumValueBytes { return true }
        try report(.limitExceeded, "A value is longer than 1,024 bytes; shorten or hash it.", &problems)
        return false
    }

    /// Unknown members are for future versions; one that is almost a known optional member is a slip that would
    /// otherwise go unnoticed.
    mutating func refuseMisspeltMembers(
        _ root: JSONValue, _ known: OptionalMember, _ problems: inout Problems
    ) throws(Failure) {
        for (name, _) in root.members {
            guard let intended = known.misspelt(name) else { continue }
            try path.push(name)
            try report(
                .invalidValue, "Unknown member; did you mean \"\(intended)\"?", &problems)
            path.pop()
        }
    }
}
