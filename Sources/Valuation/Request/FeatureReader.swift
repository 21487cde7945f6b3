// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation

/// Reads `features` objects, of a request or of an ad, into the structs of valuation.h, according to the models' use of
/// each field.
///
/// - Complexity: O(bytes) expected; allocates only while its buffers grow.
struct FeatureReader: ~Copyable {
    /// The position of a feature in the text, for explanations.
    struct Source {
        /// The field's name between its quotes.
        var field: Text
        /// A category's value, escaped as in JSON; a number's digits.
        var value: Text
        var isNumber: Bool
    }

    /// A field with a problem, for explanations.
    struct Slip {
        /// Its name between its quotes.
        var field: Text
        /// The flags of its value; never empty.
        var flags: Flags
        /// The position of its candidate; 0 for the request's.
        var candidate: Int
    }

    /// Whether to keep `sources` and `slips`, which only explanations need.
    var keepsSources = false
    /// Fields in addition to those of the index; nil without a policy.
    var policyFields: PolicyFields?
    /// Features of all objects read since `removeAll`, end to end.
    private(set) var features = Buffer<valuation_feature>()
    /// As long as `features`, or empty.
    private(set) var sources = Buffer<Source>()
    /// Those of all objects read since `removeAll`.
    private(set) var slips = Buffer<Slip>()
    private var candidate = 0
    /// The flags of the objects read since it was last reset.
    var flags = Flags()
    /// The key of each feature's field; as long as `features`.
    private var fieldKeys = Buffer<UInt64>()
    private var objectStart = 0
    /// One bit for each field of the current object, by six bits of its key: distinguishes most new fields from
    /// repeated ones.
    private var seenFields: UInt64 = 0
    /// The fields of the current object with flags and, once a field may be repeated, all fields.
    private var records = FieldRecords()
    private var keepsRecords = false
    /// The flags of the current member.
    private var memberFlags = Flags()
    /// Which features of the current object belong to a member that was repeated later; none from its end on.
    private var areReplaced = Buffer<Bool>()
    private var replacedCount = 0
    private var fields = MemberMemo<Field>()
    /// Whether this is not the first object since `removeAll`; a request's own features are one object.
    private var isRepeating = false
    private var name = Buffer<UInt8>()
    private var value = Buffer<UInt8>()

    /// A field that models know. Not private, nor are the other element types here: in debug builds Swift 6.3.1 cannot
    /// compile a noncopyable type that holds such a buffer when another file destroys it.
    struct Field {
        /// Its name between its quotes.
        var rawName: Text
        /// Its decoded name, as the prefix of a category's key.
        var prefix: KeyPrefix
        var slot: Index.FieldSlot
    }

    mutating func removeAll() {
        features.removeAll()
        sources.removeAll()
        slips.removeAll()
        fieldKeys.removeAll()
        fields.removeAll()
        isRepeating = false
        flags = []
        // An object that was refused halfway has left its marks.
        areReplaced.removeAll()
        replacedCount = 0
    }

    /// A field of the last object whose value has the wrong type or is an invalid number; empty if there is none.
    var wrongField: Text {
        for position in 0..<records.count
        where !records[position].flags.isDisjoint(with: [.wrongType, .invalidNumber]) {
            return records[position].name
        }
        return .empty
    }

    /// Removes the features from `count` on.
    mutating func truncate(_ count: Int) {
        features.truncate(count)
        fieldKeys.truncate(count)
        if keepsSources { sources.truncate(count) }
    }

    /// Prepares for the object of a candidate. Of members with the same name the last one counts: features of an
    /// earlier one, from `start` on, are removed.
    @inline(never)
    mutating func begin(candidate: Int, at start: Int) {
        truncate(start)
        flags = Flags()
        if !keepsSources { return }
        self.candidate = candidate
        while slips.count > 0 && slips[slips.count - 1].candidate == candidate { slips.truncate(slips.count - 1) }
    }

