// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Collects models one by one and lays them out as an `Index`.
///
/// - Memory: less than 6 bytes a weight, freed while the index is laid out, and about 90 a label; a variance takes as
///   much as a weight.
struct IndexBuilder: ~Copyable {
    static let maximumModels = 1_000_000
    static let maximumWeights = Int(UInt32.max) - 1
    /// Below 2^31, the limit of a label's rows, by far more than a model can add.
    static let maximumLabels = 1_000_000_000
    /// Of campaigns, advertisers, versions and trainers together, because their offsets have 32 bits. Tests lower it.
    var maximumNameBytes = Int(UInt32.max)

    /// The state of a label while building; counts and marks cover the models added so far.
    struct LabelState {
        var key: UInt64
        var check: UInt64
        var kind: Index.LabelKind
        var clickCount: UInt32 = 0
        var conversionCount: UInt32 = 0
        var crossesFirst: UInt32 = 0
        var crossesSecond: UInt32 = 0
        /// The number of the first model that has it.
        var model: UInt32
    }

    /// Two labels with one key, whose texts are not kept.
    struct Collision {
        var key: UInt64
        /// The number of the model whose label was first.
        var model: UInt32
    }

    /// A model as added; its numbers are a range of the builder's.
    struct AddedModel {
        var campaignKey: UInt64
        var baseKey: UInt64
        var base: valuation_name
        var hasBase: Bool
        var target: Target
        /// Whether it represents the observed rate of one campaign that has no model for the target.
        var isNaive: Bool
        var unit: Double
        /// Of the intercept.
        var deviation: Float
        var numbersStart: Int
        var numbersEnd: Int
        var origin: Origin
        var description: Index.Description
    }

    /// The source of a model, for messages.
    struct Origin {
        var file: Int
        var line: UInt32
    }

    struct Number {
        var label: UInt32
        var parameters: Index.NumberParameters
        var deviation: Float
    }

    /// The secret of all keys.
    let secret: Secret
    private(set) var added = Buffer<AddedModel>()
    private(set) var clickModels = 0
    /// The number of added models that are in no file.
    private var priorModels = 0
    var campaignDocuments = 0
    var campaigns = Buffer<Campaign>()
    var campaignTable = KeyTable()
    var advertisers = Buffer<Advertiser>()
    var advertiserTable = KeyTable()
    /// The stand-ins for campaigns without observed counts: the rates over all campaigns.
    var overall = Priors()
    var hasCrosses = false
    var labels = Buffer<LabelState>()
    /// The reason for the last refusal, to be taken by whoever names its labels.
    var collision: Collision?
    var labelTable = KeyTable()
    var weights = WeightRuns()
    var numbers = Buffer<Number>()
    /// The standard deviations of uncertain weights, each as a `Float`'s bits, in the same structure as `weights`.
    var deviations = WeightRuns()
    var fields = Buffer<Index.FieldSlot>()
    private var fieldTable = KeyTable()
    var names = TextStore()

    init(_ secret: Secret) {
        self.secret = secret
    }

    /// Adds a model. If it contradicts the models added before, throws, with the reason in `note`, and leaves the model
    /// out.
    ///
    /// - Complexity: O(weights) expected.
    mutating func add(_ model: borrowing Model, origin: Origin, note: Note) throws(Failure) {
        let campaignKey = secret.campaign(model.campaign.text)
        if !model.isPrior {
            try checkName(model.campaign.text, campaignKey, note)
            try checkIsFirst(model, campaignKey, note)
            try checkLimit()
        }
        let total = weights.count &+ model.categories.count &+ model.crosses.count
        if total > IndexBuilder.maximumWeights { throw Failure(.limitExceeded, "More than 4,294,967,294 weights.") }
        if numbers.count &+ model.numbers.count > IndexBuilder.maximumWeights {
            throw Failure(.limitExceeded, "More than 4,294,967,294 numeric weights.")
        }
        if labels.count > IndexBuilder.maximumLabels || fields.count > IndexBuilder.maximumLabels {
            throw Failure(.limitExceeded, "More than 1,000,000,000 labels or fields.")
        }
        let advertiser =
            model.advertiser.count > 0 ? try advertiserNumber(model.advertiser.text, note) : Index.none
        try weights.settle()
        try deviations.settle()
        let unit = IndexBuilder.unit(of: model)
        let (firstWeight, firstNumber, firstDeviation) = (
            weights.unsettledCount, numbers.count, deviations.unsettledCount
        )
        do {
            try addWeights(of: model, unit: unit, note)
        } catch {
            // Counts must match what is laid out, so the model is removed again.
            removeWeights(from: firstWeight, firstNumber, target: model.target)
            deviations.truncateUnsettled(firstDeviation)
            throw error
        }
        for index in 0..<model.fields.count { try add(model.fields[index]) }
        let number = UInt32(added.count)
        let campaign = try campaignNumber(model.campaign.text, campaignKey)
        if advertiser != Index.none { campaigns[campaign].modelAdvertiser = advertiser }
        let isNaive = model.isPrior && campaignKey != secret.defaultCampaign
        try added.append(
            AddedModel(
                campaignKey: campaignKey, baseKey: model.hasBase ? secret.campaign(model.base.text) : 0,
                base: try keep(model.base.text), hasBase: model.hasBase, target: model.target, isNaive: isNaive,
                unit: unit,
                deviation: model.isPrior
                    ? VALUATION_DEVIATION_OF_RATE : IndexBuilder.deviation(model.interceptVariance),
                numbersStart: firstNumber, numbersEnd: numbers.count, origin: origin,
                description: try describe(model, campaign: campaigns[campaign].name)))
        if model.target == .click { clickModels &+= 1 }
        if model.isPrior { priorModels &+= 1 }
        if isNaive {
            campaigns[campaign].naiveModels[model.target] = number
        } else {
            campaigns[campaign].models[model.target] = number
        }
    }

