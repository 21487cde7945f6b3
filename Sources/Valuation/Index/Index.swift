// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform

/// Many models as one flat, read-only block of memory, laid out feature by feature for scoring.
///
/// As in a search engine (term-at-a-time; Turtle & Flood, "Query evaluation: strategies and optimizations", 1995), each label has
/// the weights of all models side by side, so that a request's feature is looked up once for all campaigns. The weights of one
/// label for one target are a row: dense, one weight for each model, where many models have one; otherwise a list of models and
/// weights, with a directory by which the weight of one model is found.
///
/// Weights are 32-bit integers in units of a power of two that each model chooses from its largest weight. They are summed as
/// 64-bit integers: the sum is exact, and the same bits result in whatever order and on whatever road it is formed.
///
/// Nothing in it is an address, so it may be mapped from a file (see `CompiledFile`).
///
/// How uncertain weights are lies in another array of the same shape, so that it is found where the weight is.
///
/// - Memory: of a weight in a dense row 4 to 22 bytes, in a list 6 to 9 (2 more in an index of more than 65,536 models of a
///   target), of a number 20; 36 a label, 27 a campaign (35 more where anything was observed of
///   any), 148 and the names a model. Where any weight but the intercept is uncertain, 4 more a number, and in a list, and 4 to 22 in a
///   dense row.
struct Index: ~Copyable {
    static let none = UInt32.max

    /// What values a campaign: its own models, or those that stand in for them, or else the numbers of the models of the targets, which
    /// stand for none.
    typealias CampaignSlot = valuation_campaign
    typealias FieldSlot = valuation_field
    typealias ModelParameters = valuation_parameters
    typealias NumberParameters = valuation_number
    typealias Description = valuation_description
    typealias Observed = valuation_observed

    /// How many of each thing there are: the shape of the block.
    struct Counts {
        var clickModels = 0
        var conversionModels = 0
        var labels = 0
        var campaigns = 0
        /// Weights of categories and crosses.
        var weights = 0
        var numbers = 0
        /// Places for weights: in lists, then in dense rows.
        var listPlaces = 0
        var densePlaces = 0
        var directoryEntries = 0
        /// Bytes of the campaigns', versions' and trainers' names.
        var nameBytes = 0
        /// As many as there are campaign slots where anything was observed, otherwise 0.
        var observed = 0
        /// Weights of categories, crosses and numbers that are uncertain.
        var variances = 0

        var models: Int { clickModels &+ conversionModels }

        /// Models of one target, numbered from 0 in each.
        @inline(__always)
        func models(_ target: Target) -> Int { target == .click ? clickModels : conversionModels }

        /// How many elements there are for the models of a target: one more for none, rounded up for vectors.
        func width(_ target: Target) -> Int { RowPlaces.roundedUp(models(target) &+ 1) }

        /// Whether the numbers of a target's models need more than 16 bits.
        var isWide: Bool { max(clickModels, conversionModels) > 65_536 }
    }

    /// Where keys stand in the tables.
    struct Hashes {
        var labels: PerfectHash
        var campaigns: PerfectHash
        var fields: PerfectHash
    }

    /// What all keys in it are formed under.
    let secret: Secret
    let counts: Counts
    let hashes: Hashes
    let byteCount: Int
    /// How many models the longest chain of models has that extend one another, and whether any model has a cross: nobody else
    /// pays for them.
    var levels = 1
    var hasCrosses = false
    /// What everything lies in.
    let block: UnsafePointer<Block>

