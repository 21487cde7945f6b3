// SPDX-License-Identifier: Apache-2.0

/// The parts of a document that hold weights: `categorical`, `numeric` and `crosses`.
extension ModelDecoder {
    @_optimize(speed)
    mutating func decodeCategorical(_ root: KnownMembers, _ problems: inout Problems) throws(Failure) {
        try path.push(Text("categorical"))
        defer { path.pop() }
        guard var cursor = root.member("categorical"), cursor.isObject else {
            try report(
                .invalidValue, "The object \"categorical\" is missing; it is {} for a model without categories.",
                &problems)
            return
        }
        guard cursor.enter(closing: UInt8(ascii: "}")) else { return }
        repeat {
            let (field, start) = try memberName(&cursor)
            let key = secret.number(field: field)
            if find(field, key) != nil { throw try twice(field, cursor.text, at: start, problems) }
            try path.push(field)
            defer { path.pop() }
            if try checkField(field, &problems) {
                try add(Model.Field(key: key, isNumber: false, name: field))
                if cursor.isObject {
                    try decodeValues(of: field, &cursor, &problems)
                    continue
                }
                try report(.invalidValue, "A field is an object of values and their weights.", &problems)
            }
            _ = try cursor.skipValue()
        } while try cursor.nextElement(closing: UInt8(ascii: "}"))
    }

    /// Decodes the values of a field and their weights, which are nearly all of a document.
    private mutating func decodeValues(
        of field: Text, _ callersCursor: inout JSONCursor, _ problems: inout Problems
    ) throws(Failure) {
        var cursor = callersCursor
        if cursor.enter(closing: UInt8(ascii: "}")) {
            repeat {
                let (value, start) = try memberName(&cursor)
                var weight = 0.0
                if JSONCursor.isNumber(cursor.byte) {
                    let place = cursor
                    weight = try cursor.number().value
                    if weight.magnitude > ModelDecoder.maximumWeight { try refuse(place, of: value, &problems) }
                } else {
                    try refuse(cursor, of: value, &problems)
                    var ahead = cursor
                    _ = try ahead.skipValue()
                    cursor.moveTo(ahead.offset)
                }
                if value.count > ModelDecoder.maximumValueBytes { try refuse(value, &problems) }
                let label = Model.Label(category: value, of: field, under: secret)
                let found = categoryTable.find(label.key)
                if found == KeyTable.none {
                    try categoryTable.insert(label.key, UInt32(truncatingIfNeeded: model.categories.count))
                } else if isCategory(found, value, of: field) {
                    throw try twice(value, cursor.text, at: start, problems)
                }
                try model.categories.append(
                    Model.CategoryWeight(label: label, weight: weight, field: field, value: value))
            } while try cursor.nextElement(closing: UInt8(ascii: "}"))
        }
        callersCursor.moveTo(cursor.offset)
    }

    /// Reports what is wrong with a weight, at which the cursor stands.
    @inline(never)
    private mutating func refuse(_ weight: JSONCursor, of value: Text, _ problems: inout Problems) throws(Failure) {
        try path.push(value)
        defer { path.pop() }
        _ = try number(weight, &problems)
    }

    /// Reports what is wrong with the value of a category.
    @inline(never)
    private mutating func refuse(_ value: Text, _ problems: inout Problems) throws(Failure) {
        try path.push(value)
        defer { path.pop() }
        _ = try checkValue(value, &problems)
    }

    /// Whether the category at a place is that of the given names, which have its key.
    func isCategory(_ position: UInt32, _ value: Text, of field: Text) -> Bool {
        let category = model.categories[Int(position)]
        return category.value == value && category.field == field
    }

    /// The place of a field in the model, if it has an opinion on it beside crosses.
    func find(_ field: Text, _ key: UInt64) -> Int? {
        let found = fieldTable.find(key)
        return found == KeyTable.none || model.fields[Int(found)].name != field ? nil : Int(found)
    }

    private mutating func add(_ field: Model.Field) throws(Failure) {
        if fieldTable.find(field.key) == KeyTable.none {
            try fieldTable.insert(field.key, UInt32(truncatingIfNeeded: model.fields.count))
        }
        try model.fields.append(field)
    }

    mutating func decodeNumeric(_ root: KnownMembers, _ problems: inout Problems) throws(Failure) {
        guard var cursor = root.member("numeric") else { return }
        try path.push(Text("numeric"))
        defer { path.pop() }
        guard cursor.isObject else {
            try report(.invalidValue, "\"numeric\" is an object of fields.", &problems)
            return
        }
        guard cursor.enter(closing: UInt8(ascii: "}")) else { return }
        repeat {
            let (field, start) = try memberName(&cursor)
            let parameters = cursor
            _ = try cursor.skipValue()
            let key = secret.number(field: field)
            let known = find(field, key)
            if let known, model.fields[known].isNumber { throw try twice(field, cursor.text, at: start, problems) }
            try path.push(field)
            defer { path.pop() }
            guard try checkField(field, &problems) else { continue }
            guard known == nil else {
                try report(
                    .invalidValue, "The field is also in \"categorical\"; a field is one or the other.", &problems)
                continue
            }
            try add(Model.Field(key: key, isNumber: true, name: field))
            try decodeNumber(field, parameters, &problems)
        } while try cursor.nextElement(closing: UInt8(ascii: "}"))
    }

