// SPDX-License-Identifier: Apache-2.0

/// The parts of a document that hold weights: `categorical` and `numeric`.
extension ModelDecoder {
    @_optimize(speed)
    mutating func decodeCategorical(_ root: KnownMembers, _ problems: inout Problems) throws(Failure) {
        guard
            var cursor = try problems.enter(
                root, "categorical", .object, isRequired: true,
                "The object \"categorical\" is missing; it is {} for a model without categories.")
        else { return }
        defer { problems.path.pop() }
        guard cursor.enter(closing: UInt8(ascii: "}")) else { return }
        repeat {
            let (field, start) = try memberName(&cursor)
            let key = secret.number(field: field)
            if find(field, key) != nil { throw try problems.twice(field, cursor.text, at: start) }
            try problems.path.push(field)
            defer { problems.path.pop() }
            if try checkField(field, &problems) {
                try add(Model.Field(key: key, isNumber: false, name: field))
                if cursor.isObject {
                    try decodeValues(of: field, &cursor, &problems)
                    continue
                }
                try problems.report(.invalidValue, "A field is an object of values and their weights.")
            }
            _ = try cursor.skipValue()
        } while try cursor.nextElement(closing: UInt8(ascii: "}"))
    }

    /// Decodes the values of a field and their weights, which are almost all of a document.
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
                    throw try problems.twice(value, cursor.text, at: start)
                }
                try model.categories.append(
                    Model.CategoryWeight(label: label, weight: weight, field: field, value: value))
            } while try cursor.nextElement(closing: UInt8(ascii: "}"))
        }
        callersCursor.moveTo(cursor.offset)
    }

    /// Reports the problem of the weight at the cursor.
    @inline(never)
    private mutating func refuse(_ weight: JSONCursor, of value: Text, _ problems: inout Problems) throws(Failure) {
        try problems.path.push(value)
        defer { problems.path.pop() }
        _ = try number(weight, &problems)
    }

    /// Reports the problem of a category's value.
    @inline(never)
    private mutating func refuse(_ value: Text, _ problems: inout Problems) throws(Failure) {
        try problems.path.push(value)
        defer { problems.path.pop() }
        _ = try checkValue(value, &problems)
    }

    /// Whether the category at an index is that of the given names, which have its key.
    func isCategory(_ position: UInt32, _ value: Text, of field: Text) -> Bool {
        let category = model.categories[Int(position)]
        return category.value == value && category.field == field
    }

    /// The index of a field in the model, if the model has weights for it besides crosses.
    func find(_ field: Text, _ key: UInt64) -> Int? {
        let found = fieldTable.find(key)
        return found == KeyTable.none || model.fields[Int(found)].name != field ? nil : Int(found)
    }

    mutating func add(_ field: Model.Field) throws(Failure) {
        if fieldTable.find(field.key) == KeyTable.none {
            try fieldTable.insert(field.key, UInt32(truncatingIfNeeded: model.fields.count))
        }
        try model.fields.append(field)
    }

    mutating func decodeNumeric(_ root: KnownMembers, _ problems: inout Problems) throws(Failure) {
        guard var cursor = try problems.enter(root, "numeric", .object, "\"numeric\" is an object of fields.") else {
            return
        }
        defer { problems.path.pop() }
        guard cursor.enter(closing: UInt8(ascii: "}")) else { return }
        repeat {
            let (field, start) = try memberName(&cursor)
            let parameters = cursor
            _ = try cursor.skipValue()
            let key = secret.number(field: field)
            let known = find(field, key)
            if let known, model.fields[known].isNumber { throw try problems.twice(field, cursor.text, at: start) }
            try problems.path.push(field)
            defer { problems.path.pop() }
            guard try checkField(field, &problems) else { continue }
            guard known == nil else {
                try problems.report(
                    .invalidValue, "The field is also in \"categorical\"; a field is one or the other.")
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
            try problems.report(.invalidValue, "A numeric field is an object of mean, std and weight.")
            return
        }
        var cursor = value
        let parameters = try members("mean std weight", of: &cursor, &problems)
        let mean = try number(parameters, "mean", upTo: ModelDecoder.maximumNumber, &problems)
        let std = try number(parameters, "std", upTo: ModelDecoder.maximumNumber, &problems)
        let weight = try number(parameters, "weight", &problems)
        guard let mean, let std, let weight else { return }
        guard std > 0, (weight / std).isFinite else {
            try problems.report(.invalidValue, at: "std", "The standard deviation must be above 0 and not tiny.")
            return
        }
        model.fields[model.fields.count - 1].number = model.numbers.count
        try model.numbers.append(
            Model.NumberWeight(
                label: Model.Label(number: field, under: secret), mean: mean, slope: weight / std, std: std,
                field: field))
    }
}
