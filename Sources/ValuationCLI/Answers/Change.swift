// SPDX-License-Identifier: Apache-2.0

/// A value before and after.
struct Change<Value> {
    var before: Value
    var after: Value
}

extension Change: Encodable where Value: Encodable {}
extension Change: Decodable where Value: Decodable {}

extension Change where Value: Numeric {
    init() {
        self.init(before: 0, after: 0)
    }

    var difference: Value { after - before }
}

extension Change where Value == Double? {
    /// A missing value counts as 0.
    var difference: Double { (after ?? 0) - (before ?? 0) }
}
