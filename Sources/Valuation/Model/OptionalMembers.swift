// SPDX-License-Identifier: Apache-2.0

/// The members that an object may leave out. A misspelt required member is found because it is missing; a misspelt optional one is
/// found here.
enum OptionalMember: UInt8 {
    /// Of a model's document.
    case model
    /// Of a model's `variance`.
    case variance
    /// Of a campaign's document.
    case campaign

    /// The optional member that is within two edits of `name`, if `name` is not a known member itself.
    func misspelt(_ name: Text) -> StaticString? {
        for position in 0..<count where Text(member(position)) == name { return nil }
        for position in 0..<count where OptionalMember.editDistance(name, Text(member(position))) <= 2 {
            return member(position)
        }
        return nil
    }

    /// Whether the name may be a misspelt member of some document.
    static func isLikeAny(_ name: Text) -> Bool {
        OptionalMember.model.misspelt(name) != nil || OptionalMember.campaign.misspelt(name) != nil
    }

    private var count: Int {
        switch self {
        case .model: 7
        case .variance: 4
        case .campaign: 5
        }
    }

    private func member(_ position: Int) -> StaticString {
        switch (self, position) {
        case (.model, 0), (.campaign, 0): "extends"
        case (.model, 1), (.campaign, 1): "advertiser"
        case (.model, 2), (.variance, 0): "numeric"
        case (.model, 3), (.variance, 1): "crosses"
        case (.model, 4): "training"
        case (.model, 5): "self_test"
        case (.model, _): "variance"
        case (.variance, 2): "categorical"
        case (.variance, _): "intercept"
        case (.campaign, 2): "impressions"
        case (.campaign, 3): "clicks"
        case (.campaign, _): "conversions"
        }
    }

    /// Levenshtein's distance; 99 for names whose lengths differ by more than 2.
    private static func editDistance(_ first: Text, _ second: Text) -> Int {
        if first.count > second.count &+ 2 || second.count > first.count &+ 2 { return 99 }
        return withUnsafeTemporaryAllocation(of: Int.self, capacity: 17) { row in
            for column in 0...second.count { row[column] = column }
            for line in 0..<first.count {
                var diagonal = row[0]
                row[0] = line + 1
                for column in 0..<second.count {
                    let substituted = diagonal + (first[line] == second[column] ? 0 : 1)
                    diagonal = row[column + 1]
                    row[column + 1] = min(substituted, row[column] + 1, diagonal + 1)
                }
            }
            return row[second.count]
        }
    }
}
