// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// Many models as one flat, read-only block of memory, laid out feature by feature for scoring.
///
/// As in a search engine (term-at-a-time; Turtle & Flood, "Query evaluation: strategies and optimizations", 1995), each label has
/// a posting list of the models that have a weight for it, so that a request's feature is looked up once for all campaigns.
/// Models are numbered with the click models first, in which order the lists are sorted; a request without CPA candidates so
/// reads the front of each list alone.
///
/// Weights are 32-bit integers in units of a power of two that each model chooses from its largest weight. They are summed as
/// 64-bit integers: the sum is exact, and the same bits result in whatever order and on whatever road it is formed.
///
/// - Memory: 8 bytes a weight (20 of a number), 43 to 85 a label, 24 a model, 21 to 43 a campaign.
struct Index: ~Copyable {
    static let none = UInt32.max

    /// What the scorer must know of a model.
    struct ModelParameters {
        /// The intercepts of the model and its bases, plus the logarithm of the model's own sampling rate.
        var constant: Double
        /// How much logit one unit of its weights is: a power of two.
        var unit: Double
        /// The model that this one is a correction to, or `none`.
        var base: UInt32
        /// What the probability is when there is no time to compute it.
        var prior: Float
    }

    enum LabelKind: UInt32 {
        case vacant = 0
        case category = 1
        case number = 2
        case cross = 3
    }

    /// A label and where its weights lie: in `postingModels` and `postingWeights`, or, for a number, in `numberModels`
    /// and `numberParameters`.
    struct LabelSlot {
        var key: UInt64
        var kind: LabelKind.RawValue
        var start: UInt32
        var clickCount: UInt32
        var conversionCount: UInt32
        /// Which crosses the label may stand first or second in: a filter, one bit of 32
        /// for each pair of fields.
        var crossesFirst: UInt32
        var crossesSecond: UInt32
    }

    struct CampaignSlot {
        var key: UInt64
        var clickModel: UInt32
        var conversionModel: UInt32

        var isVacant: Bool { clickModel == none && conversionModel == none }
    }

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
        var postings = 0
        var numberPostings = 0
        /// Powers of two.
        var labelSlots = 1
        var campaignSlots = 1
        var fieldSlots = 1

        var models: Int { clickModels &+ conversionModels }
    }

    let counts: Counts
    /// The models of campaign "*", or `none`.
    var defaultClickModel = none
    var defaultConversionModel = none
    let byteCount: Int
    private let block: UnsafeMutableRawPointer

    let models: UnsafeMutablePointer<ModelParameters>
    let labelSlots: UnsafeMutablePointer<LabelSlot>
    let campaignSlots: UnsafeMutablePointer<CampaignSlot>
    let fieldSlots: UnsafeMutablePointer<FieldSlot>
    let numberParameters: UnsafeMutablePointer<NumberParameters>
    let numberModels: UnsafeMutablePointer<UInt32>
    let postingModels: UnsafeMutablePointer<UInt32>
    let postingWeights: UnsafeMutablePointer<Int32>

    /// Takes one block of memory for everything; slots are vacant, the rest is not yet set.
    init(counts: Counts) throws(Failure) {
        self.counts = counts
        var layout = Layout()
        let modelsAt = layout.add(ModelParameters.self, counts.models)
        let labelsAt = layout.add(LabelSlot.self, counts.labelSlots)
        let campaignsAt = layout.add(CampaignSlot.self, counts.campaignSlots)
        let fieldsAt = layout.add(FieldSlot.self, counts.fieldSlots)
        let parametersAt = layout.add(NumberParameters.self, counts.numberPostings)
        let numbersAt = layout.add(UInt32.self, counts.numberPostings)
        let postingsAt = layout.add(UInt32.self, counts.postings)
        let weightsAt = layout.add(Int32.self, counts.postings)
        byteCount = layout.size
        var memory: UnsafeMutableRawPointer?
        if posix_memalign(&memory, Layout.alignment, byteCount) != 0 { throw .outOfMemory }
        block = memory.unsafelyUnwrapped
        memset(block, 0, postingsAt)
        models = (block + modelsAt).bindMemory(to: ModelParameters.self, capacity: counts.models)
        labelSlots = (block + labelsAt).bindMemory(to: LabelSlot.self, capacity: counts.labelSlots)
        campaignSlots = (block + campaignsAt).bindMemory(to: CampaignSlot.self, capacity: counts.campaignSlots)
        fieldSlots = (block + fieldsAt).bindMemory(to: FieldSlot.self, capacity: counts.fieldSlots)
        numberParameters = (block + parametersAt).bindMemory(to: NumberParameters.self, capacity: counts.numberPostings)
        numberModels = (block + numbersAt).bindMemory(to: UInt32.self, capacity: counts.numberPostings)
        postingModels = (block + postingsAt).bindMemory(to: UInt32.self, capacity: counts.postings)
        postingWeights = (block + weightsAt).bindMemory(to: Int32.self, capacity: counts.postings)
        let vacant = CampaignSlot(key: 0, clickModel: Index.none, conversionModel: Index.none)
        campaignSlots.initialize(repeating: vacant, count: counts.campaignSlots)
    }

    deinit {
        free(block)
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
