// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform

/// Laying out the index from what was collected.
extension IndexBuilder {
    static let maximumChain = 4

    /// The state of a model's chain of bases.
    enum Chain {
        case sound
        /// The model's own base does not exist; its key.
        case missingBase(UInt64)
        /// The base of a base does not exist; this is reported for that base.
        case missingFurtherBase
        /// A cycle, or more than `maximumChain` models.
        case tooLong
    }

    func chain(of number: Int) -> Chain {
        var model = added[number]
        var length = 1
        while model.hasBase {
            let base = self.base(of: model)
            if base == Index.none { return length == 1 ? .missingBase(model.baseKey) : .missingFurtherBase }
            length += 1
            if length > IndexBuilder.maximumChain { return .tooLong }
            model = added[Int(base)]
        }
        return .sound
    }

    /// - Complexity: O(weights + labels).
    /// - Precondition: every chain is sound.
    mutating func finish(_ numbering: borrowing ModelNumbering) throws(Failure) -> Index {
        try weights.finish()
        try deviations.finish()
        var counts = Index.Counts()
        counts.models.click = clickModels
        counts.models.conversion = added.count &- clickModels
        counts.labels = labels.count
        counts.weights = weights.count
        counts.numbers = numbers.count
        counts.campaigns = campaigns.count
        counts.nameBytes = names.byteCount
        var rows = try RowPlaces(labels, &counts)
        let labelHash = try hashOfLabels()
        let campaignHash = try hashOfCampaigns()
        let fieldHash = try hashOfFields()
        let hashes = Index.Hashes(
            labels: labelHash.hash, campaigns: campaignHash.hash, fields: fieldHash.hash)
        counts.observed = isAnythingObserved ? hashes.campaigns.slotCount + 1 : 0
        counts.variances = deviations.count
        for number in 0..<numbers.count where numbers[number].deviation > 0 { counts.variances += 1 }
        var index = try Index(secret, counts: counts, hashes: hashes)
        index.labelPilots.update(from: labelHash.pilots.base.unsafelyUnwrapped, count: labelHash.pilots.count)
        index.campaignPilots.update(from: campaignHash.pilots.base.unsafelyUnwrapped, count: campaignHash.pilots.count)
        index.fieldPilots.update(from: fieldHash.pilots.base.unsafelyUnwrapped, count: fieldHash.pilots.count)
        index.hasCrosses = hasCrosses
        try placeWeights(in: index, numbering, &rows)
        placeLabels(in: index, rows)
        try placeNumbers(in: index, numbering, &rows)
        index.levels = placeModels(in: index, numbering)
        placeCampaigns(in: index, numbering)
        placeObserved(in: index)
        placeFields(in: index)
        placeDescriptions(in: index, numbering)
        return index
    }

    private func hashOfLabels() throws(Failure) -> PerfectHashBuilder {
        var keys = Buffer<UInt64>()
        try keys.reserve(labels.count)
        for label in 0..<labels.count { try keys.append(labels[label].key) }
        return try PerfectHashBuilder(keys)
    }

    private func hashOfCampaigns() throws(Failure) -> PerfectHashBuilder {
        var keys = Buffer<UInt64>()
        try keys.reserve(campaigns.count)
        for number in 0..<campaigns.count { try keys.append(campaigns[number].key) }
        return try PerfectHashBuilder(keys)
    }

    private func hashOfFields() throws(Failure) -> PerfectHashBuilder {
        var keys = Buffer<UInt64>()
        try keys.reserve(fields.count)
        for field in 0..<fields.count { try keys.append(fields[field].key) }
        return try PerfectHashBuilder(keys)
    }

    private func placeLabels(in index: borrowing Index, _ rows: borrowing RowPlaces) {
        for label in 0..<labels.count {
            let state = labels[label]
            index.labelSlots[index.hashes.labels.place(of: state.key, index.labelPilots)] = Index.LabelSlot(
                key: state.key, kind: state.kind, crossesFirst: state.crossesFirst,
                crossesSecond: state.crossesSecond, click: rows[label, .click], conversion: rows[label, .conversion])
        }
    }