    /// Reads one object. - Precondition: the cursor is at its "{".
    @_optimize(speed)
    mutating func read(_ callersCursor: inout JSONCursor, index: borrowing Index) throws(Failure) {
        var cursor = callersCursor
        objectStart = features.count
        seenFields = 0
        if !records.isEmpty { records.removeAll() }
        keepsRecords = false
        var next = fields.takeFirst(&cursor)
        if next == nil { next = try findField(&cursor, index: index, isFirst: true) }
        while let field = next {
            try forgetEarlier(field.pointee.slot.key)
            if cursor.nextByte() == UInt8(ascii: "\""), field.pointee.slot.isCategory {
                try readCategory(&cursor, field)
            } else {
                var ahead = cursor
                try readUncommon(&ahead, field)
                cursor.moveTo(ahead.offset)
            }
            next = fields.takeNext(&cursor)
            if next == nil { next = try findField(&cursor, index: index, isFirst: false) }
        }
        if !records.isEmpty {
            flags.formUnion(records.flags)
            if keepsSources { try keepSlips() }
        }
        if replacedCount > 0 { removeReplaced() }
        isRepeating = true
        callersCursor.moveTo(cursor.offset)
    }

    @inline(never)
    private mutating func keepSlips() throws(Failure) {
        for position in 0..<records.count {
            let record = records[position]
            if record.flags.isEmpty { continue }
            try slips.append(Slip(field: record.name, flags: record.flags, candidate: candidate))
        }
    }

    /// Goes to the next value of a field that models know; returns nil at the object's end, which it skips.
    @inline(always)
    private mutating func findField(
        _ cursor: inout JSONCursor, index: borrowing Index, isFirst: Bool
    ) throws(Failure) -> UnsafePointer<Field>? {
        if !isFirst && cursor.byte == UInt8(ascii: "}") {
            cursor.advance()
            return nil
        }
        var ahead = cursor
        let field = try newField(&ahead, index: index, isFirst: isFirst)
        cursor.moveTo(ahead.offset)
        return field
    }

    @inline(never)
    private mutating func newField(
        _ cursor: inout JSONCursor, index: borrowing Index, isFirst: Bool
    ) throws(Failure) -> UnsafePointer<Field>? {
        var isFirst = isFirst
        while true {
            if let known = fields.find(&cursor, isFirst: isFirst) { return known }
            let start = cursor.offset
            let brace = UInt8(ascii: "}")
            guard isFirst ? cursor.enter(closing: brace) : try cursor.nextElement(closing: brace) else { return nil }
            let rawName = try cursor.memberName()
            let decoded = try rawName.decoded(into: &name)
            cursor.skipSpace()
            let key = index.secret.number(field: decoded)
            let own = index.field(key)
            if let slot = policyFields == nil ? own?.pointee : policyFields.unsafelyUnwrapped.field(key, own: own) {
                let field = Field(rawName: rawName.body, prefix: index.secret.prefix(field: decoded), slot: slot)
                // A decoded name is valid until the next one.
                let isLasting = isRepeating && !rawName.hasEscapes
                let gap = cursor.text.slice(start, cursor.offset)
                return try fields.add(gap, field, isFirst: isFirst, lasting: isLasting)
            }
            let isAbsent = try cursor.skipValue() == Text("null")
            if !isAbsent || !records.isEmpty {
                try records.setFlags(key, isAbsent ? [] : .unknownField, rawName.body)
            }
            isFirst = false
        }
    }

    /// Reads a string that is a category. - Precondition: the next byte is its opening quote.
    @inline(always)
    private mutating func readCategory(_ cursor: inout JSONCursor, _ field: UnsafePointer<Field>) throws(Failure) {
        let raw = try cursor.string()
        let text = try raw.decoded(into: &value)
        let key = field.pointee.prefix.key(text, readableTo: raw.hasEscapes ? text.end : cursor.text.end)
        let source = Source(field: field.pointee.rawName, value: raw.body, isNumber: false)
        try add(valuation_feature(key: key, number: 1), field, source, cursor)
    }

    /// Reads any other value.
    @inline(never)
    private mutating func readUncommon(_ cursor: inout JSONCursor, _ field: UnsafePointer<Field>) throws(Failure) {
        memberFlags = []
        if cursor.byte != UInt8(ascii: "[") {
            try readValue(&cursor, field, isElement: false)
        } else if cursor.enter(closing: UInt8(ascii: "]")) {
            repeat {
                try readValue(&cursor, field, isElement: true)
            } while try cursor.nextElement(closing: UInt8(ascii: "]"))
        }
        if !memberFlags.isEmpty {
            try records.setFlags(field.pointee.slot.key, memberFlags, field.pointee.rawName)
        }
    }