    /// A model and a campaign document count alike: each may need a model of its own in the index, and its rows (see
    /// `RowPlaces`) cannot distinguish many more.
    func checkLimit() throws(Failure) {
        if added.count &- priorModels &+ campaignDocuments >= IndexBuilder.maximumModels {
            throw Failure(.limitExceeded, "More than 1,000,000 models and campaigns.")
        }
        // Reserves enough for the names of one model, so that adding never fails between two of them.
        if names.byteCount > maximumNameBytes &- 6 &* ModelDecoder.maximumNameBytes { throw IndexBuilder.tooManyNames }
    }

    private static var tooManyNames: Failure {
        Failure(.limitExceeded, "The names have more than 4,294,967,295 bytes; load fewer models.")
    }

    /// The added model that an added model extends, or `Index.none`.
    func base(of model: AddedModel) -> UInt32 {
        let found = find(model.baseKey, model.target)
        if found == KeyTable.none || text(added[Int(found)].description.campaign) != text(model.base) {
            return Index.none
        }
        return found
    }

    func text(_ range: valuation_name) -> Text {
        names[range]
    }

    /// Makes a model one without a base.
    mutating func removeBase(of number: Int) {
        added[number].hasBase = false
    }

    func failure(_ status: Status, _ message: Message, at jsonPath: Message, _ note: Note) -> Failure {
        note.setMessage(message)
        note.setJSONPath(jsonPath)
        return .noted(status)
    }

    private mutating func add(_ field: Model.Field) throws(Failure) {
        let found = fieldTable.find(field.key)
        if found != KeyTable.none {
            fields[Int(found)].formUnion(isCategory: !field.isNumber, isNumber: field.isNumber)
            return
        }
        try fieldTable.insert(field.key, UInt32(fields.count))
        try fields.append(Index.FieldSlot(key: field.key, isCategory: !field.isNumber, isNumber: field.isNumber))
    }

    private mutating func describe(
        _ model: borrowing Model, campaign: valuation_name
    ) throws(Failure) -> Index.Description {
        Index.Description(
            campaign: campaign, version: try keep(model.version.text),
            trainer: try keep(model.trainer.text), base: Index.none, is_conversion: model.target.rawValue,
            has_training: model.training.isPresent ? 1 : 0, is_prior: model.isPrior ? 1 : 0, reserved: 0,
            categorical_weights: UInt32(model.categories.count), numeric_weights: UInt32(model.numbers.count),
            cross_weights: UInt32(model.crosses.count), self_tests: UInt32(model.examples.count),
            variances: UInt32(model.varianceCount), unused: 0,
            intercept: model.intercept, negative_sampling_rate: model.negativeSamplingRate, rows: model.training.rows,
            positives: model.training.positives, base_rate: model.training.baseRate, auc: model.training.auc,
            log_loss: model.training.logLoss)
    }

    mutating func keep(_ name: Text) throws(Failure) -> valuation_name {
        if names.byteCount > maximumNameBytes &- name.count { throw IndexBuilder.tooManyNames }
        return try names.keep(name)
    }
}
