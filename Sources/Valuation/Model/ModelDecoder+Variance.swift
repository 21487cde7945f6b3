// SPDX-License-Identifier: Apache-2.0

/// The member `variance` of a model: the uncertainty of its weights, each under the name that it has among the weights.
extension ModelDecoder {
    /// Must be called after the weights have been decoded.
    mutating func decodeVariance(_ root: KnownMembers, _ problems: inout Problems) throws(Failure) {
        guard
            let value = try problems.enter(
                root, "variance", .object, orNull: true,
                "\"variance\" is an object of intercept, categorical, numeric and crosses.")
        else { return }
        defer { problems.path.pop() }
        var cursor = value
        let variance = try members("intercept categorical numeric crosses", of: &cursor, &problems)
        if let intercept = variance.member("intercept") {
            try problems.path.push(Text("intercept"))
            defer { problems.path.pop() }
            if let number = try self.variance(intercept, &problems) { model.interceptVariance = number }
        }
        try decodeCategoricalVariance(variance, &problems)
        try decodeNumericVariance(variance, &problems)
        try decodeCrossVariance(variance, &problems)
        try refuseMisspeltMembers(value, .variance, &problems)
    }

    private mutating func decodeCategoricalVariance(
        _ variance: KnownMembers, _ problems: inout Problems
    ) throws(Failure) {
        guard
            var cursor = try problems.enter(
                variance, "categorical", .object, "\"categorical\" is an object of fields.")
        else { return }
        defer { problems.path.pop() }
        guard cursor.enter(closing: UInt8(ascii: "}")) else { return }
        repeat {
            let (field, start) = try memberName(&cursor)
            if let known = find(field, secret.number(field: field)), !model.fields[known].isNumber {
                if model.fields[known].hasVariances { throw try problems.twice(field, cursor.text, at: start) }
                model.fields[known].hasVariances = true
            }
            try problems.path.push(field)
            defer { problems.path.pop() }
            if cursor.isObject {
                try decodeVariances(of: field, &cursor, &problems)
                continue
            }
            try problems.report(.invalidValue, "A field is an object of values and their variances.")
            _ = try cursor.skipValue()
        } while try cursor.nextElement(closing: UInt8(ascii: "}"))
    }

    private mutating func decodeVariances(
        of field: Text, _ cursor: inout JSONCursor, _ problems: inout Problems
    ) throws(Failure) {
        guard cursor.enter(closing: UInt8(ascii: "}")) else { return }
        repeat {
            let (value, start) = try memberName(&cursor)
            let place = cursor
            _ = try cursor.skipValue()
            let key = secret.category(field: field, value: value)
            let found = categoryTable.find(key)
            let isKnown = found != KeyTable.none && isCategory(found, value, of: field)
            if isKnown && !model.categories[Int(found)].variance.isNaN {
                throw try problems.twice(value, cursor.text, at: start)
            }
            try problems.path.push(value)
            defer { problems.path.pop() }
            guard isKnown else {
                try reportUnknownWeight(&problems)
                continue
            }
            if let number = try variance(place, &problems) { model.categories[Int(found)].variance = number }
        } while try cursor.nextElement(closing: UInt8(ascii: "}"))
    }

    private mutating func decodeNumericVariance(
        _ variance: KnownMembers, _ problems: inout Problems
    ) throws(Failure) {
        guard
            var cursor = try problems.enter(variance, "numeric", .object, "\"numeric\" is an object of fields.")
        else { return }
        defer { problems.path.pop() }
        guard cursor.enter(closing: UInt8(ascii: "}")) else { return }
        repeat {
            let (field, start) = try memberName(&cursor)
            let place = cursor
            _ = try cursor.skipValue()
            let known = find(field, secret.number(field: field))
            guard let known, model.fields[known].isNumber else {
                try problems.path.push(field)
                defer { problems.path.pop() }
                try reportUnknownWeight(&problems)
                continue
            }
            if model.fields[known].hasVariances { throw try problems.twice(field, cursor.text, at: start) }
            model.fields[known].hasVariances = true
            try problems.path.push(field)
            defer { problems.path.pop() }
            // An invalid weight has been reported with the weights.
            guard let number = try self.variance(place, &problems), model.fields[known].number >= 0 else { continue }
            let weight = model.numbers[model.fields[known].number]
            let ofSlope = Float(Double(number) / weight.std / weight.std)
            guard ofSlope.isFinite else {
                try problems.report(
                    .invalidValue, "Divided by the square of \"std\" it is no finite number; lower it.")
                continue
            }
            model.numbers[model.fields[known].number].variance = ofSlope
        } while try cursor.nextElement(closing: UInt8(ascii: "}"))
    }

    private mutating func decodeCrossVariance(
        _ variance: KnownMembers, _ problems: inout Problems
    ) throws(Failure) {
        try forEachCross(of: variance, &problems) { decoder, cross, problems throws(Failure) in
            try decoder.decodeVariances(ofCross: cross, &problems)
        }
    }

    private mutating func decodeVariances(
        ofCross cross: KnownMembers?, _ problems: inout Problems
    ) throws(Failure) {
        guard let (first, second) = try twoNames(cross?.member("fields")) else {
            return try problems.report(.invalidValue, at: "fields", "\"fields\" is an array of two names.")
        }
        try forEachPair(of: cross, missing: "The array \"weights\" of [value, value, variance] is missing.", &problems)
        {
            decoder, pair, _, problems throws(Failure) in
            try decoder.decodeVarianceOfPair(pair, first, second, &problems)
        }
    }

    private mutating func decodeVarianceOfPair(
        _ pair: Pair?, _ firstField: Text, _ secondField: Text, _ problems: inout Problems
    ) throws(Failure) {
        guard let pair else {
            try problems.report(
                .invalidValue, "It must be [value, value, variance]: two strings and a number.")
            return
        }
        let first = Model.Label(category: pair.first, of: firstField, under: secret)
        let second = Model.Label(category: pair.second, of: secondField, under: secret)
        let key = secret.cross(first.key, second.key)
        let found = crossTable.find(key)
        guard found != KeyTable.none, model.crosses[Int(found)].check == first.check ^ second.check else {
            return try reportUnknownWeight(&problems)
        }
        if !model.crosses[Int(found)].variance.isNaN {
            return try problems.report(.duplicateKey, "This pair of values has a variance already; keep one.")
        }
        try problems.path.push(index: 2)
        defer { problems.path.pop() }
        if let number = try variance(pair.number, &problems) { model.crosses[Int(found)].variance = number }
    }

    /// The variance at a cursor; counts it.
    private mutating func variance(_ value: JSONCursor, _ problems: inout Problems) throws(Failure) -> Float? {
        if let number = try value.numberValue(), number >= 0, number <= ModelDecoder.maximumVariance {
            model.varianceCount += 1
            return Float(number)
        }
        try problems.report(
            .invalidValue, "A variance is a number from 0 to \(ModelDecoder.maximumVariance).")
        return nil
    }

    private mutating func reportUnknownWeight(_ problems: inout Problems) throws(Failure) {
        try problems.report(
            .invalidValue, "The model has no weight of that name; give the weight, too, or drop its variance.")
    }
}
