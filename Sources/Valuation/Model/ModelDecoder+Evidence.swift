// SPDX-License-Identifier: Apache-2.0

/// The parts of a document about the origin of the model and its verification: `training` and `self_test`.
extension ModelDecoder {
    mutating func decodeTraining(_ root: KnownMembers, _ problems: inout Problems) throws(Failure) {
        guard
            var cursor = try problems.enter(root, "training", .object, orNull: true, "\"training\" is an object.")
        else { return }
        defer { problems.path.pop() }
        let training = try members("rows positives base_rate auc log_loss trainer", of: &cursor, &problems)
        model.training.isPresent = true
        model.training.rows = try problems.number(training, "rows", to: ModelDecoder.maximumCount, orNull: true) ?? -1
        model.training.positives =
            try problems.number(training, "positives", to: ModelDecoder.maximumCount, orNull: true) ?? -1
        model.training.baseRate = try problems.number(training, "base_rate", to: 1, orNull: true) ?? .nan
        // They become impressions; 0 / 0 says nothing.
        if model.training.positives / model.training.baseRate > ModelDecoder.maximumCount {
            try problems.report(
                .invalidValue, at: "base_rate",
                "With these positives it makes more than 1e15 impressions; give positives / rows.")
        }
        model.training.auc = try problems.number(training, "auc", to: 1, orNull: true) ?? .nan
        model.training.logLoss = try problems.number(training, "log_loss", to: 1e9, orNull: true) ?? .nan
        if let trainer = training.member("trainer"), !trainer.isNull {
            if let text = try text(trainer), text.count <= ModelDecoder.maximumNameBytes {
                try model.trainer.append(text)
            } else {
                try problems.report(.invalidValue, at: "trainer", "It must be a string of at most 255 bytes.")
            }
        }
        try checkTraining(&problems)
    }

    /// Refuses counts that cannot all be true, because they become rates.
    private mutating func checkTraining(_ problems: inout Problems) throws(Failure) {
        let (rows, positives, rate) = (model.training.rows, model.training.positives, model.training.baseRate)
        if rows < 0 || positives < 0 { return }
        if positives > rows {
            return try problems.report(
                .invalidValue, at: "positives", "There are more than rows; count both before negatives are dropped.")
        }
        // It may have been rounded to two digits, or smoothed.
        if rate.isNaN || (rate * rows - positives).magnitude <= max(1, 0.05 * positives) { return }
        try problems.report(
            .invalidValue, at: "base_rate",
            "It is \(rate), but positives / rows is \(positives / rows); give all three as before negatives are dropped."
        )
    }

    mutating func decodeSelfTest(_ root: KnownMembers, _ problems: inout Problems) throws(Failure) {
        guard var cursor = try problems.enter(root, "self_test", .array, "\"self_test\" is an array of examples.")
        else { return }
        defer { problems.path.pop() }
        if try ModelDecoder.holdsMore(than: ModelDecoder.maximumExamples, cursor) {
            try problems.report(.limitExceeded, "More than 1,000 examples; a few that touch every kind of weight do.")
            return
        }
        guard cursor.enter(closing: UInt8(ascii: "]")) else { return }
        var index = 0
        repeat {
            try problems.path.push(index: index)
            defer { problems.path.pop() }
            try decodeExample(&cursor, index, &problems)
            index &+= 1
        } while try cursor.nextElement(closing: UInt8(ascii: "]"))
    }

    /// Whether an array has more than `limit` elements.
    private static func holdsMore(than limit: Int, _ array: JSONCursor) throws(Failure) -> Bool {
        var cursor = array
        guard cursor.enter(closing: UInt8(ascii: "]")) else { return false }
        var count = 0
        repeat {
            if count == limit { return true }
            _ = try cursor.skipValue()
            count &+= 1
        } while try cursor.nextElement(closing: UInt8(ascii: "]"))
        return false
    }

    private mutating func decodeExample(
        _ cursor: inout JSONCursor, _ index: Int, _ problems: inout Problems
    ) throws(Failure) {
        _ = cursor.nextByte()
        guard cursor.isObject else {
            _ = try cursor.skipValue()
            return try problems.report(.invalidValue, at: "features", "The object \"features\" is missing.")
        }
        let example = try members("features probability", of: &cursor, &problems)
        guard let features = example.member("features"), features.isObject else {
            return try problems.report(.invalidValue, at: "features", "The object \"features\" is missing.")
        }
        guard let probability = try number(example, "probability", &problems) else { return }
        guard probability > 0, probability <= 1 else {
            return try problems.report(
                .invalidValue, at: "probability", "A probability is above 0 and at most 1.")
        }
        let text = try checkedFeatures(features, &problems)
        let start = model.exampleTexts.count
        try model.exampleTexts.append(text)
        try model.examples.append(
            Model.Example(start: start, end: model.exampleTexts.count, probability: probability, index: index))
    }

    /// The text of features, none of which occurs twice.
    private mutating func checkedFeatures(
        _ features: JSONCursor, _ problems: inout Problems
    ) throws(Failure) -> Text {
        var cursor = features
        exampleFields.removeAll()
        if cursor.enter(closing: UInt8(ascii: "}")) {
            repeat {
                let (field, start) = try memberName(&cursor)
                if try !exampleFields.insert(field, key: secret.number(field: field)) {
                    try problems.path.push(Text("features"))
                    throw try problems.twice(field, cursor.text, at: start)
                }
                _ = try cursor.skipValue()
            } while try cursor.nextElement(closing: UInt8(ascii: "}"))
        }
        return cursor.text.slice(features.offset, cursor.offset)
    }
}
