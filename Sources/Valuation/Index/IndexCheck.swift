// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation

/// Whether the numbers in an index from a file are consistent. Someone who can write to the file can forge it, with the
/// right checksum. Then its values may be wrong, but no memory outside it may be read or written.
///
/// Checked is everything that is followed or used as a count: models, chains, rows, directories, names; and that the
/// operands of the computation are in the range of the model format, so that values remain probabilities. Not checked,
/// because they can do no harm: keys, pilots, weights, filters, the order of models in rows.
extension Index {
    /// - Complexity: O(labels + campaigns + models + weights in lists + directories + names + variances), at about the speed of memory.
    var isSound: Bool {
        // The promise of `RowPlaces`: indices have 32 bits, and reads go beyond the last element.
        counts.listPlaces &+ counts.densePlaces &+ 2 &* VALUATION_KERNELS_WIDTH <= Int(UInt32.max)
            && counts.modelCount < Int(UInt32.max) && areListModelsSound && areModelsSound(.click)
            && areModelsSound(.conversion) && areRowsSound && areCampaignsSound && areObservedSound && areVariancesSound
            && areDescriptionsSound
    }

    // MARK: Models

    /// A list may name models of either target, because each target has as many sums as both have models (see
    /// `TargetScratch`).
    private var areListModelsSound: Bool {
        let models = max(counts.models.click, counts.models.conversion)
        if counts.isWide {
            return Index.largest(listModels.assumingMemoryBound(to: UInt32.self), counts.listPlaces) < models
        }
        return Index.largest(listModels.assumingMemoryBound(to: UInt16.self), counts.listPlaces) < models
    }

    /// Without a branch, so that the compiler compares many at once.
    @inline(__always)
    private static func largest<Model: FixedWidthInteger>(_ models: UnsafePointer<Model>, _ count: Int) -> Int {
        var largest: Model = 0
        for place in 0..<count { largest = max(largest, models[place]) }
        return Int(truncatingIfNeeded: largest)
    }

    private func areModelsSound(_ target: Target) -> Bool {
        let (scales, parameters, models) = (scales[target], parameters[target], counts.models[target])
        let intercepts = intercepts[target]
        for number in 0..<models {
            let (scale, model, deviation) = (scales[number], parameters[number], intercepts[number])
            // The units of `IndexBuilder.unit`, and a constant larger than any sum of intercepts.
            let isScaled = scale.unit >= 0x1p-30 && scale.unit <= 0x1p-24 && scale.constant.magnitude <= 1e6
            let isDeviation =
                deviation >= 0 && deviation <= Index.largestDeviation || deviation == VALUATION_DEVIATION_OF_RATE
            if !isScaled || !isDeviation || !(model.prior >= 0 && model.prior <= 1) { return false }
            var (base, length) = (model.base, 1)
            while base != Index.none {
                length &+= 1
                if length > levels || Int(base) >= models { return false }
                base = parameters[Int(base)].base
            }
        }
        for number in models..<counts.width(target) {
            let isNone =
                scales[number].unit == 0 && scales[number].constant == 0 && parameters[number].base == Index.none
            if !isNone { return false }
        }
        return true
    }

    // MARK: Rows

    private var areRowsSound: Bool {
        // No element is in two rows, so the work is bounded by the size of the file.
        var (directoryEntries, numbers) = (counts.directoryEntries, counts.numbers)
        for place in 0..<hashes.labels.slotCount {
            // Directories are scattered, so they are prefetched.
            let later = UnsafePointer(labelSlots + min(place &+ 16, hashes.labels.slotCount &- 1))
            valuation_kernels_prefetch(directory + later.pointee.click.directory)
            valuation_kernels_prefetch(directory + later.pointee.conversion.directory)
            let slot = UnsafePointer(labelSlots + place)
            if slot.pointee.isVacant { continue }
            let (click, conversion) = (slot.pointee.click, slot.pointee.conversion)
            if slot.pointee.isNumber {
                if !isNumberSound(click, .click, &numbers) { return false }
                if !isNumberSound(conversion, .conversion, &numbers) { return false }
            } else {
                if !isSound(click, .click, &directoryEntries) { return false }
                if !isSound(conversion, .conversion, &directoryEntries) { return false }
            }
        }
        return true
    }

    @inline(__always)
    private func isSound(_ row: Row, _ target: Target, _ directoryEntries: inout Int) -> Bool {
        if row.isEmpty { return true }
        let (start, models) = (Int(row.start), counts.models[target])
        if models == 0 { return false }
        if row.isDense {
            // The model that stands for none may be one element beyond the row.
            let length = RowPlaces.roundedUp(models) &* (row.isPaired ? 2 : 1)
            return start &+ length < counts.listPlaces &+ counts.densePlaces &+ VALUATION_KERNELS_WIDTH
        }
        if row.isShort { return start &+ row.shortLength <= counts.listPlaces }
        return isDirectorySound(row, target, &directoryEntries)
    }

