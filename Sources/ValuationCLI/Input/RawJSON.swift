// SPDX-License-Identifier: Apache-2.0

/// Changes to JSON text that leave every other byte, and so every number, as it was written.
enum RawJSON {
    /// The object with one more member at its end, where it takes precedence over an earlier one of the same name. Text
    /// that does not end like an object is returned unchanged.
    static func adding(_ member: String, to object: UnsafeRawBufferPointer) -> [UInt8] {
        let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        guard let brace = object.lastIndex(where: { !isSpace($0) }), object[brace] == UInt8(ascii: "}") else {
            return Array(object)
        }
        let members = object[..<brace]
        let isEmpty = members.last { !isSpace($0) } == UInt8(ascii: "{")
        return Array(members) + Array((isEmpty ? member : "," + member).utf8) + [UInt8(ascii: "}")]
    }

    /// The positions of the elements of the array `name`, a top-level member of an answer of the library.
    /// - Parameter count: their number, from the decoded answer.
    static func elements(of name: String, in answer: UnsafeRawBufferPointer, count: Int) throws -> [Range<Int>] {
        let elements = elements(of: name, in: answer)
        guard elements.count == count else {
            throw Problem.cannotBeShown("\(elements.count) of \(count) \(name) found")
        }
        return elements
    }

    private static func elements(of name: String, in answer: UnsafeRawBufferPointer) -> [Range<Int>] {
        // In a string the closing quote would have a backslash before it, so this matches only the member.
        let opening = Array("\"\(name)\":[".utf8)
        guard let found = firstRange(of: opening, in: answer) else { return [] }
        return elements(ofArray: answer, startingAt: found.upperBound)
    }

    /// The positions of the elements of an array whose first one begins at `first`.
    static func elements(ofArray answer: UnsafeRawBufferPointer, startingAt first: Int = 1) -> [Range<Int>] {
        var elements: [Range<Int>] = []
        var start = first
        var depth = 0
        var inString = false
        var position = start
        while position < answer.count {
            let byte = answer[position]
            if inString {
                if byte == UInt8(ascii: "\\") { position += 1 }
                if byte == UInt8(ascii: "\"") { inString = false }
            } else if byte == UInt8(ascii: "\"") {
                inString = true
            } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                depth += 1
            } else if depth == 0, byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") {
                if start < position { elements.append(start..<position) }
                if byte == UInt8(ascii: "]") { break }
                start = position + 1
            } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
                depth -= 1
            }
            position += 1
        }
        return elements
    }

    /// The answer with only those `elements`, in that order.
    static func keeping(_ chosen: [Range<Int>], of elements: [Range<Int>], in answer: UnsafeRawBufferPointer) -> [UInt8]
    {
        guard let first = elements.first, let last = elements.last else { return Array(answer) }
        let kept = chosen.map { Array(answer[$0]) }.joined(separator: [UInt8(ascii: ",")])
        return Array(answer[..<first.lowerBound]) + Array(kept) + Array(answer[last.upperBound...])
    }

    /// The text without the white space between its parts.
    static func onOneLine(_ text: [UInt8]) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(text.count)
        var (inString, isEscaped) = (false, false)
        for byte in text {
            if byte == UInt8(ascii: "\""), !isEscaped { inString.toggle() }
            isEscaped = inString && !isEscaped && byte == UInt8(ascii: "\\")
            if inString || byte > 0x20 { line.append(byte) }
        }
        return line
    }

    /// The number that is an answer's last member; nil if the last member has another name.
    static func lastNumber(named name: String, of answer: UnsafeRawBufferPointer) -> Int? {
        let digits = answer.dropLast().reversed().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let member = Array(",\"\(name)\":".utf8)
        guard answer.dropLast(digits.count + 1).suffix(member.count).elementsEqual(member) else { return nil }
        return Int(String(decoding: digits.reversed(), as: UTF8.self))
    }

    private static func firstRange(of pattern: [UInt8], in bytes: UnsafeRawBufferPointer) -> Range<Int>? {
        guard bytes.count >= pattern.count else { return nil }
        for start in 0...(bytes.count - pattern.count)
        where bytes[start] == pattern[0] && bytes[start..<start + pattern.count].elementsEqual(pattern) {
            return start..<start + pattern.count
        }
        return nil
    }
}
