// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation

/// A block of candidates that was read once for several sets of models: for each the slot of its campaign in a table
/// that the sets share, and what does not depend on the models.
///
/// `CKernels` reads it as it reads models: the table names each campaign's slot in place of its models.
struct CandidateSlots: ~Copyable {
    /// Stands for the slot of a candidate that needs no conversion model.
    static let none = UInt32.max

    fileprivate var slots = Buffer<UInt32>()
    fileprivate var conversionSlots = Buffer<UInt32>()
    fileprivate var flags = Buffer<UInt32>()
    fileprivate var features = Buffer<UnsafePointer<UInt64>?>()
    fileprivate var lengths = Buffer<UInt32>()
    fileprivate var longest: UInt32 = 0

    mutating func reserve() throws(Failure) {
        try slots.resize(Scratch.blockSize, filling: 0)
        try conversionSlots.resize(Scratch.blockSize, filling: 0)
        try flags.resize(Scratch.blockSize, filling: 0)
        try features.resize(Scratch.blockSize, filling: nil)
        try lengths.resize(Scratch.blockSize, filling: 0)
    }

    /// Reads a block of candidates. - Parameter table: gives slots in place of models.
    /// - Returns: the slot of each.
    @_optimize(speed)
    mutating func read(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, _ table: valuation_campaigns,
        _ kernels: UnsafePointer<valuation_kernels>
    ) -> UnsafePointer<UInt32> {
        let slots = slots.base.unsafelyUnwrapped
        var block = valuation_block(
            absent_click: CandidateSlots.none, absent_conversion: CandidateSlots.none, click_models: slots,
            conversion_models: conversionSlots.base, flags: flags.base, features: features.base, lengths: lengths.base,
            source: 0, wants_clicks: 0, wants_conversions: 0, longest: 0, offsets: nil, array: nil)
        withUnsafePointer(to: table) { kernels.pointee.read(candidates, count, $0, 0, &block) }
        longest = block.longest
        return UnsafePointer(slots)
    }
}

extension Scoring {
    /// Finds the models of some candidates of a block that was read with its slots, and their problems: as `read`, which
    /// looks each campaign up.
    ///
    /// - Parameters:
    ///   - places: the positions of the candidates in the block.
    ///   - marks: bits of the campaigns' flags that are left out.
    /// - Precondition: the slots are those of this scoring's table of campaigns.
    @_optimize(speed)
    mutating func take(
        _ found: borrowing CandidateSlots, _ places: UnsafePointer<Int>, count: Int, withoutMarks marks: UInt32
    ) -> Wanted {
        // Kept in local variables: the compiler must assume that each store may move them.
        let (out, all, kept) = (block, terms.flags.union(flags).rawValue, ~marks)
        let (slots, conversionSlots) = (
            found.slots.base.unsafelyUnwrapped, found.conversionSlots.base.unsafelyUnwrapped
        )
        let (table, foundFlags) = (campaigns.slots.unsafelyUnwrapped, found.flags.base.unsafelyUnwrapped)
        let (click, conversion) = (out.click_models.unsafelyUnwrapped, out.conversion_models.unsafelyUnwrapped)
        let flags = out.flags.unsafelyUnwrapped
        for position in 0..<count { valuation_kernels_prefetch(table + Int(slots[places[position]])) }
        var (clicks, conversions) = (UInt32(0), UInt32(0))
        for position in 0..<count {
            let place = places[position]
            let slot = table + Int(slots[place])
            // Masks, because a branch would be mispredicted where pricings are mixed.
            let needs = conversionSlots[place] == CandidateSlots.none ? 0 : UInt32.max
            let own = (slot.pointee.click_model, slot.pointee.conversion_model & needs | out.absent_conversion & ~needs)
            (click[position], conversion[position]) = own
            let conversionFlags = slot.pointee.conversion_flags & needs
            flags[position] = all | foundFlags[place] | slot.pointee.flags & kept | conversionFlags
            clicks |= own.0 ^ out.absent_click
            conversions |= own.1 ^ out.absent_conversion
        }
        return Wanted(
            click: clicks != 0, conversion: conversions != 0, adFeatures: takeFeatures(found, places, count: count))
    }

    /// Notes the candidates' features. - Returns: the largest number of features of one.
    private mutating func takeFeatures(
        _ found: borrowing CandidateSlots, _ places: UnsafePointer<Int>, count: Int
    ) -> UInt32 {
        // Nobody reads them if no candidate has any.
        if found.longest == 0 { return 0 }
        let (features, lengths) = (block.features.unsafelyUnwrapped, block.lengths.unsafelyUnwrapped)
        let (all, allLengths) = (found.features.base.unsafelyUnwrapped, found.lengths.base.unsafelyUnwrapped)
        var longest: UInt32 = 0
        for position in 0..<count {
            let length = allLengths[places[position]]
            (features[position], lengths[position]) = (all[places[position]], length)
            longest = max(longest, length)
        }
        for position in count..<RowPlaces.roundedUp(count) { lengths[position] = 0 }
        return longest
    }
}
