// SPDX-License-Identifier: Apache-2.0

/// Collects models one by one and lays them out as an `Index`.
///
/// - Memory: 8 bytes a weight and about 50 a label, beside the finished index.
struct IndexBuilder: ~Copyable {
    static let maximumModels = 1_000_000
    static let maximumWeights = Int(UInt32.max) - 1

    /// What is known of a label while building; counts and marks run over the models added so far.
    struct LabelState {
        var key: UInt64
        var check: UInt64
        var kind: Index.LabelKind
        var clickCount: UInt32 = 0
        var conversionCount: UInt32 = 0
        var crossesFirst: UInt32 = 0
        var crossesSecond: UInt32 = 0
        /// The last model that gave it a weight: finds a cross that one model lists twice.
        var lastModel = Index.none
    }

    /// A model as added; `weights` and `numbers` are ranges of the builder's streams.
    struct AddedModel {
        var campaignKey: UInt64
        var baseKey: UInt64
        var hasBase: Bool
        var target: Target
        var unit: Double
        var weightsStart: Int
        var weightsEnd: Int
        var numbersStart: Int
        var numbersEnd: Int
        var origin: Origin
        var description: ModelDescriptions.Description
    }

    /// Where a model was read, for messages.
    struct Origin {
        var file: Int
        var line: UInt32
    }

    struct Weight {
        var label: UInt32
        var mantissa: Int32
    }

    struct Number {
        var label: UInt32
        var parameters: Index.NumberParameters
    }

    private(set) var added = Buffer<AddedModel>()
    var labels = Buffer<LabelState>()
    private var labelTable = KeyTable()
    private var clickTable = KeyTable()
    private var conversionTable = KeyTable()
    var weights = Buffer<Weight>()
    var numbers = Buffer<Number>()
    var fields = Buffer<Index.FieldSlot>()
    private var fieldTable = KeyTable()
    var names = Buffer<UInt8>()

    /// The added model of a campaign, or `Index.none`.
    func find(_ campaignKey: UInt64, _ target: Target) -> UInt32 {
        target == .click ? clickTable.find(campaignKey) : conversionTable.find(campaignKey)
    }

    /// Adds a model. Throws what stands against it beside the models added before; it is then left out.
    ///
    /// - Complexity: O(weights) expected.
    mutating func add(_ model: borrowing Model, origin: Origin) throws(Failure) {
        let campaignKey = Key.campaign(model.campaign.text)
        try checkName(model.campaign.text, campaignKey, model.target)
        if added.count == IndexBuilder.maximumModels {
            throw Failure(.limitExceeded, "More than 1,000,000 models.")
        }
        let total = weights.count &+ model.categories.count &+ model.crosses.count
        if total > IndexBuilder.maximumWeights { throw Failure(.limitExceeded, "More than 4,294,967,294 weights.") }
        let number = UInt32(added.count)
        let unit = IndexBuilder.unit(of: model)
        let start = (weights: weights.count, numbers: numbers.count)
        do {
            try addWeights(of: model, number: number, unit: unit)
        } catch {
            // What was counted must match what is laid out, so the model is taken out again.
            try remove(from: start.weights, start.numbers, target: model.target)
            throw error
        }
        for index in 0..<model.fields.count { try add(model.fields[index]) }
        try added.append(
            AddedModel(
                campaignKey: campaignKey, baseKey: model.hasBase ? Key.campaign(model.base.text) : 0,
                hasBase: model.hasBase,
                target: model.target, unit: unit, weightsStart: start.weights, weightsEnd: weights.count,
                numbersStart: start.numbers, numbersEnd: numbers.count, origin: origin,
                description: try describe(model)))
        if model.target == .click {
            try clickTable.insert(campaignKey, number)
        } else {
            try conversionTable.insert(campaignKey, number)
        }
    }

    /// Makes a model one without a base.
    mutating func removeBase(of number: Int) {
        added[number].hasBase = false
    }

    private func checkName(_ campaign: Text, _ key: UInt64, _ target: Target) throws(Failure) {
        for other in [Target.click, .conversion] {
            let found = find(key, other)
            if found == KeyTable.none { continue }
            let name = added[Int(found)].description.campaign
            if names.text.slice(Int(name.start), Int(name.end)) != campaign {
                throw Failure(
                    .keyCollision, "Campaign \"\(campaign.string)\" and another one have the same key; rename one.")
            }
            if other == target {
                throw Failure(
                    .duplicateModel,
                    "Campaign \"\(campaign.string)\" already has a \(target == .click ? "click" : "conversion") model.")
            }
        }
    }

    /// The power of two in which the largest weight is just below 2^30; not below 2^-36, which is fine enough.
    private static func unit(of model: borrowing Model) -> Double {
        var largest = 0.0
        for index in 0..<model.categories.count { largest = max(largest, model.categories[index].weight.magnitude) }
        for index in 0..<model.crosses.count { largest = max(largest, model.crosses[index].weight.magnitude) }
        let exponent = largest > 0 ? max(-36, Int(largest.exponent) &- 29) : -36
        return Double(sign: .plus, exponent: exponent, significand: 1)
    }

