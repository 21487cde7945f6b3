// SPDX-License-Identifier: Apache-2.0
import CKernels

/// The contents of a policy's file, format `valuation-policy/1`: checked by itself, nothing is resolved yet.
struct PolicyDocument: ~Copyable {
    static let format: StaticString = "valuation-policy/1"
    static let maximumBytes = 64 * 1024 * 1024
    static let maximumPredictors = 1_000
    static let maximumRules = 10_000
    static let maximumVariants = 100
    /// The largest number of open releases, LATEST included.
    static let maximumReleases = 16
    static let maximumUnits = 16
    /// The field of a unit that is given without one.
    static let plainUnit: StaticString = "unit"
    /// The largest number of different newcomer conditions.
    static let maximumNewcomers = 8

    /// The index of LATEST in `releases`.
    static let latest = 0

    /// Consecutive elements of a buffer. The standard library's ranges are not for buffers.
    struct Part {
        var start = 0
        var end = 0

        var range: Range<Int> { start..<end }
        var isEmpty: Bool { start == end }
        var count: Int { end - start }
    }

    enum Kind: UInt8 {
        case release, ensemble, constant, naive
        /// No rule may refer to it any more.
        case retired
    }

    struct Predictor {
        var name: valuation_name
        var kind: Kind
        /// For an ensemble, whether it averages logits instead of probabilities.
        var averagesLogits = false
        /// The positions of its release or releases in `members`.
        var members = Part()
        /// Of a constant; pcvr is NaN if it is not given.
        var pctr = Float.nan
        var pcvr = Float.nan
        var naive = Naive()
        /// The factor of standard deviations; 0 without exploration.
        var exploration = 0.0
        /// Why it was retired.
        var reason = valuation_name()
    }

    /// The scope of a rule: ranges of `keys`, empty ones for everything.
    struct Scope {
        var campaigns = Part()
        var advertisers = Part()
        var placements = Part()
        /// The bit of one of `newcomers`; 0 for all campaigns.
        var newcomers: UInt8 = 0

        /// Whether it holds for everything.
        var isOpen: Bool { !hasCampaigns && placements.isEmpty }

        /// Whether both restrict the same thing.
        func sharesKind(_ other: Scope) -> Bool {
            !campaigns.isEmpty && !other.campaigns.isEmpty || !advertisers.isEmpty && !other.advertisers.isEmpty
                || !placements.isEmpty && !other.placements.isEmpty || newcomers != 0 && other.newcomers != 0
        }

        /// The number of its names.
        var count: Int { campaigns.count + advertisers.count + placements.count }

        /// Whether it distinguishes campaigns.
        var hasCampaigns: Bool { !campaigns.isEmpty || !advertisers.isEmpty || newcomers != 0 }
    }

    /// An override or an experiment.
    struct Rule {
        var isOverride: Bool
        /// Its position in the file's list.
        var position: Int
        /// The name of an experiment; the reason of an override.
        var name: valuation_name
        var scope = Scope()
        /// Seconds since 1970: it holds from `start` on, before `end`.
        var start = Int64.min
        var end = Int64.max
        /// For an override.
        var predictor = 0
        /// The members below are for an experiment.
        var layer = 0
        /// Followed by the separator.
        var salt = valuation_name()
        var unit = 0
        /// In `variants`: the control first, the holdout, if any, last.
        var variants = Part()
        /// For an override: see `Variant`.
        var source: UInt32 = 0

        func isActive(at time: Int64) -> Bool { start <= time && time < end }
    }

    /// A part of an experiment's buckets.
    struct Variant {
        var name: valuation_name
        /// The end of its buckets, exclusive; they begin at the end of the variant before.
        var end: Int
        /// `none` if the variant leaves the predictor as it is.
        var predictor: Int
        /// The source that the values name.
        var source: UInt32 = 0

        static let none = -1
    }

    /// The multiplier, floor and cap of a campaign's values.
    struct Adjustment {
        var campaign: UInt64
        var name: valuation_name
        var multiplier = 1.0
        var floor = 0.0
        var cap = Double.infinity
    }

    private var texts = TextStore()
    var version = valuation_name()
    /// The field of the request's placement.
    var placement = valuation_name()
    var predictors = Buffer<Predictor>()
    /// Indices in `releases`.
    var members = Buffer<UInt32>()
    /// The ids of the named releases, and where they are named; the first is LATEST.
    var releases = Buffer<Named>()
    var defaultPredictor = 0
    /// The least propensity of each candidate that is worth anything.
    var minimumPropensity = 0.0
    var defaultSource: UInt32 = 0
    /// Overrides in their order, then experiments layer by layer.
    var rules = Buffer<Rule>()
    var variants = Buffer<Variant>()
    var layers = Buffer<valuation_name>()
    /// The fields of the units.
    var units = Buffer<valuation_name>()
    /// The keys of the names in scopes.
    var keys = KeyLists()
    var keyNames = Buffer<valuation_name>()
    /// The newcomer conditions of scopes, each once.
    var newcomers = Buffer<Newcomers>()
    var adjustments = Buffer<Adjustment>()
    /// The numbers of predictors, layers and units by their names.
    private var predictorNames = NameTable()
    private var layerNames = NameTable()
    private var unitNames = NameTable()
    /// The possible origins of values, and the index of each source's number.
    var origins = Buffer<Origin>()
    var sources = KeyTable()

    /// A release's id, the predictor that names it first, and the position there.
    struct Named {
        var id: valuation_name
        var predictor: Int
        var member: Int
    }

    @inline(__always)
    func text(_ name: valuation_name) -> Text {
        texts[name]
    }

    @inline(__always)
    func predictor(_ number: Int) -> UnsafePointer<Predictor> {
        UnsafePointer(predictors.base.unsafelyUnwrapped + number)
    }

    /// A rule in place: its readers need only a few of its members.
    @inline(__always)
    func rule(_ number: Int) -> UnsafePointer<Rule> {
        UnsafePointer(rules.base.unsafelyUnwrapped + number)
    }

    /// Stores a text.
    mutating func keep(_ text: Text) throws(Failure) -> valuation_name {
        try texts.keep(text)
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

    /// The predictor with a name, or nil.
    func predictor(_ name: Text) -> Int? {
        predictorNames.find(name) { text(predictors[$0].name) }
    }

    /// The number of a layer, which is added if it is new.
    mutating func layerNumber(_ name: Text) throws(Failure) -> Int {
        if let known = layerNames.find(name, { text(layers[$0]) }) { return known }
        try layerNames.insert(name, layers.count)
        try layers.append(try keep(name))
        return layers.count - 1
    }

    /// The number of a unit's field, which is added if it is new.
    mutating func unitNumber(_ name: Text) throws(Failure) -> Int {
        if let known = unitNames.find(name, { text(units[$0]) }) { return known }
        try unitNames.insert(name, units.count)
        try units.append(try keep(name))
        return units.count - 1
    }
}
