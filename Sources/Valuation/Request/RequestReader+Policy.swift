// SPDX-License-Identifier: Apache-2.0
import CValuation

/// The members of a request for the policy: who sees the impression, and when.
extension RequestReader {
    /// A unit's field and text, as parts of the stored bytes.
    struct UnitText {
        var fieldStart: Int
        var textStart: Int
        var end: Int
    }

    /// The units of a request, and the time at which it is valued.
    struct Circumstances: ~Copyable {
        fileprivate var texts = Buffer<UInt8>()
        fileprivate var ranges = Buffer<UnitText>()
        fileprivate var units = Buffer<valuation_unit>()
        /// Seconds since 1970, nil for now.
        fileprivate(set) var time: Int64?

        mutating func removeAll() {
            removeUnits()
            time = nil
        }

        mutating func removeUnits() {
            texts.removeAll()
            ranges.removeAll()
            units.removeAll()
        }

        mutating func removeTime() { time = nil }

        /// Sets the pointers of the units to their texts, which no longer move.
        fileprivate mutating func connect() throws(Failure) {
            units.removeAll()
            let bytes = texts.text.characters
            for position in 0..<ranges.count {
                let range = ranges[position]
                try units.append(
                    valuation_unit(
                        field: bytes + range.fieldStart, field_length: range.textStart &- range.fieldStart,
                        text: bytes + range.textStart, text_length: range.end &- range.textStart))
            }
        }

        /// Of units with one field the last one counts: removes an earlier one.
        fileprivate mutating func forget(_ field: Text) {
            var kept = 0
            for position in 0..<ranges.count {
                let range = ranges[position]
                if texts.text.slice(range.fieldStart, range.textStart) == field { continue }
                ranges[kept] = range
                kept &+= 1
            }
            ranges.truncate(kept)
        }

        /// Adds a unit whose field and text are at the end of `texts`.
        fileprivate mutating func add(fieldStart: Int, textStart: Int) throws(Failure) {
            forget(texts.text.slice(fieldStart, textStart))
            if ranges.count == PolicyDocument.maximumUnits {
                throw Failure(.limitExceeded, "A request has at most 16 units.")
            }
            try ranges.append(UnitText(fieldStart: fieldStart, textStart: textStart, end: texts.count))
        }
    }

    /// The parts of the request that scoring needs; valid as long as what `read` has returned.
    func plainRequest() -> Request {
        let features = request.features.elements
        var plain = Request(
            features: features.baseAddress.map { UnsafePointer($0) }, featureCount: features.count,
            timeBudget: timeBudget)
        plain.units = circumstances.units.base.map { UnsafePointer($0) }
        plain.unitCount = circumstances.units.count
        plain.time = circumstances.time
        plain.seed = id.count == 0 ? 0 : fingerprint64(unquoted(id))
        return plain
    }

    /// The contents of a string between its quotes.
    private func unquoted(_ raw: Text) -> Text {
        raw[0] == UInt8(ascii: "\"") ? raw.slice(1, raw.count &- 1) : raw
    }

    /// Reads `unit`: a text, which belongs to the field "unit", or an object of fields and texts.
    mutating func readUnits(_ cursor: inout JSONCursor, _ kind: JSONCursor.Kind) throws(Failure) {
        circumstances.removeUnits()
        if kind != .object {
            try circumstances.texts.append(PolicyDocument.plainUnit)
            try readUnit(&cursor, kind, fieldStart: 0)
        } else if cursor.enter(closing: UInt8(ascii: "}")) {
            repeat {
                let fieldStart = circumstances.texts.count
                let name = try cursor.memberName()
                try circumstances.texts.append(try name.decoded(into: &value))
                try readUnit(&cursor, cursor.kind(), fieldStart: fieldStart)
            } while try cursor.nextElement(closing: UInt8(ascii: "}"))
        }
        try circumstances.connect()
    }

    private mutating func readUnit(
        _ cursor: inout JSONCursor, _ kind: JSONCursor.Kind, fieldStart: Int
    ) throws(Failure) {
        let textStart = circumstances.texts.count
        let before = cursor
        if kind == .string {
            try circumstances.texts.append(try cursor.string().decoded(into: &value))
        } else if kind == .number, try cursor.number().writeCategory(to: &value) {
            try circumstances.texts.append(value.text)
        } else if kind == .literal, cursor.isNull {
            _ = try cursor.skipValue()
            circumstances.forget(circumstances.texts.text.slice(fieldStart, textStart))
            return circumstances.texts.truncate(fieldStart)
        } else {
            throw invalid(before, "$.unit", "A unit is a string or a number, or an object of several by their names.")
        }
        try circumstances.add(fieldStart: fieldStart, textStart: textStart)
    }

    /// Reads `time`.
    mutating func readTime(_ cursor: inout JSONCursor, _ kind: JSONCursor.Kind) throws(Failure) {
        let before = cursor
        if kind == .string, let seconds = Timestamp.seconds(try cursor.string().decoded(into: &value)) {
            circumstances.time = seconds
        } else {
            throw invalid(before, "$.time", "A time is a string in UTC, for example \"2026-11-21T03:00:00Z\".")
        }
    }
}
