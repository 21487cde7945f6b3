// SPDX-License-Identifier: Apache-2.0

/// The parts of a document that say where the model comes from and how to know that it is read rightly: `training` and
/// `self_test`.
extension ModelDecoder {
    mutating func decodeTraining(_ root: JSONValue, _ problems: inout Problems) throws(Failure) {
        guard let training = root.member("training"), !training.isNull else { return }
        try path.push(Text("training"))
        defer { path.pop() }
        guard training.isObject else {
            try report(.invalidValue, "\"training\" is an object.", &problems)
            return
        }
        model.training.isPresent = true
        model.training.rows = try optional(training, "rows", upTo: ModelDecoder.maximumCount, &problems) ?? -1
        model.training.positives = try optional(training, "positives", upTo: ModelDecoder.maximumCount, &problems) ?? -1
        model.training.baseRate = try optional(training, "base_rate", upTo: 1, &problems) ?? .nan
        model.training.auc = try optional(training, "auc", upTo: 1, &problems) ?? .nan
        model.training.logLoss = try optional(training, "log_loss", upTo: 1e9, &problems) ?? .nan
        if let trainer = training.member("trainer"), !trainer.isNull {
            if let text = trainer.text, text.count <= ModelDecoder.maximumNameBytes {
                try model.trainer.append(text)
            } else {
                try report(.invalidValue, at: "trainer", "It must be a string of at most 255 bytes.", &problems)
            }
        }
    }

    /// A number from 0 to `largest` that may be missing or null.
    mutating func optional(
        _ object: JSONValue, _ name: StaticString, upTo largest: Double, _ problems: inout Problems
    ) throws(Failure) -> Double? {
        guard let value = object.member(name), !value.isNull else { return nil }
        if let number = value.number, number >= 0, number <= largest { return number }
        try report(.invalidValue, at: name, "It must be a number from 0 to \(largest), or null.", &problems)
        return nil
    }

    mutating func decodeSelfTest(_ root: JSONValue, _ problems: inout Problems) throws(Failure) {
        guard let examples = root.member("self_test") else { return }
        try path.push(Text("self_test"))
        defer { path.pop() }
        guard examples.isArray else {
            try report(.invalidValue, "\"self_test\" is an array of examples.", &problems)
            return
        }
        if examples.count > ModelDecoder.maximumExamples {
            try report(.limitExceeded, "More than 1,000 examples; a few that touch every kind of weight do.", &problems)
            return
        }
        for index in 0..<examples.count {
            guard let example = examples.element(index) else { continue }
            try path.push(index: index)
            defer { path.pop() }
            guard let features = example.member("features"), features.isObject else {
                try report(.invalidValue, at: "features", "The object \"features\" is missing.", &problems)
                continue
            }
            guard let probability = try number(example, "probability", &problems) else { continue }
            guard probability > 0, probability <= 1 else {
                try report(.invalidValue, at: "probability", "A probability is above 0 and at most 1.", &problems)
                continue
            }
            let start = model.exampleTexts.count
            try features.write(to: &model.exampleTexts)
            try model.examples.append(
                Model.Example(
                    start: start, end: model.exampleTexts.count, probability: probability, index: index))
        }
    }
}
