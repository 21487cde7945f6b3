// SPDX-License-Identifier: Apache-2.0

/// The members that a model document may leave out. A misspelt required member is found because it is missing; a misspelt
/// optional one is found here.
enum OptionalMember {
    /// The optional member that `name` is within two edits of, without being a known member itself.
    static func misspelt(_ name: Text) -> StaticString? {
        let known: [StaticString] = ["extends", "numeric", "crosses", "training", "self_test"]
        for member in known where Text(member) == name { return nil }
        for member in known where editDistance(name, Text(member)) <= 2 { return member }
        return nil
    }

    /// Levenshtein's distance; 99 for names too long to be meant.
    private static func editDistance(_ first: Text, _ second: Text) -> Int {
        if first.count > 16 || second.count > 16 { return 99 }
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
