// SPDX-License-Identifier: Apache-2.0

/// A decoded and validated model document: names are already keys, nothing is shared with other models yet.
///
/// One value is reused for all documents, so that its buffers are allocated once. It is valid as long as the document
/// from which it was decoded.
struct Model: ~Copyable {
    /// A label's key, and a second, independent hash of the same text, which reveals when two labels share a key.
    struct Label {
        var key: UInt64
        var check: UInt64
    }

    struct CategoryWeight {
        var label: Label
        var weight: Double
        /// For messages; borrowed from the document.
        var field: Text
        var value: Text
        /// NaN if it is not given.
        var variance = Float.nan
    }

    /// Adds `slope × (number − mean)` to the logit; `slope` is weight / std.
    struct NumberWeight {
        var label: Label
        var mean: Double
        var slope: Double
        var std: Double
        /// Of the slope; NaN if it is not given.
        var variance = Float.nan
        /// For messages; borrowed from the document.
        var field: Text
    }

    struct CrossWeight {
        var first: Label
        var second: Label
        var weight: Double
        /// The index in `crosses`, and there in `weights`.
        var index: Int
        var position: Int
        /// Borrowed from the document.
        var firstValue: Text
        var secondValue: Text
        /// NaN if it is not given.
        var variance = Float.nan

        /// The check of the pair's label.
        var check: UInt64 { first.check ^ second.check }
    }

    /// The two fields of an element of the document's `crosses`, and their keys.
    struct CrossFields {
        var first: Text
        var second: Text
        var firstKey: UInt64
        var secondKey: UInt64
    }

    /// A field for which the model has weights.
    struct Field {
        var key: UInt64
        var isNumber: Bool
        /// Borrowed from the document.
        var name: Text
        /// The index of a number in `numbers`; -1 if the field is not a number.
        var number = -1
        /// Whether the document has variances of its categories.
        var hasVariances = false
    }

    /// A self-test: `features` is the JSON text of an object, as bytes `start ..< end` of `exampleTexts`.
    struct Example {
        var start: Int
        var end: Int
        var probability: Double
        /// Position in the document's `self_test`.
        var index: Int
    }

    /// The members of the document's `training`; NaN or -1 if missing.
    struct Training {
        var isPresent = false
        var rows: Double = -1
        var positives: Double = -1
        var baseRate = Double.nan
        var auc = Double.nan
        var logLoss = Double.nan
    }

    var campaign = Buffer<UInt8>()
    var base = Buffer<UInt8>()
    var hasBase = false
    var version = Buffer<UInt8>()
    var trainer = Buffer<UInt8>()
    /// Empty if the document does not name the advertiser.
    var advertiser = Buffer<UInt8>()
    var target = Target.click
    /// Whether it represents an observed rate and is in no file.
    var isPrior = false
    var intercept = 0.0
    /// NaN if it is not given.
    var interceptVariance = Float.nan
    var negativeSamplingRate = 1.0
    var categories = Buffer<CategoryWeight>()
    var numbers = Buffer<NumberWeight>()
    var crosses = Buffer<CrossWeight>()
    /// As long as the document's `crosses`.
    var crossFields = Buffer<CrossFields>()
    var fields = Buffer<Field>()
    /// The number of given variances.
    var varianceCount = 0
    var training = Training()
    var examples = Buffer<Example>()
    var exampleTexts = Buffer<UInt8>()

    mutating func removeAll() {
        campaign.removeAll()
        base.removeAll()
        hasBase = false
        version.removeAll()
        trainer.removeAll()
        advertiser.removeAll()
        categories.removeAll()
        numbers.removeAll()
        crosses.removeAll()
        crossFields.removeAll()
        fields.removeAll()
        interceptVariance = .nan
        varianceCount = 0
        training = Training()
        examples.removeAll()
        exampleTexts.removeAll()
    }
}

extension Model.Label {
    init(category value: Text, of field: Text, under secret: Secret) {
        key = secret.category(field: field, value: value)
        check = Model.Label.checkHash(field, Text("="), value)
    }

    init(number field: Text, under secret: Secret) {
        key = secret.number(field: field)
        check = Model.Label.checkHash(field, .empty, .empty)
    }

    /// FNV-1a, 64 bits (Fowler, Noll, Vo), of the concatenated texts.
    @_optimize(speed)
    private static func checkHash(_ first: Text, _ second: Text, _ third: Text) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ text: Text) {
            for index in 0..<text.count {
                hash = (hash ^ UInt64(text[index])) &* 0x100_0000_01b3
            }
        }
        add(first)
        add(second)
        add(third)
        return hash
    }
}
