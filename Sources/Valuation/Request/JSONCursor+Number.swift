// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// A JSON number as it stands in the text.
struct RawNumber {
    /// Longer ones are refused: a double has at most 17 significant digits.
    static let maximumBytes = 1000

    var text: Text
    /// Neither a point nor an exponent.
    var isInteger: Bool
}

extension JSONCursor {
    /// Reads a number. - Precondition: the next byte is a digit or "-".
    mutating func number() throws(Failure) -> RawNumber {
        let start = offset
        var isInteger = true
        if byte == UInt8(ascii: "-") { advance() }
        if byte == UInt8(ascii: "0") {
            advance()
        } else {
            try digits()
        }
        if byte == UInt8(ascii: ".") {
            isInteger = false
            advance()
            try digits()
        }
        if byte | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            advance()
            if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { advance() }
            try digits()
        }
        if offset &- start > RawNumber.maximumBytes {
            throw failure(.limitExceeded, "A number of more than 1,000 characters.")
        }
        return RawNumber(text: text.slice(start, offset), isInteger: isInteger)
    }

    private mutating func digits() throws(Failure) {
        guard isDigit(byte) else { throw unexpected("Expected a digit here.") }
        while isDigit(byte) { advance() }
    }
}

extension RawNumber {
    /// The nearest double; infinite where there is none.
    ///
    /// Up to 2^53 and ten to the ±22 both the digits and the power are exact, so one multiplication or division rounds
    /// once (Clinger, "How to read floating point numbers accurately", 1990). The rest is left to the C library.
    var value: Double {
        var mantissa: UInt64 = 0
        var exponent = 0
        var digitCount = 0
        var seenPoint = false
        var index = text[0] == UInt8(ascii: "-") ? 1 : 0
        let isNegative = index == 1
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: ".") {
                seenPoint = true
            } else if isDigit(byte) {
                if mantissa > 0 || byte != UInt8(ascii: "0") { digitCount &+= 1 }
                if digitCount > 19 { return parsedByTheLibrary }
                mantissa = mantissa &* 10 &+ UInt64(byte &- UInt8(ascii: "0"))
                if seenPoint { exponent &-= 1 }
            } else {
                break
            }
            index &+= 1
        }
        if index < text.count {
            guard let written = writtenExponent(from: index &+ 1) else { return parsedByTheLibrary }
            exponent &+= written
        }
        guard mantissa <= 1 &<< 53, exponent.magnitude <= 22 else { return parsedByTheLibrary }
        let magnitude =
            exponent < 0 ? Double(mantissa) / powerOfTen(-exponent) : Double(mantissa) * powerOfTen(exponent)
        return isNegative ? -magnitude : magnitude
    }

    private func writtenExponent(from start: Int) -> Int? {
        var index = start
        let isNegative = text[index] == UInt8(ascii: "-")
        if isNegative || text[index] == UInt8(ascii: "+") { index &+= 1 }
        var exponent = 0
        while index < text.count {
            exponent = exponent &* 10 &+ Int(text[index] &- UInt8(ascii: "0"))
            if exponent > 400 { return nil }
            index &+= 1
        }
        return isNegative ? -exponent : exponent
    }

    private var parsedByTheLibrary: Double {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: RawNumber.maximumBytes + 1) { buffer in
            let terminated = buffer.baseAddress.unsafelyUnwrapped
            memcpy(terminated, text.start, text.count)
            terminated[text.count] = 0
            return valuation_platform_parse_double(terminated)
        }
    }

    private func powerOfTen(_ exponent: Int) -> Double {
        // 10^22 is the last power of ten that a double holds exactly, so this product is exact at every step.
        var power = 1.0
        for _ in 0..<exponent { power *= 10 }
        return power
    }

    /// Writes the number as the text of a category: the digits of an integer as they stand, otherwise the shortest decimal
    /// text. Returns false where the number is too large for a double.
    func writeCategory(to buffer: inout Buffer<UInt8>) throws(Failure) -> Bool {
        buffer.removeAll()
        if isInteger {
            try buffer.append(text)
            return true
        }
        let number = value
        if !number.isFinite { return false }
        try buffer.append(number: number)
        return true
    }
}

@inline(__always)
private func isDigit(_ byte: UInt8) -> Bool {
    byte &- UInt8(ascii: "0") < 10
}
