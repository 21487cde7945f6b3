// SPDX-License-Identifier: Apache-2.0
import CKernels

/// The campaigns of all releases that a policy uses, and those that it names: the models of each release for each of
/// them, its class of rules, and its adjustment.
///
/// While a policy has rules about single campaigns, or an ensemble, this table replaces the releases' own. Reading a
/// candidate then also reveals at no cost whether there are rules about its campaign, because `mark` is among the flags.
/// A block that needs several releases is read once, for the slots of its campaigns.
///
/// - Memory: 48 bytes a campaign, and 24 for each release.
struct CampaignTable: ~Copyable {
    /// Not a flag of valuation.h.
    static let mark: UInt32 = 1 << 31
    static let everyone: UInt32 = 0

    /// What the policy says about a campaign: in one struct, because it is read together.
    struct Entry {
        /// The number of its class in `CampaignClasses`.
        var number = CampaignTable.everyone
        /// One more than the adjustment's number, 0 for none.
        var adjustment: UInt32 = 0

        var isMarked: Bool { number != CampaignTable.everyone || adjustment != 0 }
    }

    /// The class of campaigns that are not in the table.
    private(set) var unknown = CampaignTable.everyone
    let hash: PerfectHash
    private let pilots: Buffer<UInt16>
    /// One for each slot of the hash, and one for a campaign that is not in the table.
    private var entries = Buffer<Entry>()
    /// The campaigns' keys, with their slots in place of models.
    private var places = Buffer<valuation_campaign>()
    /// Those of the first release, then of the second, and so on.
    private var slots = Buffer<valuation_campaign>()

    /// - Parameter campaigns: keys, possibly repeated.
    /// - Complexity: O(campaigns) expected.
    init(_ campaigns: borrowing Buffer<UInt64>) throws(Failure) {
        var known = KeyTable()
        var distinct = Buffer<UInt64>()
        for position in 0..<campaigns.count where known.find(campaigns[position]) == KeyTable.none {
            try known.insert(campaigns[position], 0)
            try distinct.append(campaigns[position])
        }
        let builder = try PerfectHashBuilder(distinct)
        var pilots = Buffer<UInt16>()
        try pilots.append(builder.pilots.base.unsafelyUnwrapped, count: builder.pilots.count)
        var entries = Buffer<Entry>()
        let hash = builder.hash
        try entries.resize(hash.slotCount + 1, filling: Entry())
        try places.reserve(entries.count)
        for slot in 0..<UInt32(entries.count) {
            try places.append(
                valuation_campaign(key: 0, click_model: slot, conversion_model: slot, flags: 0, conversion_flags: 0))
        }
        for position in 0..<distinct.count {
            places[hash.place(of: distinct[position], pilots.base.unsafelyUnwrapped)].key = distinct[position]
        }
        self.hash = hash
        self.pilots = pilots
        self.entries = entries
    }

    var slotCount: Int { hash.slotCount }

    func key(_ slot: Int) -> UInt64 { places[slot].key }

    /// The slot of a campaign, or nil. - Complexity: O(1).
    @inline(__always)
    func slot(_ campaign: UInt64) -> Int? {
        let place = hash.place(of: campaign, pilots.base.unsafelyUnwrapped)
        return places[place].key == campaign ? place : nil
    }

    /// The entry of a campaign, or nil. - Complexity: O(1): about two cache misses.
    @inline(__always)
    func entry(_ campaign: UInt64) -> UnsafePointer<Entry>? {
        guard let slot = slot(campaign) else { return nil }
        return UnsafePointer(entries.base.unsafelyUnwrapped + slot)
    }

    /// The entry at a slot, of which the last is that of a campaign that is not in the table.
    @inline(__always)
    func entry(at slot: UInt32) -> Entry { entries.base.unsafelyUnwrapped[Int(slot)] }

    /// Whether so many campaigns are marked that most blocks have one: one in sixteen or more. Unknown campaigns do not
    /// count. - Complexity: O(campaigns).
    var marksMany: Bool {
        var (marked, all) = (0, 0)
        for place in 0..<slotCount where key(place) != 0 {
            all += 1
            if entries[place].isMarked { marked += 1 }
        }
        return marked > 0 && 16 * marked >= all
    }

    mutating func setClass(_ slot: Int, _ number: UInt32) { entries[slot].number = number }

    mutating func setUnknown(_ number: UInt32) {
        unknown = number
        // A candidate whose campaign is 0 finds one of the vacant entries.
        for slot in 0..<entries.count where key(slot) == 0 { entries[slot].number = number }
    }

    mutating func setAdjustment(_ slot: Int, _ number: Int) { entries[slot].adjustment = UInt32(number &+ 1) }

    /// Copies each campaign's slot from a release. - Precondition: classes and adjustments are set.
    mutating func add(_ index: borrowing Index) throws(Failure) {
        try slots.reserve(slots.count + slotCount + 1)
        for place in 0..<slotCount {
            var slot = index.campaign(key(place)).pointee
            slot.key = key(place)
            if entries[place].isMarked { slot.flags |= CampaignTable.mark }
            try slots.append(slot)
        }
        // The last one is that of an unknown campaign.
        var slot = index.campaignSlots[index.hashes.campaigns.slotCount]
        if unknown != CampaignTable.everyone { slot.flags |= CampaignTable.mark }
        try slots.append(slot)
    }

    /// The table that gives slots in place of models, see `CandidateSlots`.
    var slotTable: valuation_campaigns {
        valuation_campaigns(
            hash: hash.function, pilots: pilots.base.unsafelyUnwrapped, slots: places.base.unsafelyUnwrapped)
    }

    /// The table in the form of `CKernels`. - Parameter release: in the order of adding.
    func table(_ release: Int) -> valuation_campaigns {
        valuation_campaigns(
            hash: hash.function, pilots: pilots.base.unsafelyUnwrapped,
            slots: slots.base.unsafelyUnwrapped + release &* (slotCount &+ 1))
    }
}