    /// The parts of a list are contiguous. The end entry has no weights, because models beyond the last one are looked
    /// up there.
    private func isDirectorySound(_ row: Row, _ target: Target, _ left: inout Int) -> Bool {
        let (first, last) = (row.directory, lastEntry(of: row, target))
        left &-= last &- first &+ 1
        if left < 0 || last >= counts.directoryEntries { return false }
        var start: UInt32 = 0
        for entry in first...last {
            let next = valuation_directory_start(directory[entry])
            if next < start { return false }
            start = next
        }
        return directory[last] == UInt64(start) && Int(row.start) &+ Int(start) <= counts.listPlaces
    }

    private func isNumberSound(_ row: Row, _ target: Target, _ left: inout Int) -> Bool {
        let (start, count) = (Int(row.start), Int(row.shape))
        left &-= count
        if left < 0 || start &+ count > counts.numbers { return false }
        for place in start..<(start &+ count) {
            let parameters = numberParameters[place]
            let isFinite = parameters.mean.magnitude <= ModelDecoder.maximumNumber && parameters.slope.isFinite
            if !isFinite || Int(numberModels[place]) >= counts.models[target] { return false }
        }
        return true
    }

    // MARK: Campaigns

    private var areCampaignsSound: Bool {
        let clicks = Flags([.unknownCampaign, .noClickModel, .defaultClickModel, .clickPrior, .baseClickModel]).rawValue
        let conversions = Flags([.noConversionModel, .defaultConversionModel, .conversionPrior, .baseConversionModel])
            .rawValue
        for place in 0...hashes.campaigns.slotCount {
            let slot = campaignSlots[place]
            let hasModels =
                Int(slot.click_model) <= counts.models.click && Int(slot.conversion_model) <= counts.models.conversion
            if !hasModels || slot.flags & ~clicks != 0 || slot.conversion_flags & ~conversions != 0 { return false }
        }
        return true
    }

    private var areObservedSound: Bool {
        for place in 0..<counts.observed {
            let found = observedSlots[place]
            let isCounted =
                Index.isCount(found.impressions) && Index.isCount(found.clicks)
                && (found.conversions.isNaN || Index.isCount(found.conversions))
            let isAdvertisers =
                Index.isCount(found.advertiser_impressions) && Index.isCount(found.advertiser_clicks)
                && Index.isCount(found.advertiser_conversions)
            if !isCounted || !isAdvertisers { return false }
        }
        return true
    }

    /// Of campaigns, and of their sums.
    @inline(__always)
    private static func isCount(_ number: Float) -> Bool { number >= 0 && number <= 1e22 }

    private var areVariancesSound: Bool {
        if !hasVariances { return true }
        let places = counts.listPlaces &+ counts.densePlaces &+ VALUATION_KERNELS_WIDTH
        return Index.areDeviations(deviations, places) && Index.areDeviations(numberDeviations, counts.numbers)
    }

    /// Whether all are from 0 to `largestDeviation`, as their bits tell.
    private static func areDeviations(_ deviations: UnsafeMutablePointer<Float>, _ count: Int) -> Bool {
        let bits = UnsafeMutableRawPointer(deviations).assumingMemoryBound(to: UInt32.self)
        return largest(bits, count) <= Int(largestDeviation.bitPattern)
    }

    // MARK: Descriptions

    private var areDescriptionsSound: Bool {
        let texts = Text(names, counts.nameBytes)
        if !texts.isUTF8 { return false }
        // A campaign's name is shared by its models.
        var left = 2 &* counts.nameBytes
        for number in 0..<counts.modelCount {
            let model = descriptions[number]
            let areNamesSound =
                texts.isPart(model.campaign, &left) && texts.isPart(model.version, &left)
                && texts.isPart(model.trainer, &left)
            if !areNamesSound { return false }
            let (target, own) = local(UInt32(truncatingIfNeeded: number))
            let base = self.model(target, parameters[target][own].base)
            let isSame = model.base == base && model.target == target && Int(order[number]) < counts.modelCount
            if !isSame || !Index.areNumbersSound(model) { return false }
        }
        return true
    }

    private static func areNumbersSound(_ model: Description) -> Bool {
        let isComputedWith =
            model.intercept.isFinite && model.negative_sampling_rate > 0 && model.negative_sampling_rate <= 1
        // Missing counts are NaN.
        let isInfinite =
            model.rows.isInfinite || model.positives.isInfinite || model.base_rate.isInfinite || model.auc.isInfinite
            || model.log_loss.isInfinite
        return isComputedWith && !isInfinite
    }
}

extension Text {
    /// Whether a name is a part of the characters. - Precondition: they are UTF-8.
    fileprivate func isPart(_ name: valuation_name, _ left: inout Int) -> Bool {
        let (start, end) = (Int(name.start), Int(name.end))
        left &-= end &- start
        return start <= end && end <= count && left >= 0 && isBoundary(start) && isBoundary(end)
    }

    /// Whether a character begins there, or the text ends.
    private func isBoundary(_ place: Int) -> Bool { place == count || self[place] & 0xc0 != 0x80 }
}
