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
/// - Memory: of a weight in a dense row 4 to 22 bytes, in a list 6 to 9 (2 more in an index of more than 65,536 models of a
///   target), of a number 20; 36 a label, 27 a campaign, 24 a model.
struct Index: ~Copyable {
    static let none = UInt32.max

    /// What the scorer must know of a model beside its scale.
    struct ModelParameters {
        /// The number in its target of the model that this one is a correction to, or `none`.
        var base: UInt32
        /// What the probability is when there is no time to compute it.
        var prior: Float
    }

    /// What values a campaign: its own models, or those of campaign "*", or else the numbers of the models of the targets, which
    /// stand for none.
    typealias CampaignSlot = valuation_campaign

    /// A field, for reading JSON requests, which name fields and not keys alone.
    struct FieldSlot {
        var key: UInt64
        var isCategory: Bool
        var isNumber: Bool

        var isVacant: Bool { !isCategory && !isNumber }
    }

    struct NumberParameters {
        var mean: Double
        var slope: Double
    }

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

    let counts: Counts
    let hashes: Hashes
    let byteCount: Int
    /// How many models the longest chain of models has that extend one another, and whether any model has a cross: nobody else
    /// pays for them.
    var levels = 1
    var hasCrosses = false
    private let block: UnsafeMutableRawPointer

    /// One element for each model of a target, and one that stands for none: the intercepts of the model and its bases plus the
    /// logarithm of the model's own sampling rate, and how much logit one unit of its weights is, a power of two.
    let clickScales: UnsafeMutablePointer<valuation_scale>
    let conversionScales: UnsafeMutablePointer<valuation_scale>
    let clickParameters: UnsafeMutablePointer<ModelParameters>
    let conversionParameters: UnsafeMutablePointer<ModelParameters>
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

    /// Takes one block of memory for everything; slots are vacant, the rest is not yet set.
    init(counts: Counts, hashes: Hashes) throws(Failure) {
        self.counts = counts
        self.hashes = hashes
        var layout = Layout()
        let width = (click: counts.width(.click), conversion: counts.width(.conversion))
        let clickScalesAt = layout.add(valuation_scale.self, width.click)
        let conversionScalesAt = layout.add(valuation_scale.self, width.conversion)
        let clickParametersAt = layout.add(ModelParameters.self, width.click)
        let conversionParametersAt = layout.add(ModelParameters.self, width.conversion)
        let labelsAt = layout.add(LabelSlot.self, hashes.labels.slotCount)
        let fieldsAt = layout.add(FieldSlot.self, hashes.fields.slotCount)
        let labelPilotsAt = layout.add(UInt16.self, hashes.labels.pilotCount)
        let campaignPilotsAt = layout.add(UInt16.self, hashes.campaigns.pilotCount)
        let fieldPilotsAt = layout.add(UInt16.self, hashes.fields.pilotCount)
        let campaignSlotCount = hashes.campaigns.slotCount &+ 1
        let campaignsAt = layout.add(CampaignSlot.self, campaignSlotCount)
        let parametersAt = layout.add(NumberParameters.self, counts.numbers)
        let numbersAt = layout.add(UInt32.self, counts.numbers)
        let directoryAt = layout.add(UInt64.self, counts.directoryEntries)
        // A search may read beyond the end of the last list.
        let padded = counts.listPlaces &+ VALUATION_KERNELS_FOUND
        let listsAt = counts.isWide ? layout.add(UInt32.self, padded) : layout.add(UInt16.self, padded)
        let weightsAt = layout.add(Int32.self, counts.listPlaces)
        // The model that stands for none may lie behind the last row.
        _ = layout.add(Int32.self, counts.densePlaces &+ VALUATION_KERNELS_WIDTH)
        byteCount = layout.size
        guard let memory = valuation_platform_allocate(byteCount) else { throw .outOfMemory }
        block = memory
        memset(block, 0, campaignsAt)
        memset(block + directoryAt, 0, 32)
        clickScales = (block + clickScalesAt).bindMemory(to: valuation_scale.self, capacity: width.click)
        conversionScales = (block + conversionScalesAt).bindMemory(to: valuation_scale.self, capacity: width.conversion)
        clickParameters = (block + clickParametersAt).bindMemory(to: ModelParameters.self, capacity: width.click)
        conversionParameters =
            (block + conversionParametersAt).bindMemory(to: ModelParameters.self, capacity: width.conversion)
        labelSlots = (block + labelsAt).bindMemory(to: LabelSlot.self, capacity: hashes.labels.slotCount)
        campaignSlots = (block + campaignsAt).bindMemory(to: CampaignSlot.self, capacity: campaignSlotCount)
        fieldSlots = (block + fieldsAt).bindMemory(to: FieldSlot.self, capacity: hashes.fields.slotCount)
        labelPilots = (block + labelPilotsAt).bindMemory(to: UInt16.self, capacity: hashes.labels.pilotCount)
        campaignPilots = (block + campaignPilotsAt).bindMemory(to: UInt16.self, capacity: hashes.campaigns.pilotCount)
        fieldPilots = (block + fieldPilotsAt).bindMemory(to: UInt16.self, capacity: hashes.fields.pilotCount)
        numberParameters = (block + parametersAt).bindMemory(to: NumberParameters.self, capacity: counts.numbers)
        numberModels = (block + numbersAt).bindMemory(to: UInt32.self, capacity: counts.numbers)
        directory = (block + directoryAt).bindMemory(to: UInt64.self, capacity: counts.directoryEntries)
        listModels = block + listsAt
        memset(listModels, 0, padded &* (counts.isWide ? 4 : 2))
        let places = counts.listPlaces &+ counts.densePlaces &+ VALUATION_KERNELS_WIDTH
        weights = (block + weightsAt).bindMemory(to: Int32.self, capacity: places)
        // What no row fills may still be read, for a model that stands for none.
        let padding = VALUATION_KERNELS_WIDTH &* MemoryLayout<Int32>.stride
        memset(weights + (counts.listPlaces &- VALUATION_KERNELS_WIDTH), 0, padding)
        memset(weights + (counts.listPlaces &+ counts.densePlaces), 0, padding)
        rows = valuation_rows(
            weights: weights, directory: directory, list_models: listModels, is_wide: counts.isWide ? 1 : 0)
        let absent = ModelParameters(base: Index.none, prior: .nan)
        clickParameters.initialize(repeating: absent, count: width.click)
        conversionParameters.initialize(repeating: absent, count: width.conversion)
        let vacant = CampaignSlot(
            key: 0, click_model: UInt32(counts.clickModels), conversion_model: UInt32(counts.conversionModels),
            flags: Flags.unknownCampaign.rawValue, conversion_flags: 0)
        campaignSlots.initialize(repeating: vacant, count: campaignSlotCount)
    }

    deinit {
        free(block)
    }

    @inline(__always)
    func scales(_ target: Target) -> UnsafeMutablePointer<valuation_scale> {
        target == .click ? clickScales : conversionScales
    }

    @inline(__always)
    func parameters(_ target: Target) -> UnsafeMutablePointer<ModelParameters> {
        target == .click ? clickParameters : conversionParameters
    }

    /// Places one array after the other, each on a cache line of its own.
    private struct Layout {
        static let alignment = 64
        var size = 0

        mutating func add<Element>(_: Element.Type, _ count: Int) -> Int {
            let offset = size
            let bytes = count &* MemoryLayout<Element>.stride
            size = (size &+ bytes &+ Layout.alignment &- 1) & ~(Layout.alignment &- 1)
            return offset
        }
    }
}