    /// One element for each model of a target, and one that stands for none: the intercepts of the model and its bases plus the
    /// logarithm of the model's own sampling rate, and how much logit one unit of its weights is, a power of two.
    let clickScales: UnsafeMutablePointer<valuation_scale>
    let conversionScales: UnsafeMutablePointer<valuation_scale>
    let clickParameters: UnsafeMutablePointer<ModelParameters>
    let conversionParameters: UnsafeMutablePointer<ModelParameters>
    /// The standard deviation of each model's intercept, 0 where nobody said, `VALUATION_DEVIATION_OF_RATE` where it is that of an
    /// observed rate; and the lower half of its campaign's key, by which draws differ.
    let clickIntercepts: UnsafeMutablePointer<Float>
    let conversionIntercepts: UnsafeMutablePointer<Float>
    let clickCampaigns: UnsafeMutablePointer<UInt32>
    let conversionCampaigns: UnsafeMutablePointer<UInt32>
    let labelSlots: UnsafeMutablePointer<LabelSlot>
    /// One more than the hash knows: the last is that of an unknown campaign.
    let campaignSlots: UnsafeMutablePointer<CampaignSlot>
    let fieldSlots: UnsafeMutablePointer<FieldSlot>
    let labelPilots: UnsafeMutablePointer<UInt16>
    let campaignPilots: UnsafeMutablePointer<UInt16>
    let fieldPilots: UnsafeMutablePointer<UInt16>
    let numberParameters: UnsafeMutablePointer<NumberParameters>
    let numberModels: UnsafeMutablePointer<UInt32>
    /// See `Row`.
    let directory: UnsafeMutablePointer<UInt64>
    /// The models of the lists' weights, as `UInt32` where `counts.isWide`, otherwise as `UInt16`.
    let listModels: UnsafeMutableRawPointer
    /// Of the lists and then of the dense rows.
    let weights: UnsafeMutablePointer<Int32>
    /// The last three, for `CKernels`.
    let rows: valuation_rows
    /// The standard deviation of each of `weights`, 0 where it is not known, and of the slopes of `numberParameters`; none at all
    /// where none is known.
    let deviations: UnsafeMutablePointer<Float>
    let numberDeviations: UnsafeMutablePointer<Float>
    /// One for each of the campaign slots, or none at all.
    let observedSlots: UnsafeMutablePointer<Observed>
    /// Of the click models, then of the conversion models.
    let descriptions: UnsafeMutablePointer<Description>
    /// The positions in `descriptions` of the click models, then of the conversion models, each in the order of the files.
    let order: UnsafeMutablePointer<UInt32>
    let names: UnsafeMutablePointer<UInt8>

    /// Takes one block of memory for everything; slots are vacant, the rest is zero.
    init(_ secret: Secret, counts: Counts, hashes: Hashes) throws(Failure) {
        let block = try Block.allocate(byteCount: Layout(counts, hashes).byteCount)
        self.init(secret, counts: counts, hashes: hashes, block: block)
        let absent = ModelParameters(base: Index.none, prior: .nan)
        clickParameters.initialize(repeating: absent, count: counts.width(.click))
        conversionParameters.initialize(repeating: absent, count: counts.width(.conversion))
        let vacant = CampaignSlot(
            key: 0, click_model: UInt32(counts.clickModels), conversion_model: UInt32(counts.conversionModels),
            flags: Flags.unknownCampaign.rawValue, conversion_flags: 0)
        campaignSlots.initialize(repeating: vacant, count: hashes.campaigns.slotCount &+ 1)
    }

