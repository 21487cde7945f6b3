// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// Laying out what was collected.
extension IndexBuilder {
    static let maximumChain = 4

    /// The index's number of an added model: click models first, each target in the order of adding.
    struct Numbering: ~Copyable {
        var indexNumber = Buffer<UInt32>()
        var addedNumber = Buffer<UInt32>()
        var clickModels = 0
    }

    func numbering() throws(Failure) -> Numbering {
        var numbering = Numbering()
        for number in 0..<added.count where added[number].target == .click {
            try numbering.addedNumber.append(UInt32(number))
        }
        numbering.clickModels = numbering.addedNumber.count
        for number in 0..<added.count where added[number].target == .conversion {
            try numbering.addedNumber.append(UInt32(number))
        }
        try numbering.indexNumber.resize(added.count, filling: 0)
        for number in 0..<added.count {
            numbering.indexNumber[Int(numbering.addedNumber[number])] = UInt32(number)
        }
        return numbering
    }

    /// How the bases of a model hang together.
    enum Chain {
        case sound
        /// The model's own base is not there; its key.
        case missingBase(UInt64)
        /// A base of a base is not there, which is that one's problem.
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
    func finish(_ numbering: borrowing Numbering) throws(Failure) -> Index {
        var counts = Index.Counts()
        counts.clickModels = numbering.clickModels
        counts.conversionModels = added.count &- numbering.clickModels
        counts.labels = labels.count
        counts.postings = weights.count
        counts.numberPostings = numbers.count
        counts.labelSlots = slotCount(labels.count)
        counts.campaigns = campaignCount
        counts.campaignSlots = slotCount(counts.campaigns)
        counts.fieldSlots = slotCount(fields.count)
        var index = try Index(counts: counts)
        try placeLabels(in: index, numbering)
        placeModels(in: index, numbering)
        placeFields(in: index)
        if let everyone = index.campaign(Key.defaultCampaign) {
            index.defaultClickModel = everyone.pointee.clickModel
            index.defaultConversionModel = everyone.pointee.conversionModel
        }
        return index
    }

    private var campaignCount: Int {
        var count = 0
        for number in 0..<added.count {
            let model = added[number]
            if model.target == .click || find(model.campaignKey, .click) == KeyTable.none { count += 1 }
        }
        return count
    }

    /// The smallest power of two that leaves at least a quarter vacant.
    private func slotCount(_ count: Int) -> Int {
        var slots = 4
        while slots * 3 < count * 4 { slots *= 2 }
        return slots
    }

    private func placeLabels(in index: borrowing Index, _ numbering: borrowing Numbering) throws(Failure) {
        var clickEnds = Buffer<UInt32>()
        var conversionEnds = Buffer<UInt32>()
        try clickEnds.reserve(labels.count)
        try conversionEnds.reserve(labels.count)
        var nextPosting: UInt32 = 0
        var nextNumber: UInt32 = 0
        for label in 0..<labels.count {
            let state = labels[label]
            let start = state.kind == .number ? nextNumber : nextPosting
            try clickEnds.append(start)
            try conversionEnds.append(start &+ state.clickCount)
            let length = state.clickCount &+ state.conversionCount
            if state.kind == .number { nextNumber &+= length } else { nextPosting &+= length }
            probe(index.labelSlots, count: index.counts.labelSlots, state.key).pointee = Index.LabelSlot(
                key: state.key, kind: state.kind.rawValue, start: start, clickCount: state.clickCount,
                conversionCount: state.conversionCount, crossesFirst: state.crossesFirst,
                crossesSecond: state.crossesSecond)
        }
        // Models are visited in the index's order, so each list comes out sorted.
        for number in 0..<added.count {
            let model = added[Int(numbering.addedNumber[number])]
            let isClick = model.target == .click
            for position in model.weightsStart..<model.weightsEnd {
                let weight = weights[position]
                let label = Int(weight.label)
                let place = isClick ? clickEnds[label] : conversionEnds[label]
                index.postingModels[Int(place)] = UInt32(number)
                index.postingWeights[Int(place)] = weight.mantissa
                if isClick { clickEnds[label] = place &+ 1 } else { conversionEnds[label] = place &+ 1 }
            }
            for position in model.numbersStart..<model.numbersEnd {
                let label = Int(numbers[position].label)
                let place = isClick ? clickEnds[label] : conversionEnds[label]
                index.numberModels[Int(place)] = UInt32(number)
                index.numberParameters[Int(place)] = numbers[position].parameters
                if isClick { clickEnds[label] = place &+ 1 } else { conversionEnds[label] = place &+ 1 }
            }
        }
    }

    private func placeModels(in index: borrowing Index, _ numbering: borrowing Numbering) {
        for number in 0..<added.count {
            let model = added[Int(numbering.addedNumber[number])]
            var constant = model.description.intercept
            var baseNumber = Index.none
            var current = model
            while current.hasBase {
                let found = Int(base(of: current))
                current = added[found]
                if baseNumber == Index.none { baseNumber = numbering.indexNumber[found] }
                constant += current.description.intercept
            }
            constant += log(model.description.negativeSamplingRate)
            let rate = model.description.baseRate
            index.models[number] = Index.ModelParameters(
                constant: constant, unit: model.unit, base: baseNumber,
                prior: Float(rate.isNaN ? 1 / (1 + exp(-constant)) : rate))
            place(model.campaignKey, UInt32(number), model.target, in: index)
        }
    }

    private func place(_ key: UInt64, _ number: UInt32, _ target: Target, in index: borrowing Index) {
        let slot = probe(index.campaignSlots, count: index.counts.campaignSlots, key)
        slot.pointee.key = key
        if target == .click {
            slot.pointee.clickModel = number
        } else {
            slot.pointee.conversionModel = number
        }
    }

    private func placeFields(in index: borrowing Index) {
        for number in 0..<fields.count {
            probe(index.fieldSlots, count: index.counts.fieldSlots, fields[number].key).pointee = fields[number]
        }
    }

    /// Frees what the index now holds.
    mutating func removeWeights() {
        weights = Buffer()
        numbers = Buffer()
        labels = Buffer()
        labelTable = KeyTable()
    }

    /// The descriptions in the index's order; takes the names out of the builder.
    mutating func takeDescriptions(_ numbering: borrowing Numbering) throws(Failure) -> ModelDescriptions {
        var descriptions = ModelDescriptions()
        try descriptions.list.reserve(added.count)
        for number in 0..<added.count {
            let model = added[Int(numbering.addedNumber[number])]
            var description = model.description
            if model.hasBase { description.base = numbering.indexNumber[Int(base(of: model))] }
            try descriptions.list.append(description)
        }
        swap(&descriptions.names, &names)
        return descriptions
    }
}
