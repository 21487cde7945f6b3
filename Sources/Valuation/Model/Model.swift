// SPDX-License-Identifier: Apache-2.0

/// What a model predicts.
enum Target: UInt8, CaseIterable {
    case click = 0
    case conversion = 1
}

/// A decoded and validated model document: names already turned into keys, nothing yet shared with other models.
///
/// One value is reused for document after document, so that its buffers are allocated once; it is good for as long as the document
/// it was decoded from.
struct Model: ~Copyable {
    /// A label's key and a second, independent hash of the same text that tells when two labels share a key.
    struct Label {
        var key: UInt64
        var check: UInt64
    }

    struct CategoryWeight {
        var label: Label
        var weight: Double
        /// Where it stands, for messages; borrowed from the document.
        var field: Text
        var value: Text
        /// NaN where it is not given.
        var variance = Float.nan
    }

    /// Adds `slope × (number − mean)` to the logit; `slope` is weight / std.
    struct NumberWeight {
        var label: Label
        var mean: Double
        var slope: Double
        var std: Double
        /// Of the slope; NaN where it is not given.
        var variance = Float.nan
        /// Where it stands, for messages; borrowed from the document.
        var field: Text
    }

    struct CrossWeight {
        var first: Label
        var second: Label
        var weight: Double
        /// Where it stands: in `crosses`, and there in `weights`.
        var index: Int
        var position: Int
        /// Borrowed from the document.
        var firstValue: Text
        var secondValue: Text
        /// NaN where it is not given.
        var variance = Float.nan

        /// Of the pair as a label.
        var check: UInt64 { first.check ^ second.check }
    }

    /// The two fields of which an element of the document's `crosses` joins the values, and their keys.
    struct CrossFields {
        var first: Text
        var second: Text
        var firstKey: UInt64
        var secondKey: UInt64
    }

    /// A field that the model has an opinion on.
    struct Field {
        var key: UInt64
        var isNumber: Bool
        /// Borrowed from the document.
        var name: Text
        /// Where a number stands among `numbers`; -1 where it does not.
        var number = -1
        /// Whether variances of its categories have been met.
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

    /// What the document's `training` says; NaN or -1 where it is silent.
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
    /// Empty where the document does not say whose campaign it is.
    var advertiser = Buffer<UInt8>()
    var target = Target.click
    /// Whether it stands for an observed rate and is in no file.
    var isPrior = false
    var intercept = 0.0
    /// NaN where it is not given.
    var interceptVariance = Float.nan
    var negativeSamplingRate = 1.0
    var categories = Buffer<CategoryWeight>()
    var numbers = Buffer<NumberWeight>()
    var crosses = Buffer<CrossWeight>()
    /// As long as the document's `crosses`.
    var crossFields = Buffer<CrossFields>()
    var fields = Buffer<Field>()
    /// How many variances are given.
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

    /// FNV-1a, 64 bits (Fowler, Noll, Vo), of the texts laid end to end.
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
