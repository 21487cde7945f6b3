// SPDX-License-Identifier: Apache-2.0

/// Where two long lists first differ and how, or nil where they do not: `#expect` would print all of both.
func firstDifference<Element: Equatable>(_ found: [Element], _ expected: [Element]) -> String? {
    if found.count != expected.count { return "\(found.count) elements instead of \(expected.count)" }
    if found == expected { return nil }
    for place in found.indices where found[place] != expected[place] {
        return "\(found[place]) instead of \(expected[place]) at \(place)"
    }
    return "elements that do not equal themselves"
}
