// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform

/// Many models as one flat, read-only block of memory, laid out feature by feature for scoring.
///
/// As in a search engine (term-at-a-time; Turtle & Flood, "Query evaluation: strategies and optimizations", 1995), each
/// label has the weights of all models side by side, so that a request's feature is looked up once for all campaigns.
/// The weights of one label for one target are a row. A row is dense, with one weight for each model, if many models
/// have one; otherwise it is a list of models and weights, with a directory to find the weight of one model.
///
/// Weights are 32-bit integers in units of a power of two that each model chooses from its largest weight. They are
/// summed as 64-bit integers. The sum is exact, so the bits do not depend on the order of the terms or the path of the
/// computation.
///
/// The block contains no address, so it may be mapped from a file (see `CompiledFile`).
///
/// The uncertainty of weights is in another array of the same shape, so that it is found with the weight.
///
/// - Memory: a weight in a dense row takes 4 to 22 bytes, in a list 6 to 9 (2 more in an index of more than 65,536
///   models of a target), a number 20; a label 36, a campaign 27 (35 more if any campaign has observed counts), a model
///   148 and its names. If any weight but the intercept is uncertain, 4 more for a number and a weight in a list, and 4
///   to 22 for one in a dense row.
struct Index: ~Copyable {
    static let none = UInt32.max

    /// The models of a campaign: its own or their stand-ins. The number of a target's models stands for no model.
    typealias CampaignSlot = valuation_campaign
    typealias FieldSlot = valuation_field
    typealias ModelParameters = valuation_parameters
    typealias NumberParameters = valuation_number
    typealias Description = valuation_description
    typealias Observed = valuation_observed

    /// The counts that determine the layout of the block.
    struct Counts {
        /// Numbered from 0 in each target.
        var models = ByTarget(click: 0, conversion: 0)
        var labels = 0
        var campaigns = 0
        /// Weights of categories and crosses.
        var weights = 0
        var numbers = 0
        /// Elements for weights: in lists, then in dense rows.
        var listPlaces = 0
        var densePlaces = 0
        var directoryEntries = 0
        /// Bytes of the names of campaigns, versions and trainers.
        var nameBytes = 0
        /// The number of campaign slots if any campaign has observed counts, otherwise 0.
        var observed = 0
        /// Weights of categories, crosses and numbers that are uncertain.
        var variances = 0

        var modelCount: Int { models.click &+ models.conversion }

        /// The number of elements for the models of a target: one more for no model, rounded up for vectors.
        func width(_ target: Target) -> Int { RowPlaces.roundedUp(models[target] &+ 1) }

        /// Whether the numbers of a target's models need more than 16 bits.
        var isWide: Bool { max(models.click, models.conversion) > 65_536 }

        var weightBytes: Int { (listPlaces &+ densePlaces) &* MemoryLayout<Int32>.stride }

        /// Whether the weights are too many for the third-level cache of most machines.
        var isFar: Bool { weightBytes > VALUATION_THIRD_CACHE }
    }

    /// The hashes of the tables.
    struct Hashes {
        var labels: PerfectHash
        var campaigns: PerfectHash
        var fields: PerfectHash
    }

    /// The secret of all keys in the index.
    let secret: Secret
    let counts: Counts
    let hashes: Hashes
    let byteCount: Int
    /// The length of the longest `extends` chain, and whether any model has a cross: users without them do not pay for
    /// them.
    var levels = 1
    var hasCrosses = false
    /// The memory of the index.
    let block: UnsafePointer<Block>