    /// Completes the rows with data that only their weights provide.
    private mutating func placeWeights(
        in index: borrowing Index, _ numbering: borrowing ModelNumbering, _ rows: inout RowPlaces
    ) throws(Failure) {
        let capacity = max(index.counts.models.click, index.counts.models.conversion)
        var row = try RowWeights(capacity: capacity)
        var uncertain = Buffer<WeightRuns.Weight>()
        try uncertain.reserve(deviations.count > 0 ? capacity : 0)
        for label in 0..<labels.count where labels[label].kind != .number {
            for target in Target.allCases {
                var writer = RowWriter(rows[label, target], target, index)
                let number = IndexBuilder.row(UInt32(label), target)
                uncertain.removeAll()
                if deviations.count > 0 { take(row: number, into: &uncertain) }
                row.removeAll()
                var next = 0
                weights.take(row: number) { model, mantissa in
                    var deviation: Float = 0
                    if next < uncertain.count && uncertain[next].model == model {
                        deviation = Float(bitPattern: UInt32(bitPattern: uncertain[next].mantissa))
                        next &+= 1
                    }
                    row.add(numbering.local(ofAdded: model), mantissa, deviation)
                }
                row.forEach { weight in writer.add(weight) }
                rows[label, target] = writer.finish()
            }
        }
    }

    /// Reads the deviations of a row, in the order of its weights. - Precondition: memory is reserved.
    private mutating func take(row: UInt32, into uncertain: inout Buffer<WeightRuns.Weight>) {
        deviations.take(row: row) { model, bits in
            uncertain.spare.pointee = WeightRuns.Weight(row: row, model: model, mantissa: bits)
            uncertain.appendWritten(1)
        }
    }

    /// Models are visited in the index's order, so the numbers of each label are sorted.
    private func placeNumbers(
        in index: borrowing Index, _ numbering: borrowing ModelNumbering, _ rows: inout RowPlaces
    ) throws(Failure) {
        for number in 0..<added.count {
            let model = added[Int(numbering.addedNumber[number])]
            for position in model.numbersStart..<model.numbersEnd {
                let place = rows.takePlace(Int(numbers[position].label), model.target)
                index.numberModels[place] = UInt32(index.local(UInt32(number)).number)
                index.numberParameters[place] = numbers[position].parameters
                if index.hasVariances { index.numberDeviations[place] = numbers[position].deviation }
            }
        }
    }

    /// - Returns: the length of the longest chain.
    private func placeModels(in index: borrowing Index, _ numbering: borrowing ModelNumbering) -> Int {
        var longest = 1
        for number in 0..<added.count {
            let model = added[Int(numbering.addedNumber[number])]
            var constant = model.description.intercept
            var baseNumber = Index.none
            var current = model
            var length = 1
            while current.hasBase {
                length += 1
                let found = Int(base(of: current))
                current = added[found]
                if baseNumber == Index.none { baseNumber = numbering.indexNumber[found] }
                constant += current.description.intercept
            }
            longest = max(longest, length)
            constant += log(model.description.negative_sampling_rate)
            let rate = model.description.base_rate
            let (target, own) = index.local(UInt32(number))
            index.scales[target][own] = valuation_scale(constant: constant, unit: model.unit)
            index.parameters[target][own] = Index.ModelParameters(
                base: baseNumber == Index.none ? Index.none : UInt32(index.local(baseNumber).number),
                prior: Float(rate.isNaN ? 1 / (1 + exp(-constant)) : rate))
            index.intercepts[target][own] = model.deviation
            index.campaigns[target][own] = UInt32(truncatingIfNeeded: model.campaignKey)
        }
        return longest
    }

    private func placeFields(in index: borrowing Index) {
        for number in 0..<fields.count {
            let place = index.hashes.fields.place(of: fields[number].key, index.fieldPilots)
            index.fieldSlots[place] = fields[number]
        }
    }

    /// Frees what is in the index now.
    mutating func removeWeights() {
        weights = WeightRuns()
        numbers = Buffer()
        deviations = WeightRuns()
        labels = Buffer()
        names = TextStore()
        labelTable = KeyTable()
    }

    private func placeDescriptions(in index: borrowing Index, _ numbering: borrowing ModelNumbering) {
        for number in 0..<added.count {
            let model = added[Int(numbering.addedNumber[number])]
            index.descriptions[number] = model.description
            if model.hasBase { index.descriptions[number].base = numbering.indexNumber[Int(base(of: model))] }
        }
        var place = 0
        for target in Target.allCases {
            for number in 0..<added.count where added[number].target == target {
                index.order[place] = numbering.indexNumber[number]
                place += 1
            }
        }
        memcpy(index.names, names.all.start, names.byteCount)
    }
}