    private mutating func readValue(
        _ cursor: inout JSONCursor, _ field: UnsafePointer<Field>, isElement: Bool
    ) throws(Failure) {
        switch cursor.kind() {
        case .string:
            if field.pointee.slot.isCategory { return try readCategory(&cursor, field) }
            _ = try cursor.string()
            memberFlags.insert(.wrongType)
        case .number:
            try addNumber(try cursor.number(), field, isElement: isElement, cursor)
        case .literal:
            let literal = try cursor.literal()
            if literal == .null { return }
            if field.pointee.slot.isCategory {
                try add(category: literal == .yes ? Text("true") : Text("false"), field, cursor)
            } else {
                memberFlags.insert(.wrongType)
            }
        case .object, .array:
            _ = try cursor.skipValue()
            memberFlags.insert(.wrongType)
        case .nothing:
            throw cursor.unexpected("Expected a value here.")
        }
    }

    private mutating func addNumber(
        _ raw: RawNumber, _ field: UnsafePointer<Field>, isElement: Bool, _ cursor: JSONCursor
    ) throws(Failure) {
        if field.pointee.slot.isCategory {
            if try raw.writeCategory(to: &value) {
                try add(category: value.text, field, source: raw.text, cursor)
            } else {
                memberFlags.insert(.invalidNumber)
            }
        }
        if field.pointee.slot.isNumber {
            // Several numbers of one field have no meaning.
            if isElement && !field.pointee.slot.isCategory { memberFlags.insert(.wrongType) }
            if !isElement {
                let source = Source(field: field.pointee.rawName, value: raw.text, isNumber: true)
                try add(valuation_feature(key: field.pointee.slot.key, number: raw.value), field, source, cursor)
            }
        }
    }

    private mutating func add(
        category text: Text, _ field: UnsafePointer<Field>, source: Text? = nil, _ cursor: JSONCursor
    ) throws(Failure) {
        let key = field.pointee.prefix.key(text, readableTo: text.end)
        let source = Source(field: field.pointee.rawName, value: source ?? text, isNumber: false)
        try add(valuation_feature(key: key, number: 1), field, source, cursor)
    }

    @inline(always)
    private mutating func add(
        _ feature: valuation_feature, _ field: UnsafePointer<Field>, _ source: Source, _ cursor: JSONCursor
    ) throws(Failure) {
        if features.count &- objectStart &- replacedCount == Limits.maximumFeatures {
            throw cursor.failure(.limitExceeded, "More than 10,000 features in one object.")
        }
        try features.append(feature)
        try fieldKeys.append(field.pointee.slot.key)
        if keepsSources { try sources.append(source) }
    }

    /// Of members with the same name the last one counts: removes the features and flags of the earlier one.
    @inline(always)
    private mutating func forgetEarlier(_ fieldKey: UInt64) throws(Failure) {
        let bit = UInt64(1) &<< (fieldKey & 63)
        if seenFields & bit == 0 && !keepsRecords {
            seenFields |= bit
        } else {
            try replace(fieldKey)
        }
    }

    @inline(never)
    @_optimize(speed)
    private mutating func replace(_ fieldKey: UInt64) throws(Failure) {
        if !keepsRecords {
            keepsRecords = true
            for index in objectStart..<features.count
            where index == objectStart || fieldKeys[index] != fieldKeys[index &- 1] {
                try records.setStart(fieldKeys[index], index)
            }
        }
        guard let start = try records.update(fieldKey, start: features.count) else { return }
        var end = start
        while end < features.count && fieldKeys[end] == fieldKey { end &+= 1 }
        if end == features.count {
            truncate(start)
            return try records.setStart(fieldKey, start)
        }
        // Moving the features after them for each member would take quadratic time.
        try areReplaced.resize(max(areReplaced.count, end &- objectStart), filling: false)
        for index in start..<end { areReplaced[index &- objectStart] = true }
        replacedCount &+= end &- start
    }

    /// Removes the marked features at the object's end.
    private mutating func removeReplaced() {
        var kept = objectStart
        for index in objectStart..<features.count {
            let place = index &- objectStart
            if place < areReplaced.count && areReplaced[place] { continue }
            features[kept] = features[index]
            fieldKeys[kept] = fieldKeys[index]
            if keepsSources { sources[kept] = sources[index] }
            kept &+= 1
        }
        areReplaced.removeAll()
        replacedCount = 0
        truncate(kept)
    }
}
