// SPDX-License-Identifier: Apache-2.0
import CKernels

/// The weight of one model in a row. Here models are numbered from 0 in their target.
extension Index {
    /// The target of a model of `ModelDescriptions`, and its number in the target.
    @inline(__always)
    func local(_ model: UInt32) -> (target: Target, number: Int) {
        let number = Int(model)
        return number < counts.models.click ? (.click, number) : (.conversion, number &- counts.models.click)
    }

    /// The inverse of `local`, or `none` if there is no such model.
    @inline(__always)
    func model(_ target: Target, _ number: UInt32) -> UInt32 {
        if Int(number) >= counts.models[target] { return Index.none }
        return target == .click ? number : number &+ UInt32(truncatingIfNeeded: counts.models.click)
    }

    /// The term of a label with the number `number` in a model's logit, in the model's units; 0 if the model has no
    /// weight for it.
    ///
    /// - Complexity: O(1) expected; O(log weights) for a number.
    @inline(never)  // Small: scoring itself uses other paths.
    func contribution(of slot: UnsafePointer<LabelSlot>, number: Double, to model: Int, _ target: Target) -> Int64 {
        let row = slot.pointee.row(target)
        if !slot.pointee.isNumber { return weight(row, model) }
        guard let place = numberPlace(row, model) else { return 0 }
        return numberContribution(place, number: number, unit: scales[target][model].unit)
    }

    /// A row's weight for a model, or 0. - Complexity: O(1) expected: two or three cache misses, one in a dense row.
    @inline(__always)
    func weight(_ row: Row, _ model: Int) -> Int64 {
        withUnsafePointer(to: rows) { Int64(valuation_rows_weight($0, row, UInt32(truncatingIfNeeded: model))) }
    }

    /// The number of models in a row: its weights, or all models for a dense one.
    @inline(__always)
    func length(of row: Row, _ target: Target) -> Int {
        if row.isEmpty { return 0 }
        if row.isDense { return counts.models[target] }
        if row.isShort { return row.shortLength }
        return Int(valuation_directory_start(directory[lastEntry(of: row, target)]))
    }

    /// The end of a list's directory. - Precondition: it has one.
    @inline(__always)
    func lastEntry(of row: Row, _ target: Target) -> Int {
        row.directory &+ (counts.models[target] &- 1) &>> row.shift &+ 1
    }

    // MARK: Numbers

    /// The index in `numberParameters` of a model's weight, or nil.
    ///
    /// - Complexity: O(log weights), or O(1) if every model up to this one has a weight; without unpredictable
    ///   branches.
    @inline(__always)
    func numberPlace(_ row: Row, _ model: Int) -> Int? {
        var low = Int(row.start)
        var length = Int(row.shape)
        if model < length, numberModels[low &+ model] == UInt32(truncatingIfNeeded: model) { return low &+ model }
        if length == 0 { return nil }
        while length > 1 {
            let half = length &>> 1
            low = Int(numberModels[low &+ half]) <= model ? low &+ half : low
            length &-= half
        }
        return Int(numberModels[low]) == model ? low : nil
    }

    /// `slope × (number − mean)` in units, rounded. It is clamped so that tens of thousands can be summed without
    /// overflow: above at 2^48 (at least 262,144 of logit), below at −2^48 over the golden ratio. The asymmetry keeps
    /// clamped numbers from cancelling out: they leave a logit far beyond ±80, which is flagged.
    @inline(__always)
    func numberContribution(_ place: Int, number: Double, unit: Double) -> Int64 {
        let parameters = numberParameters[place]
        // Not NaN: the number is finite, and so is its distance from a mean of at most 1e18.
        let contribution = (number - parameters.mean) * parameters.slope / unit
        let bound = 281_474_976_710_656.0
        let least = -173_961_102_589_771.0
        let cut = contribution > bound ? bound : contribution < -bound ? least : contribution
        // Adding and subtracting 1.5 · 2^52 rounds to an integer.
        let rounder = 6_755_399_441_055_744.0
        return Int64((cut + rounder) - rounder)
    }
}