    /// The index that lies in a block. - Parameter block: as large as `Layout` says; one of its references becomes the index's.
    init(_ secret: Secret, counts: Counts, hashes: Hashes, block: UnsafePointer<Block>) {
        self.secret = secret
        self.counts = counts
        self.hashes = hashes
        self.block = block
        let layout = Layout(counts, hashes)
        byteCount = layout.byteCount
        let start = block.pointee.start
        clickScales = (start + layout.clickScales).assumingMemoryBound(to: valuation_scale.self)
        conversionScales = (start + layout.conversionScales).assumingMemoryBound(to: valuation_scale.self)
        clickParameters = (start + layout.clickParameters).assumingMemoryBound(to: ModelParameters.self)
        conversionParameters = (start + layout.conversionParameters).assumingMemoryBound(to: ModelParameters.self)
        clickIntercepts = (start + layout.clickIntercepts).assumingMemoryBound(to: Float.self)
        conversionIntercepts = (start + layout.conversionIntercepts).assumingMemoryBound(to: Float.self)
        clickCampaigns = (start + layout.clickCampaigns).assumingMemoryBound(to: UInt32.self)
        conversionCampaigns = (start + layout.conversionCampaigns).assumingMemoryBound(to: UInt32.self)
        labelSlots = (start + layout.labelSlots).assumingMemoryBound(to: LabelSlot.self)
        campaignSlots = (start + layout.campaignSlots).assumingMemoryBound(to: CampaignSlot.self)
        fieldSlots = (start + layout.fieldSlots).assumingMemoryBound(to: FieldSlot.self)
        labelPilots = (start + layout.labelPilots).assumingMemoryBound(to: UInt16.self)
        campaignPilots = (start + layout.campaignPilots).assumingMemoryBound(to: UInt16.self)
        fieldPilots = (start + layout.fieldPilots).assumingMemoryBound(to: UInt16.self)
        numberParameters = (start + layout.numberParameters).assumingMemoryBound(to: NumberParameters.self)
        numberModels = (start + layout.numberModels).assumingMemoryBound(to: UInt32.self)
        directory = (start + layout.directory).assumingMemoryBound(to: UInt64.self)
        listModels = start + layout.listModels
        weights = (start + layout.weights).assumingMemoryBound(to: Int32.self)
        rows = valuation_rows(
            weights: weights, directory: directory, list_models: listModels, is_wide: counts.isWide ? 1 : 0)
        observedSlots = (start + layout.observedSlots).assumingMemoryBound(to: Observed.self)
        deviations = (start + layout.deviations).assumingMemoryBound(to: Float.self)
        numberDeviations = (start + layout.numberDeviations).assumingMemoryBound(to: Float.self)
        descriptions = (start + layout.descriptions).assumingMemoryBound(to: Description.self)
        order = (start + layout.order).assumingMemoryBound(to: UInt32.self)
        names = (start + layout.names).assumingMemoryBound(to: UInt8.self)
    }

    /// Another index of the same memory, which is freed with the last of them.
    init(sharing other: borrowing Index) {
        other.block.pointee.retain()
        self.init(other.secret, counts: other.counts, hashes: other.hashes, block: other.block)
        (levels, hasCrosses) = (other.levels, other.hasCrosses)
    }

    deinit {
        Block.release(block)
    }

    @inline(__always)
    func scales(_ target: Target) -> UnsafeMutablePointer<valuation_scale> {
        target == .click ? clickScales : conversionScales
    }

    @inline(__always)
    func parameters(_ target: Target) -> UnsafeMutablePointer<ModelParameters> {
        target == .click ? clickParameters : conversionParameters
    }

    /// The standard deviations of the models' intercepts.
    @inline(__always)
    func intercepts(_ target: Target) -> UnsafeMutablePointer<Float> {
        target == .click ? clickIntercepts : conversionIntercepts
    }

    /// The lower halves of the keys of the models' campaigns.
    @inline(__always)
    func campaigns(_ target: Target) -> UnsafeMutablePointer<UInt32> {
        target == .click ? clickCampaigns : conversionCampaigns
    }
}

extension valuation_field {
    init(key: UInt64, isCategory: Bool, isNumber: Bool) {
        self.init(key: key, kinds: (isCategory ? 1 : 0) | (isNumber ? 2 : 0))
    }

    @inline(__always)
    var isCategory: Bool { kinds & 1 != 0 }

    @inline(__always)
    var isNumber: Bool { kinds & 2 != 0 }

    @inline(__always)
    var isVacant: Bool { kinds == 0 }

    /// Takes in what another model says of the field.
    mutating func formUnion(isCategory: Bool, isNumber: Bool) {
        kinds |= (isCategory ? 1 : 0) | (isNumber ? 2 : 0)
    }
}
