// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Adding a model's weights: labels get their numbers, weights become integers.
extension IndexBuilder {
    /// The power of two in which the largest weight is just below 2^31. At least 2^-30, so that a number's
    /// contribution, clamped at 2^48 units, may be as large as 262,144.
    static func unit(of model: borrowing Model) -> Double {
        var largest = 0.0
        for index in 0..<model.categories.count { largest = max(largest, model.categories[index].weight.magnitude) }
        for index in 0..<model.crosses.count { largest = max(largest, model.crosses[index].weight.magnitude) }
        let exponent = largest > 0 ? max(-30, Int(largest.exponent) &- 30) : -30
        return Double(sign: .plus, exponent: exponent, significand: 1)
    }

    mutating func addWeights(of model: borrowing Model, unit: Double, _ note: Note) throws(Failure) {
        // Exact, because the unit is a power of two.
        let inverse = 1 / unit
        for index in 0..<model.categories.count {
            let category = model.categories[index]
            guard let label = try intern(category.label, .category) else {
                note.setMessage(
                    "The key of \"\(category.field)=\(category.value)\" is another label's, too; rename the value.")
                note.setJSONPath(try JSONPath.of(Text("categorical"), category.field, category.value))
                throw .noted(.keyCollision)
            }
            try addWeight(category.weight, category.variance, label, model.target, inverse)
        }
        for index in 0..<model.numbers.count {
            let numeric = model.numbers[index]
            guard let label = try intern(numeric.label, .number) else {
                note.setMessage("The key of \"\(numeric.field)\" is a label's, too; rename the field.")
                note.setJSONPath(try JSONPath.of(Text("numeric"), numeric.field))
                throw .noted(.keyCollision)
            }
            let deviation = IndexBuilder.deviation(numeric.variance)
            if numeric.slope == 0 && deviation == 0 { continue }
            let parameters = Index.NumberParameters(mean: numeric.mean, slope: numeric.slope)
            try numbers.append(Number(label: label, parameters: parameters, deviation: deviation))
            count(label, model.target, 1)
        }
        for index in 0..<model.crosses.count {
            let cross = model.crosses[index]
            let place: Message = "$.crosses[\(cross.index)].weights[\(cross.position)]"
            guard let label = try intern(cross, model.crossFields[cross.index]) else {
                let message: Message =
                    "The key of this pair, or of one of its values, is another label's, too; rename a value."
                throw failure(.keyCollision, message, at: place, note)
            }
            try addWeight(cross.weight, cross.variance, label, model.target, inverse)
        }
    }

    private mutating func addWeight(
        _ weight: Double, _ variance: Float, _ label: UInt32, _ target: Target, _ inverse: Double
    ) throws(Failure) {
        // A weight just below the power of two is rounded up to it.
        let mantissa = Int32(min((weight * inverse).rounded(), Double(Int32.max)))
        let deviation = IndexBuilder.deviation(variance)
        if mantissa == 0 && deviation == 0 { return }
        // The number that the model will have when it is added.
        let (row, model) = (IndexBuilder.row(label, target), UInt32(added.count))
        if deviation > 0 {
            let bits = Int32(truncatingIfNeeded: deviation.bitPattern)
            try deviations.append(WeightRuns.Weight(row: row, model: model, mantissa: bits))
        }
        try weights.append(WeightRuns.Weight(row: row, model: model, mantissa: mantissa))
        count(label, target, 1)
    }

    /// - Parameter variance: NaN if unknown; the result is then 0.
    static func deviation(_ variance: Float) -> Float { variance > 0 ? variance.squareRoot() : 0 }

    static func row(_ label: UInt32, _ target: Target) -> UInt32 {
        label &* 2 &+ UInt32(target.rawValue)
    }

    private mutating func count(_ label: UInt32, _ target: Target, _ change: Int32) {
        // No copy of the whole state: a load has millions of them.
        let state = labels.base.unsafelyUnwrapped + Int(label)
        switch target {
        case .click: state.pointee.clickCount &+= UInt32(bitPattern: change)
        case .conversion: state.pointee.conversionCount &+= UInt32(bitPattern: change)
        }
    }

    mutating func removeWeights(from weight: Int, _ number: Int, target: Target) {
        for index in weight..<weights.unsettledCount { count(weights.unsettled(index).row / 2, target, -1) }
        for index in number..<numbers.count { count(numbers[index].label, target, -1) }
        weights.truncateUnsettled(weight)
        numbers.truncate(number)
    }

    /// The number of a label, or nil if its key belongs to another label.
    private mutating func intern(_ label: Model.Label, _ kind: Index.LabelKind) throws(Failure) -> UInt32? {
        let found = labelTable.find(label.key)
        if found != KeyTable.none {
            let known = labels.base.unsafelyUnwrapped + Int(found)
            if known.pointee.check == label.check && known.pointee.kind == kind { return found }
            collision = Collision(key: label.key, model: known.pointee.model)
            return nil
        }
        let number = UInt32(labels.count)
        try labels.append(LabelState(key: label.key, check: label.check, kind: kind, model: UInt32(added.count)))
        try labelTable.insert(label.key, number)
        return number
    }

    /// The label of a cross, after marking both its sides as ones to try together.
    private mutating func intern(
        _ cross: Model.CrossWeight, _ fields: Model.CrossFields
    ) throws(Failure) -> UInt32? {
        guard let first = try intern(cross.first, .category), let second = try intern(cross.second, .category) else {
            return nil
        }
        let swapped = fields.firstKey > fields.secondKey
        let pairOfFields = secret.cross(fields.firstKey, fields.secondKey)
        let bit = UInt32(1) &<< UInt32(truncatingIfNeeded: pairOfFields % Index.LabelSlot.crossBits)
        hasCrosses = true
        labels[Int(swapped ? second : first)].crossesFirst |= bit
        labels[Int(swapped ? first : second)].crossesSecond |= bit
        let key = secret.cross(cross.first.key, cross.second.key)
        return try intern(Model.Label(key: key, check: cross.check), .cross)
    }
}
