// SPDX-License-Identifier: Apache-2.0

/// Colours and weights for text on a terminal; leaves text unchanged if colour is not allowed.
///
/// Only the eight classic attributes are used, so that the terminal's own theme determines their appearance.
struct Paint {
    enum Attribute: Int {
        case bold = 1
        case faint = 2
        case red = 31
        case green = 32
        case yellow = 33
    }

    let enabled: Bool

    func callAsFunction(_ text: String, _ attribute: Attribute?) -> String {
        guard enabled, let attribute, !text.isEmpty else { return text }
        return "\u{1B}[\(attribute.rawValue)m\(text)\u{1B}[0m"
    }
}
