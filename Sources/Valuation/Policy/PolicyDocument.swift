// SPDX-License-Identifier: Apache-2.0
import CKernels

/// What a policy's file says, format `valuation-policy/1`: checked by itself, nothing looked up yet.
struct PolicyDocument: ~Copyable {
    static let format: StaticString = "valuation-policy/1"
    static let maximumBytes = 64 * 1024 * 1024
    static let maximumPredictors = 1_000
    static let maximumRules = 10_000
    static let maximumVariants = 100
    /// Releases that are open at a time, LATEST included.
    static let maximumReleases = 16
    static let maximumUnits = 16
    /// The field of a unit that is given by itself.
    static let plainUnit: StaticString = "unit"
    /// Different conditions of newcomers.
    static let maximumNewcomers = 8

    /// The number of what LATEST names in `releases`.
    static let latest = 0

    /// Some elements of a buffer, one behind the other. The standard library's ranges are not for buffers.
    struct Part {
        var start = 0
        var end = 0

        var range: Range<Int> { start..<end }
        var isEmpty: Bool { start == end }
        var count: Int { end - start }
    }

    enum Kind: UInt8 {
        case release, ensemble, constant, naive
        /// It may not be referred to any more.
        case retired
    }

    struct Predictor {
        var name: valuation_name
        var kind: Kind
        /// Of an ensemble, whether logits are averaged and not probabilities.
        var averagesLogits = false
        /// Where the releases of it, or the one, stand in `members`.
        var members = Part()
        /// Of a constant; pcvr is NaN where it is not given.
        var pctr = Float.nan
        var pcvr = Float.nan
        var naive = Naive()
        /// What standard deviations are multiplied by; 0 without exploration.
        var exploration = 0.0
        /// The first predictor that computes the same, so that the candidates of both are valued together; its own number usually.
        var twin = 0
        /// Why it was retired.
        var reason = valuation_name(start: 0, end: 0)
    }

    /// What a rule is for: ranges of `keys`, empty ones for everything.
    struct Scope {
        var campaigns = Part()
        var advertisers = Part()
        var placements = Part()
        /// The bit of one of `newcomers`; 0 for all campaigns.
        var newcomers: UInt8 = 0

        /// Whether it is for everything.
        var isOpen: Bool { !hasCampaigns && placements.isEmpty }

        /// Whether there is something that both name.
        func sharesKind(_ other: Scope) -> Bool {
            !campaigns.isEmpty && !other.campaigns.isEmpty || !advertisers.isEmpty && !other.advertisers.isEmpty
                || !placements.isEmpty && !other.placements.isEmpty || newcomers != 0 && other.newcomers != 0
        }

        /// How many names it has.
        var count: Int { campaigns.count + advertisers.count + placements.count }

        /// Whether it tells campaigns apart.
        var hasCampaigns: Bool { !campaigns.isEmpty || !advertisers.isEmpty || newcomers != 0 }
    }

    /// An override or an experiment.
    struct Rule {
        var isOverride: Bool
        /// Where it stands in the file's list.
        var position: Int
        /// Of an experiment; of an override, its reason.
        var name: valuation_name
        var scope = Scope()
        /// Seconds since 1970: it holds from `start` on, before `end`.
        var start = Int64.min
        var end = Int64.max
        /// Of an override.
        var predictor = 0
        /// Of an experiment, what follows.
        var layer = 0
        /// With the separator behind it.
        var salt = valuation_name(start: 0, end: 0)
        var unit = 0
        /// In `variants`, the first being the control, the holdout, if any, the last.
        var variants = Part()
        /// Of an override: see `Variant`.
        var source: UInt32 = 0

        func isActive(at time: Int64) -> Bool { start <= time && time < end }
    }

    /// A part of an experiment's buckets.
    struct Variant {
        var name: valuation_name
        /// The buckets behind those of the variants before it and up to here, not including this one.
        var end: Int
        /// `none` where the variant leaves the predictor as it is.
        var predictor: Int
        /// What the values say that they are from.
        var source: UInt32 = 0

        static let none = -1
    }

    /// What a campaign's values are multiplied by, and then held between.
    struct Adjustment {
        var campaign: UInt64
        var name: valuation_name
        var multiplier = 1.0
        var floor = 0.0
        var cap = Double.infinity
    }

