// SPDX-License-Identifier: Apache-2.0

/// The first difference between two long lists, or nil if they are equal: `#expect` would print both in full.
func firstDifference<Element: Equatable>(_ found: [Element], _ expected: [Element]) -> String? {
    if found.count != expected.count { return "\(found.count) elements instead of \(expected.count)" }
    if found == expected { return nil }
    for place in found.indices where found[place] != expected[place] {
        return "\(found[place]) instead of \(expected[place]) at \(place)"
    }
    return "elements that do not equal themselves"
}