    private mutating func addWeights(of model: borrowing Model, number: UInt32, unit: Double) throws(Failure) {
        for index in 0..<model.categories.count {
            let category = model.categories[index]
            let label = try intern(category.label, .category)
            try addWeight(category.weight, label, model.target, unit)
        }
        for index in 0..<model.numbers.count {
            let numeric = model.numbers[index]
            let label = try intern(numeric.label, .number)
            if numeric.slope == 0 { continue }
            try numbers.append(
                Number(label: label, parameters: Index.NumberParameters(mean: numeric.mean, slope: numeric.slope)))
            count(label, model.target, 1)
        }
        for index in 0..<model.crosses.count {
            let cross = model.crosses[index]
            let label = try intern(cross)
            if labels[Int(label)].lastModel == number {
                throw Failure(.duplicateKey, "One pair of values has two weights in \"crosses\"; keep one.")
            }
            labels[Int(label)].lastModel = number
            try addWeight(cross.weight, label, model.target, unit)
        }
    }

    private mutating func addWeight(_ weight: Double, _ label: UInt32, _ target: Target, _ unit: Double) throws(Failure)
    {
        let mantissa = Int32((weight / unit).rounded())
        if mantissa == 0 { return }
        try weights.append(Weight(label: label, mantissa: mantissa))
        count(label, target, 1)
    }

    private mutating func count(_ label: UInt32, _ target: Target, _ change: Int32) {
        var state = labels[Int(label)]
        switch target {
        case .click: state.clickCount = UInt32(bitPattern: Int32(bitPattern: state.clickCount) &+ change)
        case .conversion: state.conversionCount = UInt32(bitPattern: Int32(bitPattern: state.conversionCount) &+ change)
        }
        labels[Int(label)] = state
    }

    private mutating func remove(from weight: Int, _ number: Int, target: Target) throws(Failure) {
        for index in weight..<weights.count { count(weights[index].label, target, -1) }
        for index in number..<numbers.count { count(numbers[index].label, target, -1) }
        weights.truncate(weight)
        numbers.truncate(number)
    }

    private mutating func intern(_ label: Model.Label, _ kind: Index.LabelKind) throws(Failure) -> UInt32 {
        let found = labelTable.find(label.key)
        if found != KeyTable.none {
            let other = labels[Int(found)]
            if other.check != label.check || other.kind != kind {
                throw Failure(
                    .keyCollision, "Two labels have the same key, \(label.key); rename one of their values.")
            }
            return found
        }
        let number = UInt32(labels.count)
        try labels.append(LabelState(key: label.key, check: label.check, kind: kind))
        try labelTable.insert(label.key, number)
        return number
    }

    /// The label of a cross, after marking both its sides as ones to be tried together.
    private mutating func intern(_ cross: Model.CrossWeight) throws(Failure) -> UInt32 {
        let first = try intern(cross.first, .category)
        let second = try intern(cross.second, .category)
        let swapped = cross.firstField > cross.secondField
        let pairOfFields = Key.cross(cross.firstField, cross.secondField)
        let bit = UInt32(1) &<< UInt32(truncatingIfNeeded: pairOfFields & 31)
        labels[Int(swapped ? second : first)].crossesFirst |= bit
        labels[Int(swapped ? first : second)].crossesSecond |= bit
        let key = Key.cross(cross.first.key, cross.second.key)
        return try intern(Model.Label(key: key, check: cross.first.check ^ cross.second.check), .cross)
    }

    private mutating func add(_ field: Model.Field) throws(Failure) {
        let found = fieldTable.find(field.key)
        if found != KeyTable.none {
            let known = fields[Int(found)]
            fields[Int(found)].isCategory = known.isCategory || !field.isNumber
            fields[Int(found)].isNumber = known.isNumber || field.isNumber
            return
        }
        try fieldTable.insert(field.key, UInt32(fields.count))
        try fields.append(Index.FieldSlot(key: field.key, isCategory: !field.isNumber, isNumber: field.isNumber))
    }

    private mutating func describe(_ model: borrowing Model) throws(Failure) -> ModelDescriptions.Description {
        ModelDescriptions.Description(
            campaign: try keep(model.campaign.text), version: try keep(model.version.text),
            trainer: try keep(model.trainer.text), base: Index.none, target: model.target,
            hasTraining: model.training.isPresent, intercept: model.intercept,
            negativeSamplingRate: model.negativeSamplingRate, categoricalWeights: UInt32(model.categories.count),
            numericWeights: UInt32(model.numbers.count), crossWeights: UInt32(model.crosses.count),
            selfTests: UInt32(model.examples.count), rows: model.training.rows, positives: model.training.positives,
            baseRate: model.training.baseRate, auc: model.training.auc, logLoss: model.training.logLoss)
    }

    private mutating func keep(_ name: Text) throws(Failure) -> ModelDescriptions.Range32 {
        let start = UInt32(names.count)
        try names.append(name)
        return ModelDescriptions.Range32(start: start, end: UInt32(names.count))
    }
}
