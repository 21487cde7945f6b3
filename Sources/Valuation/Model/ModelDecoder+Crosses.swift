// SPDX-License-Identifier: Apache-2.0

/// The member `crosses` of a model, and what its variances share with it.
extension ModelDecoder {
    mutating func decodeCrosses(_ root: KnownMembers, _ problems: inout Problems) throws(Failure) {
        try forEachCross(of: root, &problems) { decoder, cross, problems throws(Failure) in
            try decoder.decodeCross(cross, &problems)
        }
    }

    /// Passes `body` the members of each cross of a model, or of its variances; nil if it is not an object.
    @inline(never)
    mutating func forEachCross(
        of object: KnownMembers, _ problems: inout Problems,
        _ body: (inout ModelDecoder, KnownMembers?, inout Problems) throws(Failure) -> Void
    ) throws(Failure) {
        guard var cursor = try problems.enter(object, "crosses", .array, "\"crosses\" is an array.") else { return }
        defer { problems.path.pop() }
        guard cursor.enter(closing: UInt8(ascii: "]")) else { return }
        var position = 0
        repeat {
            try problems.path.push(index: position)
            defer { problems.path.pop() }
            let cross = try fieldsAndWeights(&cursor, &problems)
            try body(&self, cross, &problems)
            position &+= 1
        } while try cursor.nextElement(closing: UInt8(ascii: "]"))
    }

    private mutating func decodeCross(_ cross: KnownMembers?, _ problems: inout Problems) throws(Failure) {
        let index = model.crossFields.count
        let fields = try crossFields(cross?.member("fields"), &problems)
        // One for each element of the document's, so that an index is the same in both.
        let none = Model.CrossFields(first: .empty, second: .empty, firstKey: 0, secondKey: 0)
        try model.crossFields.append(fields ?? none)
        guard let fields else { return }
        try forEachPair(of: cross, missing: "The array \"weights\" of [value, value, weight] is missing.", &problems) {
            decoder, pair, position, problems throws(Failure) in
            if let pair { return try decoder.decodePair(pair, fields, index, position, &problems) }
            try problems.report(
                .invalidValue, "It must be [value, value, weight]: two strings and a number.")
        }
    }

    /// Passes `body` each element of the "weights" of a cross, or of its variances, and its position; nil if it is not
    /// a pair.
    ///
    /// - Parameter message: the problem to report if there are none.
    @inline(never)
    mutating func forEachPair(
        of cross: KnownMembers?, missing message: StaticString, _ problems: inout Problems,
        _ body: (inout ModelDecoder, Pair?, Int, inout Problems) throws(Failure) -> Void
    ) throws(Failure) {
        guard let cross else { return try problems.report(.invalidValue, at: "weights", message) }
        guard var weights = try problems.enter(cross, "weights", .array, isRequired: true, message) else { return }
        defer { problems.path.pop() }
        guard weights.enter(closing: UInt8(ascii: "]")) else { return }
        var position = 0
        repeat {
            try problems.path.push(index: position)
            defer { problems.path.pop() }
            let pair = try pair(&weights)
            try body(&self, pair, position, &problems)
            position &+= 1
        } while try weights.nextElement(closing: UInt8(ascii: "]"))
    }

    /// The members of a cross, or of its variances; nil if the value is not an object. Skips it.
    private mutating func fieldsAndWeights(
        _ cursor: inout JSONCursor, _ problems: inout Problems
    ) throws(Failure) -> KnownMembers? {
        _ = cursor.nextByte()
        if cursor.isObject { return try members("fields weights", of: &cursor, &problems) }
        _ = try cursor.skipValue()
        return nil
    }

