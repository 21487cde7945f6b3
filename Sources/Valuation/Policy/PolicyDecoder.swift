// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Turns a policy's JSON into a `PolicyDocument` and reports everything that is wrong with it, each problem with its
/// JSON path.
///
/// Unlike a model, a policy is written by people in a hurry: an unknown member is refused, because a misspelt "expires"
/// would otherwise never expire. Only "comment" may be anywhere.
struct PolicyDecoder: ~Copyable {
    var document = PolicyDocument()
    /// The secret of the keys of campaigns, advertisers and placements.
    let secret: Secret

    private init(_ secret: Secret) {
        self.secret = secret
    }

    /// - Parameter text: the file's whole content; the note of `problems` has its path.
    /// - Returns: a document that is valid if `problems` has counted none.
    static func decode(_ text: Text, under secret: Secret, problems: inout Problems) throws(Failure) -> PolicyDocument {
        problems.begin(line: 0)
        var decoder = PolicyDecoder(secret)
        let parsed: JSONDocument
        do throws(Failure) {
            parsed = try JSONDocument(text, note: problems.note)
        } catch {
            if error.status == .outOfMemory { throw error }
            try problems.report(error)
            return decoder.document
        }
        try decoder.decode(parsed.root, &problems)
        return decoder.document
    }

    /// Throws the first problem, which the note describes.
    static func decode(_ text: Text, under secret: Secret, note: Note) throws(Failure) -> PolicyDocument {
        var problems = Problems(note: note)
        return try decode(text, under: secret, problems: &problems)
    }

    private mutating func decode(_ root: JSONValue, _ problems: inout Problems) throws(Failure) {
        guard root.isObject else { return try problems.report(.invalidValue, "A policy is a JSON object.") }
        guard let format = root.member("format")?.text else {
            return try problems.report(
                .invalidValue, at: "format", "Missing or not a string; it must be \"valuation-policy/1\".")
        }
        if format != Text(PolicyDocument.format) {
            return try problems.report(.format, at: "format", "This library reads \"valuation-policy/1\" alone.")
        }
        try checkMembers(
            root,
            "$schema format version placement minimum_propensity predictors default overrides experiments campaigns",
            &problems)
        document.version = try optionalName(root, "version", &problems)
        document.placement = try optionalName(root, "placement", &problems)
        if document.text(document.placement).contains(UInt8(ascii: "=")) {
            try problems.report(.invalidValue, at: "placement", "A field's name holds no \"=\".")
        }
        if let least = try problems.number(root, "minimum_propensity", to: 1) {
            document.minimumPropensity = least
        }
        try decodePredictors(root, &problems)
        if let predictor = try reference(root, "default", &problems) { document.defaultPredictor = predictor }
        try decodeOverrides(root, &problems)
        try decodeExperiments(root, &problems)
        try decodeAdjustments(root, &problems)
        if problems.count > 0 { return }
        if let number = try document.numberSources() {
            try problems.path.push(Text(document.rules[number].isOverride ? "overrides" : "experiments"))
            try problems.path.push(index: document.rules[number].position)
            try problems.report(.keyCollision, "Its names have the number of others in valuation_value; rename it.")
            problems.path.pop(to: 0)
        }
    }

    // MARK: Members

    /// Reports unknown members of an object. - Parameter known: names with spaces between them.
    mutating func checkMembers(
        _ object: JSONValue, _ known: StaticString, _ problems: inout Problems
    ) throws(Failure) {
        for (name, _) in object.members where name != Text("comment") && Text(known).words.position(of: name) == nil {
            try problems.path.push(name)
            try problems.report(.invalidValue, "Unknown member; check its spelling. Known are: \(known) comment.")
            problems.path.pop()
        }
    }

    /// A string of 1 to 255 bytes, the value at the decoder's current path; without control characters, as names are
    /// logged.
    mutating func name(_ value: JSONValue?, _ problems: inout Problems) throws(Failure) -> Text? {
        guard let text = try problems.string(value?.text, isMissing: value == nil) else { return nil }
        if PolicyDecoder.isName(text) { return text }
        try problems.report(.invalidValue, "A name is a string of 1 to 255 bytes, none of them a control character.")
        return nil
    }

    /// Names are logged, each on one line.
    static func isName(_ text: Text) -> Bool {
        for index in 0..<text.count where text[index] < 32 { return false }
        return (1...ModelDecoder.maximumNameBytes).contains(text.count)
    }

    /// A required member that is a name.
    mutating func name(
        _ object: JSONValue, _ member: StaticString, _ problems: inout Problems
    ) throws(Failure) -> Text? {
        try problems.path.push(Text(member))
        defer { problems.path.pop() }
        return try name(object.member(member), &problems)
    }

    /// An optional member; empty if it is missing.
    mutating func optionalName(
        _ object: JSONValue, _ member: StaticString, _ problems: inout Problems
    ) throws(Failure) -> valuation_name {
        guard object.member(member) != nil, let text = try name(object, member, &problems) else {
            return valuation_name()
        }
        return try document.keep(text)
    }

    /// A share in 1/100 %.
    mutating func share(
        _ object: JSONValue, _ member: StaticString, isRequired: Bool, _ problems: inout Problems
    ) throws(Failure) -> Int {
        if object.member(member) == nil {
            if isRequired { try problems.report(.invalidValue, at: member, "The share is missing.") }
            return 0
        }
        return try problems.whole(
            object, member, to: Double(Bucket.count),
            "A share is a whole number of 1/100 %, from 0 to 10000 (5000 is half).") ?? 0
    }

    /// A time in UTC, as seconds since 1970; nil if it is missing.
    mutating func time(
        _ object: JSONValue, _ member: StaticString, _ problems: inout Problems
    ) throws(Failure) -> Int64? {
        guard let value = object.member(member) else { return nil }
        if let text = value.text, let seconds = Timestamp.seconds(text) { return seconds }
        try problems.report(
            .invalidValue, at: member, "A time is a string in UTC, for example \"2026-11-21T03:00:00Z\".")
        return nil
    }

    /// The predictor that a required member names.
    mutating func reference(
        _ object: JSONValue, _ member: StaticString, _ problems: inout Problems
    ) throws(Failure) -> Int? {
        try problems.path.push(Text(member))
        defer { problems.path.pop() }
        guard let name = try name(object.member(member), &problems) else { return nil }
        guard let number = document.predictor(name) else {
            try problems.report(.invalidValue, "There is no predictor \"\(name)\"; define it in $.predictors.")
            return nil
        }
        let predictor = document.predictors[number]
        if predictor.kind != .retired { return number }
        let reason = document.text(predictor.reason)
        try problems.report(.invalidValue, "The predictor \"\(name)\" is retired (\(reason)); name another.")
        return nil
    }
}
