// SPDX-License-Identifier: Apache-2.0

/// Random JSON texts, valid and damaged.
struct RandomJSON {
    var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    /// A valid text, most often an object.
    mutating func text() -> [UInt8] {
        space() + value(depth: 0) + space()
    }

    /// A text with one to three damages, which by chance may still be valid.
    mutating func damagedText() -> [UInt8] { damaged(text()) }

    /// A once valid text with one to three damages.
    mutating func damaged(_ text: [UInt8]) -> [UInt8] {
        var text = text
        for _ in 0..<Int.random(in: 1...3, using: &generator) { damage(&text) }
        return text
    }

    private mutating func damage(_ text: inout [UInt8]) {
        guard !text.isEmpty else { return }
        let place = Int.random(in: 0..<text.count, using: &generator)
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: text.remove(at: place)
        case 1: text[place] = UInt8.random(in: 0...255, using: &generator)
        case 2: text.insert(RandomJSON.telling.randomElement(using: &generator)!, at: place)
        case 3: text[place] = RandomJSON.telling.randomElement(using: &generator)!
        case 4: text.removeSubrange(place...)
        default:
            let end = Int.random(in: place..<text.count, using: &generator)
            text.insert(contentsOf: text[place...end], at: Int.random(in: 0...text.count, using: &generator))
        }
    }

    /// Bytes with a meaning for a JSON parser.
    private static let telling =
        Array("{}[]\":,\\ux0123456789abcdefDCE+-. \n\t\r\u{0}tfn".utf8) + [0xc3, 0xed, 0xa0, 0xf4]

    private mutating func space() -> [UInt8] {
        if !generator.once(in: 6) { return [] }
        return (0..<Int.random(in: 1...3, using: &generator)).map { _ in
            [32, 9, 10, 13].randomElement(using: &generator)!
        }
    }

    private mutating func value(depth: Int) -> [UInt8] {
        switch Int.random(in: depth == 0 ? 0..<8 : 0..<16, using: &generator) {
        case 0...4 where depth < 5: return object(depth: depth)
        case 5...7 where depth < 5: return array(depth: depth)
        case 8...10: return number()
        case 11: return Array(["true", "false", "null"].randomElement(using: &generator)!.utf8)
        default: return string()
        }
    }

    private mutating func object(depth: Int) -> [UInt8] {
        var text = Array("{".utf8) + space()
        for position in 0..<Int.random(in: 0...4, using: &generator) {
            if position > 0 { text += Array(",".utf8) }
            // Sometimes a short name, so that some names repeat.
            text += space() + (generator.once(in: 4) ? Array("\"a\"".utf8) : string()) + space()
            text += Array(":".utf8) + space() + value(depth: depth + 1) + space()
        }
        return text + Array("}".utf8)
    }

    private mutating func array(depth: Int) -> [UInt8] {
        var text = Array("[".utf8) + space()
        for position in 0..<Int.random(in: 0...4, using: &generator) {
            if position > 0 { text += Array(",".utf8) }
            text += space() + value(depth: depth + 1) + space()
        }
        return text + Array("]".utf8)
    }

    private mutating func string() -> [UInt8] {
        var text: [UInt8] = [34]
        for _ in 0..<Int.random(in: 0...14, using: &generator) {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0:
                let escapes = ["\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t"]
                text += Array(escapes.randomElement(using: &generator)!.utf8)
            case 1: text += escape(RandomJSON.scalar(&generator))
            case 2: text += Array(String(Character(RandomJSON.scalar(&generator))).utf8)
            default:
                let letter = UInt8.random(in: 32...126, using: &generator)
                text.append(letter == 34 || letter == 92 ? 65 : letter)
            }
        }
        return text + [34]
    }

    /// A character of one to four bytes, often one at the edge of its length.
    private static func scalar(_ generator: inout SeededGenerator) -> Unicode.Scalar {
        let edges: [UInt32] = [
            0x20, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfffd, 0xffff, 0x10000, 0x1f600, 0x10ffff,
        ]
        let code =
            generator.once(in: 2)
            ? edges.randomElement(using: &generator)! : UInt32.random(in: 0x23...0xd000, using: &generator)
        return Unicode.Scalar(code == 0x5c ? 0x41 : code) ?? "x"
    }

    private mutating func escape(_ scalar: Unicode.Scalar) -> [UInt8] {
        // A control character can only be written as an escape.
        let character = generator.once(in: 5) ? "\u{1}" : scalar
        return Array(
            UTF16.encode(character)!.map { unit in
                let digits = String(unit, radix: 16, uppercase: generator.once(in: 2))
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }.joined().utf8)
    }

    mutating func number() -> [UInt8] {
        var text = generator.once(in: 3) ? "-" : ""
        text += generator.once(in: 3) ? "0" : digits(1...18, leadingZeros: false)
        if generator.once(in: 2) { text += "." + digits(1...20, leadingZeros: true) }
        if generator.once(in: 3) {
            text += ["e", "E", "e+", "E-", "e-"].randomElement(using: &generator)!
            text += generator.once(in: 5) ? digits(1...4, leadingZeros: true) : digits(1...2, leadingZeros: true)
        }
        return Array(text.utf8)
    }

    private mutating func digits(_ count: ClosedRange<Int>, leadingZeros: Bool) -> String {
        var text = ""
        for position in 0..<Int.random(in: count, using: &generator) {
            text += "\(Int.random(in: position == 0 && !leadingZeros ? 1...9 : 0...9, using: &generator))"
        }
        return text
    }
}
