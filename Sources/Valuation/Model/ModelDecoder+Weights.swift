// SPDX-License-Identifier: Apache-2.0

/// The parts of a document that hold weights: `categorical`, `numeric` and `crosses`.
extension ModelDecoder {
    mutating func decodeCategorical(_ root: JSONValue, _ problems: inout Problems) throws(Failure) {
        try path.push(Text("categorical"))
        defer { path.pop() }
        guard let fields = root.member("categorical"), fields.isObject else {
            try report(
                .invalidValue, "The object \"categorical\" is missing; it is {} for a model without categories.",
                &problems)
            return
        }
        for (field, values) in fields.members {
            try path.push(field)
            defer { path.pop() }
            guard try checkField(field, &problems) else { continue }
            guard values.isObject else {
                try report(.invalidValue, "A field is an object of values and their weights.", &problems)
                continue
            }
            try model.fields.append(Model.Field(key: secret.number(field: field), isNumber: false))
            for (value, weight) in values.members {
                try path.push(value)
                defer { path.pop() }
                guard try checkValue(value, &problems), let weight = try number(weight, &problems) else { continue }
                let label = Model.Label(category: value, of: field, under: secret)
                try model.categories.append(
                    Model.CategoryWeight(label: label, weight: weight, field: field, value: value))
            }
        }
    }

    mutating func decodeNumeric(_ root: JSONValue, _ problems: inout Problems) throws(Failure) {
        guard let fields = root.member("numeric") else { return }
        try path.push(Text("numeric"))
        defer { path.pop() }
        guard fields.isObject else {
            try report(.invalidValue, "\"numeric\" is an object of fields.", &problems)
            return
        }
        let categorical = root.member("categorical")
        let variances = root.member("variance")?.member("numeric")
        for (field, parameters) in fields.members {
            try path.push(field)
            defer { path.pop() }
            guard try checkField(field, &problems) else { continue }
            guard parameters.isObject else {
                try report(.invalidValue, "A numeric field is an object of mean, std and weight.", &problems)
                continue
            }
            if let categorical, categorical.hasMember(field) {
                try report(
                    .invalidValue, "The field is also in \"categorical\"; a field is one or the other.", &problems)
                continue
            }
            let mean = try number(parameters, "mean", upTo: ModelDecoder.maximumNumber, &problems)
            let std = try number(parameters, "std", upTo: ModelDecoder.maximumNumber, &problems)
            let weight = try number(parameters, "weight", &problems)
            guard let mean, let std, let weight else { continue }
            guard std > 0, (weight / std).isFinite else {
                try report(.invalidValue, at: "std", "The standard deviation must be above 0 and not tiny.", &problems)
                continue
            }
            let label = Model.Label(number: field, under: secret)
            try model.fields.append(Model.Field(key: label.key, isNumber: true))
            try model.numbers.append(
                Model.NumberWeight(
                    label: label, mean: mean, slope: weight / std, hasVariance: variances?.hasMember(field) ?? false,
                    field: field))
        }
    }

    mutating func decodeCrosses(_ root: JSONValue, _ problems: inout Problems) throws(Failure) {
        guard let crosses = root.member("crosses") else { return }
        try path.push(Text("crosses"))
        defer { path.pop() }
        guard crosses.isArray else {
            try report(.invalidValue, "\"crosses\" is an array.", &problems)
            return
        }
        for index in 0..<crosses.count {
            guard let cross = crosses.element(index) else { continue }
            try path.push(index: index)
            defer { path.pop() }
            guard let (first, second) = try crossFields(cross, numeric: root.member("numeric"), &problems) else {
                continue
            }
            try path.push(Text("weights"))
            defer { path.pop() }
            guard let weights = cross.member("weights"), weights.isArray else {
                try report(.invalidValue, "The array \"weights\" of [value, value, weight] is missing.", &problems)
                continue
            }
            for position in 0..<weights.count {
                guard let weight = weights.element(position) else { continue }
                try path.push(index: position)
                defer { path.pop() }
                try decodeCrossWeight(weight, first, second, index: index, position: position, &problems)
            }
        }
    }

    private mutating func crossFields(
        _ cross: JSONValue, numeric: JSONValue?, _ problems: inout Problems
    ) throws(Failure) -> (Text, Text)? {
        try path.push(Text("fields"))
        defer { path.pop() }
        guard let fields = cross.member("fields"), fields.count == 2, let first = fields.element(0)?.text,
            let second = fields.element(1)?.text, first != second
        else {
            try report(.invalidValue, "\"fields\" is an array of two different names.", &problems)
            return nil
        }
        guard try checkField(first, &problems), try checkField(second, &problems) else { return nil }
        if let numeric, numeric.hasMember(first) || numeric.hasMember(second) {
            try report(.invalidValue, "A cross joins categories; one of its fields is in \"numeric\".", &problems)
            return nil
        }
        try model.fields.append(Model.Field(key: secret.number(field: first), isNumber: false))
        try model.fields.append(Model.Field(key: secret.number(field: second), isNumber: false))
        return (first, second)
    }

    private mutating func decodeCrossWeight(
        _ entry: JSONValue, _ firstField: Text, _ secondField: Text, index: Int, position: Int,
        _ problems: inout Problems
    ) throws(Failure) {
        guard entry.isArray, entry.count == 3, let first = entry.element(0)?.text, let second = entry.element(1)?.text
        else {
            try report(.invalidValue, "It must be [value, value, weight]: two strings and a number.", &problems)
            return
        }
        guard try checkValue(first, &problems), try checkValue(second, &problems) else { return }
        try path.push(index: 2)
        defer { path.pop() }
        guard let weight = try number(entry.element(2), &problems) else { return }
        try model.crosses.append(
            Model.CrossWeight(
                first: Model.Label(category: first, of: firstField, under: secret),
                second: Model.Label(category: second, of: secondField, under: secret),
                firstField: secret.number(field: firstField), secondField: secret.number(field: secondField),
                weight: weight, index: index, position: position))
    }
}
