// SPDX-License-Identifier: Apache-2.0

/// The member `variance` of a model: how uncertain its weights are, each under the name that it has among the weights.
extension ModelDecoder {
    /// To be called when the weights have been decoded.
    mutating func decodeVariance(_ root: JSONValue, _ problems: inout Problems) throws(Failure) {
        guard let variance = root.member("variance"), !variance.isNull else { return }
        try path.push(Text("variance"))
        defer { path.pop() }
        guard variance.isObject else {
            try report(
                .invalidValue, "\"variance\" is an object of intercept, categorical, numeric and crosses.", &problems)
            return
        }
        if let intercept = variance.member("intercept") {
            try path.push(Text("intercept"))
            defer { path.pop() }
            if let number = try self.variance(intercept, &problems) { try add(number, key: 0) }
        }
        try decodeCategoricalVariance(variance, root, &problems)
        try decodeNumericVariance(variance, root, &problems)
        try decodeCrossVariance(variance, &problems)
        try refuseMisspeltMembers(variance, OptionalMember.variance, &problems)
    }

    private mutating func decodeCategoricalVariance(
        _ variance: JSONValue, _ root: JSONValue, _ problems: inout Problems
    ) throws(Failure) {
        guard let fields = variance.member("categorical") else { return }
        try path.push(Text("categorical"))
        defer { path.pop() }
        guard try checkObject(fields, "\"categorical\" is an object of fields.", &problems) else { return }
        let weights = root.member("categorical")
        for (field, values) in fields.members {
            try path.push(field)
            defer { path.pop() }
            guard try checkObject(values, "A field is an object of values and their variances.", &problems) else {
                continue
            }
            let known = weights?.member(field)
            for (value, number) in values.members {
                try path.push(value)
                defer { path.pop() }
                guard let known, known.hasMember(value) else {
                    try reportUnknownWeight(&problems)
                    continue
                }
                guard let number = try self.variance(number, &problems) else { continue }
                try add(number, key: secret.category(field: field, value: value))
            }
        }
    }

    private mutating func decodeNumericVariance(
        _ variance: JSONValue, _ root: JSONValue, _ problems: inout Problems
    ) throws(Failure) {
        guard let fields = variance.member("numeric") else { return }
        try path.push(Text("numeric"))
        defer { path.pop() }
        guard try checkObject(fields, "\"numeric\" is an object of fields.", &problems) else { return }
        let weights = root.member("numeric")
        for (field, number) in fields.members {
            try path.push(field)
            defer { path.pop() }
            guard let known = weights?.member(field) else {
                try reportUnknownWeight(&problems)
                continue
            }
            guard let number = try self.variance(number, &problems) else { continue }
            // A standard deviation that cannot be one has been reported with the weights.
            guard let std = known.member("std")?.number, std > 0 else { continue }
            let ofSlope = number / std / std
            guard Float(ofSlope).isFinite else {
                try report(
                    .invalidValue, "Divided by the square of \"std\" it is no finite number; lower it.", &problems)
                continue
            }
            try add(ofSlope, key: secret.number(field: field))
        }
    }

    private mutating func decodeCrossVariance(_ variance: JSONValue, _ problems: inout Problems) throws(Failure) {
        guard let crosses = variance.member("crosses") else { return }
        try path.push(Text("crosses"))
        defer { path.pop() }
        guard crosses.isArray else {
            try report(.invalidValue, "\"crosses\" is an array.", &problems)
            return
        }
        // Where the weight of a pair stands in the model.
        var weights = KeyTable()
        for position in 0..<model.crosses.count {
            let key = secret.cross(model.crosses[position].first.key, model.crosses[position].second.key)
            if weights.find(key) == KeyTable.none { try weights.insert(key, UInt32(position)) }
        }
        for index in 0..<crosses.count {
            guard let cross = crosses.element(index) else { continue }
            try path.push(index: index)
            defer { path.pop() }
            guard let (first, second) = try varianceFields(cross, &problems) else { continue }
            try path.push(Text("weights"))
            defer { path.pop() }
            guard let entries = cross.member("weights"), entries.isArray else {
                try report(.invalidValue, "The array \"weights\" of [value, value, variance] is missing.", &problems)
                continue
            }
            for position in 0..<entries.count {
                guard let entry = entries.element(position) else { continue }
                try path.push(index: position)
                defer { path.pop() }
                try decodeCrossVariance(entry, first, second, weights, &problems)
            }
        }
    }

    private mutating func varianceFields(
        _ cross: JSONValue, _ problems: inout Problems
    ) throws(Failure) -> (Text, Text)? {
        guard let fields = cross.member("fields"), fields.count == 2, let first = fields.element(0)?.text,
            let second = fields.element(1)?.text
        else {
            try report(.invalidValue, at: "fields", "\"fields\" is an array of two names.", &problems)
            return nil
        }
        return (first, second)
    }

    private mutating func decodeCrossVariance(
        _ entry: JSONValue, _ firstField: Text, _ secondField: Text, _ weights: borrowing KeyTable,
        _ problems: inout Problems
    ) throws(Failure) {
        guard entry.isArray, entry.count == 3, let first = entry.element(0)?.text, let second = entry.element(1)?.text
        else {
            try report(
                .invalidValue, "It must be [value, value, variance]: two strings and a number.", &problems)
            return
        }
        let key = secret.cross(
            secret.category(field: firstField, value: first), secret.category(field: secondField, value: second))
        let found = weights.find(key)
        if found == KeyTable.none { return try reportUnknownWeight(&problems) }
        if model.crosses[Int(found)].hasVariance {
            return try report(
                .duplicateKey, "This pair of values has a variance already; keep one.", &problems)
        }
        try path.push(index: 2)
        defer { path.pop() }
        guard let number = try variance(entry.element(2), &problems) else { return }
        model.crosses[Int(found)].hasVariance = true
        try add(number, key: key)
    }

    private mutating func add(_ variance: Double, key: UInt64) throws(Failure) {
        try model.variances.append(Model.Variance(key: key, variance: Float(variance)))
    }

    /// The variance at which the decoder stands.
    private mutating func variance(_ value: JSONValue?, _ problems: inout Problems) throws(Failure) -> Double? {
        if let number = value?.number, number >= 0, number <= ModelDecoder.maximumVariance { return number }
        try report(
            .invalidValue, "A variance is a number from 0 to \(ModelDecoder.maximumVariance).", &problems)
        return nil
    }

    private mutating func checkObject(
        _ value: JSONValue, _ message: Message, _ problems: inout Problems
    ) throws(Failure) -> Bool {
        if value.isObject { return true }
        try report(.invalidValue, message, &problems)
        return false
    }

    private mutating func reportUnknownWeight(_ problems: inout Problems) throws(Failure) {
        try report(
            .invalidValue, "The model has no weight of that name; give the weight, too, or drop its variance.",
            &problems)
    }
}