    /// One element for each model of a target, and one for no model: the intercepts of the model and its bases plus the
    /// logarithm of the model's sampling rate, and the logit of one unit of its weights, a power of two.
    let scales: ByTarget<UnsafeMutablePointer<valuation_scale>>
    let parameters: ByTarget<UnsafeMutablePointer<ModelParameters>>
    /// The standard deviation of each model's intercept (0 if not given, `VALUATION_DEVIATION_OF_RATE` if it is that of
    /// an observed rate), and the lower half of its campaign's key, which distinguishes draws.
    let intercepts: ByTarget<UnsafeMutablePointer<Float>>
    let campaigns: ByTarget<UnsafeMutablePointer<UInt32>>
    let labelSlots: UnsafeMutablePointer<LabelSlot>
    /// One more than the keys of the hash: the last is that of an unknown campaign.
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
    /// Those of the lists, then those of the dense rows.
    let weights: UnsafeMutablePointer<Int32>
    /// The last three, for `CKernels`.
    let rows: valuation_rows
    /// The standard deviation of each of `weights`, 0 if it is not known, and of the slopes of `numberParameters`;
    /// empty if none is known.
    let deviations: UnsafeMutablePointer<Float>
    let numberDeviations: UnsafeMutablePointer<Float>
    /// One for each of the campaign slots, or none at all.
    let observedSlots: UnsafeMutablePointer<Observed>
    /// Of the click models, then of the conversion models.
    let descriptions: UnsafeMutablePointer<Description>
    /// The positions in `descriptions` of the click models, then of the conversion models, each in the order of the files.
    let order: UnsafeMutablePointer<UInt32>
    let names: UnsafeMutablePointer<UInt8>

    /// Allocates one block of memory for everything; slots are vacant, the rest is zero.
    init(_ secret: Secret, counts: Counts, hashes: Hashes) throws(Failure) {
        let block = try Block.allocate(byteCount: Layout(counts, hashes).byteCount)
        self.init(secret, counts: counts, hashes: hashes, block: block)
        let absent = ModelParameters(base: Index.none, prior: .nan)
        for target in Target.allCases {
            parameters[target].initialize(repeating: absent, count: counts.width(target))
        }
        let vacant = CampaignSlot(
            key: 0, click_model: UInt32(counts.models.click), conversion_model: UInt32(counts.models.conversion),
            flags: Flags.unknownCampaign.rawValue, conversion_flags: 0)
        campaignSlots.initialize(repeating: vacant, count: hashes.campaigns.slotCount &+ 1)
    }

    /// The index in a block. - Parameter block: of the size that `Layout` gives; one of its references becomes the
    /// index's.
    init(_ secret: Secret, counts: Counts, hashes: Hashes, block: UnsafePointer<Block>) {
        self.secret = secret
        self.counts = counts
        self.hashes = hashes
        self.block = block
        let layout = Layout(counts, hashes)
        byteCount = layout.byteCount
        let start = block.pointee.start
        func array<Element>(_ offset: Int) -> UnsafeMutablePointer<Element> {
            (start + offset).assumingMemoryBound(to: Element.self)
        }
        scales = ByTarget { array(layout.scales[$0]) }
        parameters = ByTarget { array(layout.parameters[$0]) }
        intercepts = ByTarget { array(layout.intercepts[$0]) }
        campaigns = ByTarget { array(layout.campaigns[$0]) }
        labelSlots = array(layout.labelSlots)
        campaignSlots = array(layout.campaignSlots)
        fieldSlots = array(layout.fieldSlots)
        labelPilots = array(layout.labelPilots)
        campaignPilots = array(layout.campaignPilots)
        fieldPilots = array(layout.fieldPilots)
        numberParameters = array(layout.numberParameters)
        numberModels = array(layout.numberModels)
        directory = array(layout.directory)
        listModels = start + layout.listModels
        weights = array(layout.weights)
        rows = valuation_rows(
            weights: weights, directory: directory, list_models: listModels, is_wide: counts.isWide ? 1 : 0,
            is_far: counts.isFar ? 1 : 0)
        observedSlots = array(layout.observedSlots)
        deviations = array(layout.deviations)
        numberDeviations = array(layout.numberDeviations)
        descriptions = array(layout.descriptions)
        order = array(layout.order)
        names = array(layout.names)
    }

    /// Another index in the same memory, which is freed with the last of them.
    init(sharing other: borrowing Index) {
        other.block.pointee.retain()
        self.init(other.secret, counts: other.counts, hashes: other.hashes, block: other.block)
        (levels, hasCrosses) = (other.levels, other.hasCrosses)
    }

    deinit {
        Block.release(block)
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

    /// Merges in how another model uses the field.
    mutating func formUnion(isCategory: Bool, isNumber: Bool) {
        kinds |= (isCategory ? 1 : 0) | (isNumber ? 2 : 0)
    }
}
