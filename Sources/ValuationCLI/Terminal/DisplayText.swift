// SPDX-License-Identifier: Apache-2.0

/// Text from the input, made fit for columns on a screen.
enum DisplayText {
    /// The text with everything that would move the cursor, recolour or reorder the screen written as an escape.
    ///
    /// Names of ads and campaigns come from outside. Their contents must not control the reader's terminal.
    static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isUnprintable) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if let byte = ArgumentText.byte(of: scalar) {
                result += "\\x\(String(byte, radix: 16, uppercase: true))"
            } else if isUnprintable(scalar) {
                result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// The longest name, in columns, that is shown in full; JSON output is not cut.
    private static let longestName = 200

    /// A printable name, cut if it is too long for any table.
    static func name(_ text: String) -> String {
        truncated(printable(text), to: longestName)
    }

    /// The columns that a terminal uses for the text: a CJK character takes two, a combining accent none.
    static func width(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.unicodeScalars.reduce(0) { $0 + width($1) }
    }

    /// The text, cut to `width` columns with "…" where it is longer.
    static func truncated(_ text: String, to width: Int) -> String {
        guard Self.width(text) > width else { return text }
        var result = ""
        var used = 1
        for character in text {
            let columns = Self.width(String(character))
            guard used + columns <= width else { break }
            result.append(character)
            used += columns
        }
        return width > 0 ? result + "…" : ""
    }

    /// The text in lines of at most `width` columns, broken between words; a word that is longer has a line of its own.
    static func wrapped(_ text: String, to width: Int) -> [String] {
        var lines = [""]
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            let last = lines.removeLast()
            if last.isEmpty {
                lines.append(String(word))
            } else if Self.width(last) + 1 + Self.width(String(word)) <= width {
                lines.append(last + " " + word)
            } else {
                lines += [last, String(word)]
            }
        }
        return lines
    }

    /// The text, filled with spaces on the right to `width` columns.
    static func leftAligned(_ text: String, in width: Int) -> String {
        text + spaces(width - Self.width(text))
    }

    /// The text, filled with spaces on the left to `width` columns.
    static func rightAligned(_ text: String, in width: Int) -> String {
        spaces(width - Self.width(text)) + text
    }

    static func spaces(_ count: Int) -> String {
        String(repeating: " ", count: max(0, count))
    }

    private static func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value >= 0x20 && scalar.value < 0x7F { return false }
        if ArgumentText.byte(of: scalar) != nil { return true }
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: return true
        case .format: return scalar != "\u{200D}"  // the joiner inside emoji; the others reorder or hide text
        default: return false
        }
    }

    private static func width(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        let isWide = scalar.properties.isEmojiPresentation || wideRanges.contains { $0.contains(scalar.value) }
        return isWide ? 2 : 1
    }

    /// The blocks of characters that are wide or fullwidth by https://www.unicode.org/reports/tr11/, beside the emoji.
    private static let wideRanges: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF,
        0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x1B000...0x1B2FF, 0x20000...0x3FFFD,
    ]
}
