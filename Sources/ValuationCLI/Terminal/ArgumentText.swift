// SPDX-License-Identifier: Apache-2.0

/// Arguments as strings from which the original bytes can be restored: a path may be any bytes, and a String has only
/// UTF-8.
///
/// A byte that is not UTF-8 becomes one of the last characters of Unicode's private use area: 0x80...0xFF become
/// U+10FF80...U+10FFFF. The bytes of such a character itself are treated in the same way, so that no two arguments
/// become the same string. Python's "surrogateescape" does this with characters that Swift's strings refuse.
enum ArgumentText {
    private static let standIns: ClosedRange<UInt32> = 0x10FF80...0x10FFFF

    static func string(of bytes: some Collection<UInt8>) -> String {
        var text = ""
        var rest = Array(bytes)[...]
        while let first = rest.first {
            if let character = firstCharacter(of: rest) {
                text.unicodeScalars.append(character)
                rest = rest.dropFirst(UTF8.width(character))
            } else {
                text.unicodeScalars.append(Unicode.Scalar(standIns.lowerBound - 0x80 + UInt32(first))!)
                rest = rest.dropFirst()
            }
        }
        return text
    }

    static func bytes(of text: String) -> [UInt8] {
        text.unicodeScalars.flatMap { character in byte(of: character).map { [$0] } ?? Array(UTF8.encode(character)!) }
    }

    /// The byte that a character stands for; nil if it is an ordinary one.
    static func byte(of character: Unicode.Scalar) -> UInt8? {
        standIns.contains(character.value) ? UInt8(truncatingIfNeeded: character.value) : nil
    }

    static func isUTF8(_ text: String) -> Bool {
        !text.unicodeScalars.contains { byte(of: $0) != nil }
    }

    /// The text with U+FFFD for each byte that is not UTF-8, for formats that cannot represent it.
    static func repaired(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { byte(of: $0) == nil ? $0 : "\u{FFFD}" }))
    }

    /// The character at the start of the bytes; nil if there is none, or if it is a stand-in.
    private static func firstCharacter(of bytes: ArraySlice<UInt8>) -> Unicode.Scalar? {
        var iterator = bytes.makeIterator()
        var decoder = UTF8()
        guard case .scalarValue(let character) = decoder.decode(&iterator), byte(of: character) == nil else {
            return nil
        }
        return character
    }
}

extension String {
    /// The string as the pointer and length that every call of the C interface takes.
    func withText<Result>(_ body: (UnsafePointer<CChar>?, Int) -> Result) -> Result {
        ArgumentText.bytes(of: self).withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { body($0.baseAddress, $0.count) }
        }
    }

    /// The string as the path that calls of the system take.
    func withPath<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        (self + "\0").withText { path, _ in body(path!) }
    }
}
