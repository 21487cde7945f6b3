// SPDX-License-Identifier: Apache-2.0
import CValuation

/// Reads `features` objects, of a request or of an ad, into the structs of valuation.h, by what the models know of each field.
///
/// - Complexity: O(bytes) expected, and beyond some 64 fields that models know O(features) for each further one; allocates only
///   while its buffers grow.
struct FeatureReader: ~Copyable {
    /// Where a feature stands in the text, for explanations.
    struct Source {
        /// The field's name between its quotes.
        var field: Text
        /// A category's value, escaped as in JSON; a number's digits.
        var value: Text
        var isNumber: Bool
    }

    /// Features of all objects read since `removeAll`, end to end.
    private(set) var features = Buffer<valuation_feature>()
    /// As long as `features`.
    private(set) var sources = Buffer<Source>()
    /// What was not ordinary in the objects read since it was last set.
    var flags = Flags()
    /// The key of each feature's field; as long as `features`.
    private var fieldKeys = Buffer<UInt64>()
    private var objectStart = 0
    /// One bit for each field of the object at hand, by six bits of its key: tells most new fields from repeated ones.
    private var seenFields: UInt64 = 0
    private var name = Buffer<UInt8>()
    private var value = Buffer<UInt8>()

    mutating func removeAll() {
        features.removeAll()
        sources.removeAll()
        fieldKeys.removeAll()
        flags = []
    }

    /// Forgets the features from `count` on.
    mutating func truncate(_ count: Int) {
        features.truncate(count)
        sources.truncate(count)
        fieldKeys.truncate(count)
    }

    /// Reads one object. - Precondition: the cursor stands at its "{".
    mutating func read(_ cursor: inout JSONCursor, index: borrowing Index) throws(Failure) {
        objectStart = features.count
        seenFields = 0
        guard cursor.enter(closing: UInt8(ascii: "}")) else { return }
        repeat {
            let rawName = try cursor.memberName()
            let field = try rawName.decoded(into: &name)
            let key = Key.number(field: field)
            let kind = cursor.kind()
            guard let known = index.field(key) else {
                let isAbsent = try cursor.skipValue() == Text("null")
                if !isAbsent { flags.insert(.unknownField) }
                continue
            }
            forgetEarlier(key)
            if kind == .array {
                guard cursor.enter(closing: UInt8(ascii: "]")) else { continue }
                repeat {
                    try readValue(&cursor, cursor.kind(), rawName.body, field, known.pointee, isElement: true)
                } while try cursor.nextElement(closing: UInt8(ascii: "]"))
            } else {
                try readValue(&cursor, kind, rawName.body, field, known.pointee, isElement: false)
            }
        } while try cursor.nextElement(closing: UInt8(ascii: "}"))
    }

    private mutating func readValue(
        _ cursor: inout JSONCursor, _ kind: JSONCursor.Kind, _ rawField: Text, _ field: Text, _ known: Index.FieldSlot,
        isElement: Bool
    ) throws(Failure) {
        switch kind {
        case .string:
            let raw = try cursor.string()
            if known.isCategory {
                let text = try raw.decoded(into: &value)
                try add(
                    category: text, of: field, known.key, Source(field: rawField, value: raw.body, isNumber: false),
                    cursor)
            } else {
                flags.insert(.wrongType)
            }
        case .number:
            let raw = try cursor.number()
            if known.isCategory {
                if try raw.writeCategory(to: &value) {
                    let source = Source(field: rawField, value: raw.text, isNumber: false)
                    try add(category: value.text, of: field, known.key, source, cursor)
                } else {
                    flags.insert(.invalidNumber)
                }
            }
            if known.isNumber {
                // Several numbers of one field have no meaning.
                if isElement && !known.isCategory { flags.insert(.wrongType) }
                if !isElement {
                    let feature = valuation_feature(key: known.key, number: raw.value)
                    try add(feature, known.key, Source(field: rawField, value: raw.text, isNumber: true), cursor)
                }
            }
        case .literal:
            let literal = try cursor.literal()
            if literal == .null { return }
            let text = literal == .yes ? Text("true") : Text("false")
            if known.isCategory {
                try add(
                    category: text, of: field, known.key, Source(field: rawField, value: text, isNumber: false), cursor)
            } else {
                flags.insert(.wrongType)
            }
        case .object, .array:
            _ = try cursor.skipValue()
            flags.insert(.wrongType)
        case .nothing:
            throw cursor.unexpected("Expected a value here.")
        }
    }

    private mutating func add(
        category text: Text, of field: Text, _ fieldKey: UInt64, _ source: Source, _ cursor: JSONCursor
    ) throws(Failure) {
        let feature = valuation_feature(key: Key.category(field: field, value: text), number: 1)
        try add(feature, fieldKey, source, cursor)
    }

    private mutating func add(
        _ feature: valuation_feature, _ fieldKey: UInt64, _ source: Source, _ cursor: JSONCursor
    ) throws(Failure) {
        if features.count &- objectStart == Scratch.maximumFeatures {
            throw cursor.failure(.limitExceeded, "More than 10,000 features in one object.")
        }
        try features.append(feature)
        try sources.append(source)
        try fieldKeys.append(fieldKey)
    }

    /// Of members with the same name the last one counts: takes the earlier one's features out.
    private mutating func forgetEarlier(_ fieldKey: UInt64) {
        let bit = UInt64(1) &<< (fieldKey & 63)
        if seenFields & bit == 0 {
            seenFields |= bit
            return
        }
        guard var kept = (objectStart..<features.count).first(where: { fieldKeys[$0] == fieldKey }) else { return }
        for index in kept..<features.count where fieldKeys[index] != fieldKey {
            features[kept] = features[index]
            sources[kept] = sources[index]
            fieldKeys[kept] = fieldKeys[index]
            kept &+= 1
        }
        truncate(kept)
    }
}