    private mutating func crossFields(
        _ value: JSONCursor?, _ problems: inout Problems
    ) throws(Failure) -> Model.CrossFields? {
        try problems.path.push(Text("fields"))
        defer { problems.path.pop() }
        guard let (first, second) = try twoNames(value), first != second else {
            try problems.report(.invalidValue, "\"fields\" is an array of two different names.")
            return nil
        }
        guard try checkField(first, &problems), try checkField(second, &problems) else { return nil }
        let fields = Model.CrossFields(
            first: first, second: second, firstKey: secret.number(field: first), secondKey: secret.number(field: second)
        )
        if isNumber(first, fields.firstKey) || isNumber(second, fields.secondKey) {
            try problems.report(.invalidValue, "A cross joins categories; one of its fields is in \"numeric\".")
            return nil
        }
        if find(first, fields.firstKey) == nil {
            try add(Model.Field(key: fields.firstKey, isNumber: false, name: first))
        }
        if find(second, fields.secondKey) == nil {
            try add(Model.Field(key: fields.secondKey, isNumber: false, name: second))
        }
        return fields
    }

    private func isNumber(_ field: Text, _ key: UInt64) -> Bool {
        find(field, key).map { model.fields[$0].isNumber } ?? false
    }

    /// The elements of an array of two strings; nil for anything else.
    mutating func twoNames(_ value: JSONCursor?) throws(Failure) -> (Text, Text)? {
        let bracket = UInt8(ascii: "]")
        guard var cursor = value, cursor.isArray, cursor.enter(closing: bracket), let first = try text(cursor) else {
            return nil
        }
        _ = try cursor.skipValue()
        guard try cursor.nextElement(closing: bracket), cursor.kind() == .string, let second = try text(cursor) else {
            return nil
        }
        _ = try cursor.skipValue()
        return try cursor.nextElement(closing: bracket) ? nil : (first, second)
    }

    /// Two values and the position of their number.
    struct Pair {
        var first: Text
        var second: Text
        var number: JSONCursor
    }

    /// Skips an element of `weights`. - Returns: nil unless it is an array of two strings and a third element.
    private mutating func pair(_ cursor: inout JSONCursor) throws(Failure) -> Pair? {
        _ = cursor.nextByte()
        let start = cursor
        let found = try pairIfSound(&cursor)
        if found == nil {
            cursor = start
            _ = try cursor.skipValue()
        }
        return found
    }

    private mutating func pairIfSound(_ cursor: inout JSONCursor) throws(Failure) -> Pair? {
        let (bracket, quote) = (UInt8(ascii: "]"), UInt8(ascii: "\""))
        guard cursor.isArray, cursor.enter(closing: bracket), cursor.byte == quote else { return nil }
        let first = try cursor.string()
        guard try cursor.nextElement(closing: bracket), cursor.nextByte() == quote else { return nil }
        let second = try cursor.string()
        guard try cursor.nextElement(closing: bracket) else { return nil }
        _ = cursor.nextByte()
        let number = cursor
        _ = try cursor.skipValue()
        if try cursor.nextElement(closing: bracket) { return nil }
        return Pair(first: try strings.text(first), second: try strings.text(second), number: number)
    }

    private mutating func decodePair(
        _ pair: Pair, _ fields: Model.CrossFields, _ index: Int, _ position: Int, _ problems: inout Problems
    ) throws(Failure) {
        guard try checkValue(pair.first, &problems), try checkValue(pair.second, &problems) else { return }
        try problems.path.push(index: 2)
        let weight = try number(pair.number, &problems)
        problems.path.pop()
        let cross = Model.CrossWeight(
            first: Model.Label(category: pair.first, of: fields.first, under: secret),
            second: Model.Label(category: pair.second, of: fields.second, under: secret), weight: weight ?? 0,
            index: index, position: position, firstValue: pair.first, secondValue: pair.second)
        let key = secret.cross(cross.first.key, cross.second.key)
        let found = crossTable.find(key)
        if found == KeyTable.none {
            try crossTable.insert(key, UInt32(truncatingIfNeeded: model.crosses.count))
        } else if model.crosses[Int(found)].check == cross.check {
            return try problems.report(.duplicateKey, "This pair of values has a weight already; keep one.")
        }
        try model.crosses.append(cross)
    }
}