    private mutating func decodeNumber(
        _ field: Text, _ value: JSONCursor, _ problems: inout Problems
    ) throws(Failure) {
        guard value.isObject else {
            try report(.invalidValue, "A numeric field is an object of mean, std and weight.", &problems)
            return
        }
        var cursor = value
        let parameters = try members("mean std weight ", of: &cursor, problems)
        let mean = try number(parameters, "mean", upTo: ModelDecoder.maximumNumber, &problems)
        let std = try number(parameters, "std", upTo: ModelDecoder.maximumNumber, &problems)
        let weight = try number(parameters, "weight", &problems)
        guard let mean, let std, let weight else { return }
        guard std > 0, (weight / std).isFinite else {
            try report(.invalidValue, at: "std", "The standard deviation must be above 0 and not tiny.", &problems)
            return
        }
        model.fields[model.fields.count - 1].number = model.numbers.count
        try model.numbers.append(
            Model.NumberWeight(
                label: Model.Label(number: field, under: secret), mean: mean, slope: weight / std, std: std,
                field: field))
    }

    mutating func decodeCrosses(_ root: KnownMembers, _ problems: inout Problems) throws(Failure) {
        guard var cursor = root.member("crosses") else { return }
        try path.push(Text("crosses"))
        defer { path.pop() }
        guard cursor.isArray else {
            try report(.invalidValue, "\"crosses\" is an array.", &problems)
            return
        }
        guard cursor.enter(closing: UInt8(ascii: "]")) else { return }
        repeat {
            try path.push(index: model.crossFields.count)
            defer { path.pop() }
            try decodeCross(&cursor, &problems)
        } while try cursor.nextElement(closing: UInt8(ascii: "]"))
    }

    private mutating func decodeCross(_ cursor: inout JSONCursor, _ problems: inout Problems) throws(Failure) {
        let cross = try fieldsAndWeights(&cursor, problems)
        let index = model.crossFields.count
        let fields = try crossFields(cross?.member("fields"), &problems)
        // One for each element of the document's, so that an index is the same in both.
        let none = Model.CrossFields(first: .empty, second: .empty, firstKey: 0, secondKey: 0)
        try model.crossFields.append(fields ?? none)
        guard let fields else { return }
        try path.push(Text("weights"))
        defer { path.pop() }
        guard var weights = cross?.member("weights"), weights.isArray else {
            try report(.invalidValue, "The array \"weights\" of [value, value, weight] is missing.", &problems)
            return
        }
        guard weights.enter(closing: UInt8(ascii: "]")) else { return }
        var position = 0
        repeat {
            try path.push(index: position)
            defer { path.pop() }
            if let pair = try pair(&weights) {
                try decodePair(pair, fields, index, position, &problems)
            } else {
                try report(.invalidValue, "It must be [value, value, weight]: two strings and a number.", &problems)
            }
            position &+= 1
        } while try weights.nextElement(closing: UInt8(ascii: "]"))
    }

    /// The members of a cross, or of its variances; nil where the value is no object. Passes over it.
    mutating func fieldsAndWeights(
        _ cursor: inout JSONCursor, _ problems: borrowing Problems
    ) throws(Failure) -> KnownMembers? {
        _ = cursor.nextByte()
        if cursor.isObject { return try members("fields weights ", of: &cursor, problems) }
        _ = try cursor.skipValue()
        return nil
    }

    private mutating func crossFields(
        _ value: JSONCursor?, _ problems: inout Problems
    ) throws(Failure) -> Model.CrossFields? {
        try path.push(Text("fields"))
        defer { path.pop() }
        guard let (first, second) = try twoNames(value), first != second else {
            try report(.invalidValue, "\"fields\" is an array of two different names.", &problems)
            return nil
        }
        guard try checkField(first, &problems), try checkField(second, &problems) else { return nil }
        let fields = Model.CrossFields(
            first: first, second: second, firstKey: secret.number(field: first), secondKey: secret.number(field: second)
        )
        if isNumber(first, fields.firstKey) || isNumber(second, fields.secondKey) {
            try report(.invalidValue, "A cross joins categories; one of its fields is in \"numeric\".", &problems)
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

    /// Two values and where their number stands.
    struct Pair {
        var first: Text
        var second: Text
        var number: JSONCursor
    }

    /// Passes over an element of `weights`. - Returns: nil where it is no array of two strings and something else.
    mutating func pair(_ cursor: inout JSONCursor) throws(Failure) -> Pair? {
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
        try path.push(index: 2)
        let weight = try number(pair.number, &problems)
        path.pop()
        let cross = Model.CrossWeight(
            first: Model.Label(category: pair.first, of: fields.first, under: secret),
            second: Model.Label(category: pair.second, of: fields.second, under: secret), weight: weight ?? 0,
            index: index,
            position: position, firstValue: pair.first, secondValue: pair.second)
        let key = secret.cross(cross.first.key, cross.second.key)
        let found = crossTable.find(key)
        if found == KeyTable.none {
            try crossTable.insert(key, UInt32(truncatingIfNeeded: model.crosses.count))
        } else if model.crosses[Int(found)].check == cross.check {
            return try report(.duplicateKey, "This pair of values has a weight already; keep one.", &problems)
        }
        try model.crosses.append(cross)
    }
}
