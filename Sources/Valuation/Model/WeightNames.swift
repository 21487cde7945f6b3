// SPDX-License-Identifier: Apache-2.0

/// The names of a model's weights, for people.
enum WeightNames {
    /// Passes `body` each weight of a model: its key, its name, which lives for the call, and how much it adds to the
    /// logit (for a number: for each unit of it).
    static func forEach(
        _ model: borrowing Model, under secret: Secret, _ body: (UInt64, Text, Double) throws(Failure) -> Void
    ) throws(Failure) {
        var name = Buffer<UInt8>()
        for position in 0..<model.categories.count {
            let category = model.categories[position]
            name.removeAll()
            try append(category.field, category.value, to: &name)
            try body(category.label.key, name.text, category.weight)
        }
        for position in 0..<model.numbers.count {
            let number = model.numbers[position]
            try body(number.label.key, number.field, number.slope)
        }
        for position in 0..<model.crosses.count {
            let cross = model.crosses[position]
            let fields = model.crossFields[cross.index]
            name.removeAll()
            try append(fields.first, cross.firstValue, to: &name)
            try name.append(" x ")
            try append(fields.second, cross.secondValue, to: &name)
            try body(secret.cross(cross.first.key, cross.second.key), name.text, cross.weight)
        }
    }

    /// Passes `body` the key of each label of a model, and its name: of weights, and of the values that crosses join.
    static func forEachLabel(
        _ model: borrowing Model, under secret: Secret, _ body: (UInt64, Text) throws(Failure) -> Void
    ) throws(Failure) {
        try forEach(model, under: secret) { key, name, _ throws(Failure) in try body(key, name) }
        var name = Buffer<UInt8>()
        for position in 0..<model.crosses.count {
            let cross = model.crosses[position]
            let fields = model.crossFields[cross.index]
            name.removeAll()
            try append(fields.first, cross.firstValue, to: &name)
            try body(cross.first.key, name.text)
            name.removeAll()
            try append(fields.second, cross.secondValue, to: &name)
            try body(cross.second.key, name.text)
        }
    }

    private static func append(_ field: Text, _ value: Text, to name: inout Buffer<UInt8>) throws(Failure) {
        try name.append(field)
        try name.append("=")
        try name.append(value)
    }
}
