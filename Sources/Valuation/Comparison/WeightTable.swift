// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform

/// All weights of one set of models by model and name, for comparison with another set.
struct WeightTable: ~Copyable {
    struct Model {
        var campaign: valuation_name
        var base: valuation_name
        var target: Target
        /// The logit without any feature: see `constant`.
        var constant: Double
        /// The index in `weights` of its first weight.
        var start: Int
        var end: Int
        var isMet = false
    }

    struct Weight {
        var model: UInt32
        var label: UInt64
        var name: valuation_name
        var value: Double
        var isMet = false
    }

    private let secret: Secret
    private(set) var models = Buffer<Model>()
    var weights = Buffer<Weight>()
    private var names = TextStore()
    /// Models by their campaign and target.
    private var modelTable = KeyTable()
    private var weightTable = KeyTable()

    init(_ secret: Secret) {
        self.secret = secret
    }

    func text(_ name: valuation_name) -> Text {
        names[name]
    }

    mutating func add(_ model: borrowing Valuation.Model) throws(Failure) {
        let key = secret.campaign(model.campaign.text)
        let number = UInt32(truncatingIfNeeded: models.count)
        if find(key, model.target) != KeyTable.none {
            var failure = Failure(.duplicateModel, "The campaign already has a model for this target; keep one.")
            failure.setJSONPath("$.campaign")
            throw failure
        }
        try modelTable.insert(model.target.key(ofCampaign: key), number)
        let start = weights.count
        try WeightNames.forEach(model, under: secret) { label, name, value throws(Failure) in
            let place = WeightTable.key(number, label)
            if weights.count >= Int(UInt32.max) - 1 {
                throw Failure(.limitExceeded, "More than 4,294,967,294 weights; compare fewer models.")
            }
            if weightTable.find(place) == KeyTable.none { try weightTable.insert(place, UInt32(weights.count)) }
            try weights.append(Weight(model: number, label: label, name: try names.keep(name), value: value))
        }
        try models.append(
            Model(
                campaign: try names.keep(model.campaign.text), base: try names.keep(model.base.text),
                target: model.target,
                constant: WeightTable.constant(model), start: start, end: weights.count))
    }

    /// The number of a campaign's model, or `KeyTable.none`.
    func find(_ campaignKey: UInt64, _ target: Target) -> UInt32 {
        modelTable.find(target.key(ofCampaign: campaignKey))
    }

    /// The index of a model's weight for a label, if it has one.
    func find(_ model: UInt32, _ label: UInt64) -> Int? {
        let found = weightTable.find(WeightTable.key(model, label))
        if found == KeyTable.none { return nil }
        let weight = weights[Int(found)]
        return weight.model == model && weight.label == label ? Int(found) : nil
    }

    /// Marks a model as being in both sets.
    mutating func meet(_ model: UInt32) {
        models[Int(model)].isMet = true
    }

    /// The intercept and the logarithm of the sampling rate, less what numbers of 0 would add: the logit of a request
    /// without categories whose numbers are all 0.
    static func constant(_ model: borrowing Valuation.Model) -> Double {
        var constant = model.intercept + log(model.negativeSamplingRate)
        for position in 0..<model.numbers.count {
            constant -= model.numbers[position].slope * model.numbers[position].mean
        }
        return constant
    }

    /// A key that distinguishes the weights of different models.
    private static func key(_ model: UInt32, _ label: UInt64) -> UInt64 {
        label ^ (UInt64(model) &+ 1) &* 0x9e37_79b9_7f4a_7c15
    }
}
