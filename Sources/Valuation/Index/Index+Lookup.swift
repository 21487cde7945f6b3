// SPDX-License-Identifier: Apache-2.0

/// Finding things in the index: open addressing with linear probing, over keys that are already well mixed.
extension Index {
    /// - Complexity: O(1) expected: about one cache miss.
    @inline(__always)
    func label(_ key: UInt64) -> UnsafePointer<LabelSlot>? {
        let slot = probe(labelSlots, count: counts.labelSlots, key)
        return slot.pointee.isVacant ? nil : UnsafePointer(slot)
    }

    /// The weights of a cross of two labels, if any model may have one. - Complexity: O(1) expected.
    @inline(__always)
    func cross(_ first: UnsafePointer<LabelSlot>, _ second: UnsafePointer<LabelSlot>) -> UnsafePointer<LabelSlot>? {
        let mayMeet =
            (first.pointee.crossesFirst & second.pointee.crossesSecond)
            | (first.pointee.crossesSecond & second.pointee.crossesFirst)
        if mayMeet == 0 { return nil }
        guard let slot = label(Key.cross(first.pointee.key, second.pointee.key)),
            slot.pointee.kind == LabelKind.cross.rawValue
        else { return nil }
        return slot
    }

    /// - Complexity: O(1) expected.
    @inline(__always)
    func campaign(_ key: UInt64) -> UnsafePointer<CampaignSlot>? {
        let slot = probe(campaignSlots, count: counts.campaignSlots, key)
        return slot.pointee.isVacant ? nil : UnsafePointer(slot)
    }

    /// - Complexity: O(1) expected.
    @inline(__always)
    func field(_ key: UInt64) -> UnsafePointer<FieldSlot>? {
        let slot = probe(fieldSlots, count: counts.fieldSlots, key)
        return slot.pointee.isVacant ? nil : UnsafePointer(slot)
    }

    /// Where in a label's posting list a model stands, or nil. `list` is `postingModels` or `numberModels`.
    ///
    /// - Complexity: O(log postings), without unpredictable branches.
    @inline(__always)
    func position(of model: UInt32, in slot: UnsafePointer<LabelSlot>, list: UnsafeMutablePointer<UInt32>) -> Int? {
        let isClick = Int(model) < counts.clickModels
        var low = Int(slot.pointee.start) &+ (isClick ? 0 : Int(slot.pointee.clickCount))
        var length = Int(isClick ? slot.pointee.clickCount : slot.pointee.conversionCount)
        if length == 0 { return nil }
        while length > 1 {
            let half = length &>> 1
            low = list[low &+ half] <= model ? low &+ half : low
            length &-= half
        }
        return list[low] == model ? low : nil
    }

    /// What a label with the number `number` adds to a model's logit, in the model's units; 0 where it has no weight.
    ///
    /// - Complexity: O(log postings).
    @inline(__always)
    func contribution(of slot: UnsafePointer<LabelSlot>, number: Double, to model: UInt32) -> Int64 {
        if slot.pointee.kind == LabelKind.number.rawValue {
            guard let place = position(of: model, in: slot, list: numberModels) else { return 0 }
            return numberContribution(place, number: number, unit: models[Int(model)].unit)
        }
        guard let place = position(of: model, in: slot, list: postingModels) else { return 0 }
        return Int64(postingWeights[place])
    }

    /// `slope × (number − mean)` in units, cut at ±2^47 (at least 131,072 of logit) so that thousands of them can be summed without
    /// overflow, and rounded.
    @inline(__always)
    func numberContribution(_ place: Int, number: Double, unit: Double) -> Int64 {
        let parameters = numberParameters[place]
        // Not NaN: the slope is not 0 and the number is finite.
        let contribution = (number - parameters.mean) * parameters.slope / unit
        let bound = 140_737_488_355_328.0
        // Adding and subtracting 1.5 · 2^52 rounds to an integer.
        let rounder = 6_755_399_441_055_744.0
        return Int64((min(bound, max(-bound, contribution)) + rounder) - rounder)
    }
}

/// A place in a table with open addressing.
protocol KeySlot {
    var key: UInt64 { get }
    var isVacant: Bool { get }
}

extension Index.LabelSlot: KeySlot {
    @inline(__always)
    var isVacant: Bool { kind == Index.LabelKind.vacant.rawValue }
}

extension Index.CampaignSlot: KeySlot {}

extension Index.FieldSlot: KeySlot {}

/// The slot of a key in a table of a power of two of slots with linear probing, or else the vacant one where it would stand.
///
/// - Complexity: O(1) expected: keys are well mixed, and a quarter of the slots or more are vacant.
@inline(__always)
func probe<Slot: KeySlot>(_ slots: UnsafeMutablePointer<Slot>, count: Int, _ key: UInt64) -> UnsafeMutablePointer<Slot>
{
    let mask = count &- 1
    var index = Int(truncatingIfNeeded: key) & mask
    while !slots[index].isVacant && slots[index].key != key { index = (index &+ 1) & mask }
    return slots + index
}