    var texts = Buffer<UInt8>()
    var version = valuation_name(start: 0, end: 0)
    /// The field that the request's placement is in.
    var placement = valuation_name(start: 0, end: 0)
    var predictors = Buffer<Predictor>()
    /// Numbers in `releases`.
    var members = Buffer<UInt32>()
    /// The ids of the releases that are named, and where; the first is LATEST.
    var releases = Buffer<Named>()
    var defaultPredictor = 0
    /// How likely each candidate that is worth anything is to be chosen at least.
    var minimumPropensity = 0.0
    var defaultSource: UInt32 = 0
    /// Overrides in their order, then experiments layer by layer.
    var rules = Buffer<Rule>()
    var variants = Buffer<Variant>()
    var layers = Buffer<valuation_name>()
    /// The fields of the units.
    var units = Buffer<valuation_name>()
    /// The keys of scopes, and their names.
    var keys = KeyLists()
    var keyNames = Buffer<valuation_name>()
    /// What scopes say of newcomers, each condition once.
    var newcomers = Buffer<Newcomers>()
    var adjustments = Buffer<Adjustment>()
    /// The numbers of predictors, layers and units by their names.
    private var predictorNames = NameTable()
    private var layerNames = NameTable()
    private var unitNames = NameTable()
    /// What values can be from, and where each source's number stands in it.
    var origins = Buffer<Origin>()
    var sources = KeyTable()

    /// A release's id, the predictor that names it first, and its place there.
    struct Named {
        var id: valuation_name
        var predictor: Int
        var member: Int
    }

    @inline(__always)
    func text(_ name: valuation_name) -> Text {
        texts.text.slice(Int(name.start), Int(name.end))
    }

    @inline(__always)
    func predictor(_ number: Int) -> UnsafePointer<Predictor> {
        UnsafePointer(predictors.base.unsafelyUnwrapped + number)
    }

    /// A rule where it lies: what asks it reads a few of its members.
    @inline(__always)
    func rule(_ number: Int) -> UnsafePointer<Rule> {
        UnsafePointer(rules.base.unsafelyUnwrapped + number)
    }

    /// Keeps a text.
    mutating func keep(_ text: Text) throws(Failure) -> valuation_name {
        let start = UInt32(texts.count)
        try texts.append(text)
        return valuation_name(start: start, end: UInt32(texts.count))
    }

    /// The first predictor that computes the same as a release's. - Complexity: O(predictors), of which there are 1,000 at most.
    func twin(of number: Int) -> Int {
        let predictor = predictors[number]
        if predictor.kind != .release { return number }
        for other in 0..<number {
            let earlier = predictors[other]
            if earlier.kind == .release && earlier.exploration == predictor.exploration && !earlier.members.isEmpty
                && !predictor.members.isEmpty && members[earlier.members.start] == members[predictor.members.start]
            {
                return other
            }
        }
        return number
    }

    /// Whether a predictor needs a release.
    func names(release id: Text) -> Bool {
        for number in 0..<releases.count where text(releases[number].id) == id { return true }
        return false
    }

    /// Adds a predictor. - Precondition: no other has its name.
    mutating func append(_ predictor: Predictor) throws(Failure) {
        try predictorNames.insert(text(predictor.name), predictors.count)
        try predictors.append(predictor)
    }

    /// The predictor of a name, or nil.
    func predictor(_ name: Text) -> Int? {
        predictorNames.find(name) { text(predictors[$0].name) }
    }

    /// The number of a layer, which is added where it is new.
    mutating func layerNumber(_ name: Text) throws(Failure) -> Int {
        if let known = layerNames.find(name, { text(layers[$0]) }) { return known }
        try layerNames.insert(name, layers.count)
        try layers.append(try keep(name))
        return layers.count - 1
    }

    /// The number of a unit's field, which is added where it is new.
    mutating func unitNumber(_ name: Text) throws(Failure) -> Int {
        if let known = unitNames.find(name, { text(units[$0]) }) { return known }
        try unitNames.insert(name, units.count)
        try units.append(try keep(name))
        return units.count - 1
    }
}
