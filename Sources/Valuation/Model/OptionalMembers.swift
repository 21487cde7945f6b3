// SPDX-License-Identifier: Apache-2.0

/// The optional members of an object. A misspelt required member is reported as missing; a misspelt optional one is
/// found here.
struct OptionalMembers {
    static var model: OptionalMembers {
        OptionalMembers("extends advertiser numeric crosses training self_test variance")
    }
    /// Of a model's `variance`.
    static var variance: OptionalMembers { OptionalMembers("numeric crosses categorical intercept") }
    static var campaign: OptionalMembers { OptionalMembers("extends advertiser impressions clicks conversions") }

    private let names: Words

    private init(_ names: StaticString) {
        self.names = Text(names).words
    }

    /// The optional member that is within two edits of `name`, if `name` is not a known member itself.
    func misspelt(_ name: Text) -> Text? {
        if names.position(of: name) != nil { return nil }
        for member in names where OptionalMembers.editDistance(name, member) <= 2 { return member }
        return nil
    }

    /// Whether the name may be a misspelt member of some document.
    static func isLikeAny(_ name: Text) -> Bool {
        model.misspelt(name) != nil || campaign.misspelt(name) != nil
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
