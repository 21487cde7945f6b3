// SPDX-License-Identifier: Apache-2.0

/// Finding things in the index: open addressing with linear probing, over keys that are already well mixed.
extension Index {
    /// - Complexity: O(1) expected: about one cache miss.
    @inline(__always)
    func label(_ key: UInt64) -> UnsafePointer<LabelSlot>? {
        let mask = counts.labelSlots &- 1
        var index = Int(truncatingIfNeeded: key) & mask
        while true {
            let slot = labelSlots + index
            if slot.pointee.kind == LabelKind.vacant.rawValue { return nil }
            if slot.pointee.key == key { return UnsafePointer(slot) }
            index = (index &+ 1) & mask
        }
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
        let mask = counts.campaignSlots &- 1
        var index = Int(truncatingIfNeeded: key) & mask
        while true {
            let slot = campaignSlots + index
            if slot.pointee.isVacant { return nil }
            if slot.pointee.key == key { return UnsafePointer(slot) }
            index = (index &+ 1) & mask
        }
    }

    /// - Complexity: O(1) expected.
    @inline(__always)
    func field(_ key: UInt64) -> UnsafePointer<FieldSlot>? {
        let mask = counts.fieldSlots &- 1
        var index = Int(truncatingIfNeeded: key) & mask
        while true {
            let slot = fieldSlots + index
            if slot.pointee.isVacant { return nil }
            if slot.pointee.key == key { return UnsafePointer(slot) }
            index = (index &+ 1) & mask
        }
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

    /// `slope × (number − mean)` in units, cut at ±2^47 (at least 2,048 of logit, where a probability has long been 0 or 1), so
    /// that thousands of them can be summed without overflow.
    @inline(__always)
    func numberContribution(_ place: Int, number: Double, unit: Double) -> Int64 {
        let parameters = numberParameters[place]
        let contribution = (number - parameters.mean) * parameters.slope / unit
        let bound = 140_737_488_355_328.0
        // Written so that NaN becomes the lower bound, which Int64() takes.
        return Int64(min(bound, contribution > -bound ? contribution : -bound))
    }
}
