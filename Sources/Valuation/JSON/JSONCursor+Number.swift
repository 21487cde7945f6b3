// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// A JSON number in its textual form.
struct RawNumber {
    /// Longer ones are refused: a double has at most 17 significant digits.
    static let maximumBytes = 1000

    var text: Text
    /// Neither a point nor an exponent.
    var isInteger: Bool
    /// The digits before the exponent as one number, without the point.
    fileprivate var mantissa: UInt64
    /// The number of those digits; with more than 19 the number may be too large for `mantissa`.
    fileprivate var digitCount: Int
    fileprivate var digitsBehindPoint: Int
    /// The position of the exponent in the text, or the end.
    fileprivate var exponentStart: Int
}

extension JSONCursor {
    /// Reads a number. - Precondition: the next byte is a digit or "-".
    @inline(always)
    mutating func number() throws(Failure) -> RawNumber {
        var cursor = self
        let start = cursor.offset
        var mantissa: UInt64 = 0
        if cursor.byte == UInt8(ascii: "-") { cursor.advance() }
        var digitCount = 1
        if cursor.byte == UInt8(ascii: "0") {
            cursor.advance()
        } else {
            digitCount = try cursor.digits(&mantissa)
        }
        var digitsBehindPoint = 0
        if cursor.byte == UInt8(ascii: ".") {
            cursor.advance()
            digitsBehindPoint = try cursor.digits(&mantissa)
        }
        let exponentStart = cursor.offset
        if cursor.byte | 0x20 == UInt8(ascii: "e") {
            cursor.advance()
            if cursor.byte == UInt8(ascii: "+") || cursor.byte == UInt8(ascii: "-") { cursor.advance() }
            var exponent: UInt64 = 0
            _ = try cursor.digits(&exponent)
        }
        if cursor.offset &- start > RawNumber.maximumBytes {
            throw cursor.failure(.limitExceeded, "A number of more than 1,000 characters.")
        }
        moveTo(cursor.offset)
        return RawNumber(
            text: text.slice(start, cursor.offset), isInteger: digitsBehindPoint == 0 && cursor.offset == exponentStart,
            mantissa: mantissa, digitCount: digitCount &+ digitsBehindPoint, digitsBehindPoint: digitsBehindPoint,
            exponentStart: exponentStart &- start)
    }

    /// Reads one digit or more and appends them to those of `number`. - Returns: how many they are.
    @inline(always)
    private mutating func digits(_ number: inout UInt64) throws(Failure) -> Int {
        let start = offset
        guard isDigit(byte) else { throw unexpected("Expected a digit here.") }
        repeat {
            number = number &* 10 &+ UInt64(byte &- UInt8(ascii: "0"))
            advance()
        } while isDigit(byte)
        return offset &- start
    }
}

extension RawNumber {
    /// The nearest double; infinite if the number is too large.
    ///
    /// Up to 2^53 and ten to the ±22 both the digits and the power are exact, so one multiplication or division rounds
    /// once (Clinger, "How to read floating point numbers accurately", 1990). The C library converts the others.
    @inline(always)
    var value: Double {
        var exponent = 0 &- digitsBehindPoint
        if exponentStart < text.count {
            let behindLetter = text.slice(exponentStart &+ 1, text.count)
            guard let written = RawNumber.exponent(behindLetter) else { return RawNumber.parsedByTheLibrary(text) }
            exponent &+= written
        }
        guard digitCount <= 19, mantissa <= 1 &<< 53, exponent >= -22, exponent <= 22 else {
            return uncommonValue(exponent)
        }
        // A signed integer is converted by one instruction.
        let digits = Double(Int64(bitPattern: mantissa))
        let magnitude =
            exponent < 0 ? digits / powersOfTen[unchecked: 0 &- exponent] : digits * powersOfTen[unchecked: exponent]
        return text[0] == UInt8(ascii: "-") ? -magnitude : magnitude
    }

    /// For numbers with more digits than a double has, which most programs write: one division of integers, whose
    /// remainder says in which direction to round the quotient, as long as the power of ten fits in 64 bits. The C
    /// library converts the others.
    @inline(never)
    private func uncommonValue(_ exponent: Int) -> Double {
        guard significantDigits <= 19, exponent < 0, exponent >= -27, mantissa > 0 else {
            return RawNumber.parsedByTheLibrary(text)
        }
        let shift = mantissa.leadingZeroBitCount
        let dividend = mantissa &<< UInt64(truncatingIfNeeded: shift)
        let (quotient, remainder) = PowerOfTen.upper(0 &- exponent).dividingFullWidth((dividend &>> 1, dividend &<< 63))
        // It has 63 or 64 bits, so a double never keeps the lowest one.
        let rounded = Double(quotient | (remainder == 0 ? 0 : 1))
        let binary = 0 &- shift &- PowerOfTen.binaryExponent(0 &- exponent)
        let magnitude = rounded * Double(bitPattern: UInt64(truncatingIfNeeded: 1023 &+ binary) &<< 52)
        return text[0] == UInt8(ascii: "-") ? -magnitude : magnitude
    }

    /// The number of digits after the leading zeros.
    private var significantDigits: Int {
        var zeros = 0
        for index in 0..<exponentStart {
            let byte = text[index]
            if byte == UInt8(ascii: "0") { zeros &+= 1 } else if byte > UInt8(ascii: "0") { break }
        }
        return digitCount &- zeros
    }

    /// Whether the number is obviously in the range of a document's numbers.
    @inline(always)
    var isSurelyInRange: Bool {
        digitCount <= 18 || (!isInteger && digitCount < 300) ? exponentStart == text.count : false
    }

    /// Whether a double can hold the number or, if it is an integer, 64 bits.
    @inline(never)
    var isInRange: Bool {
        if !isInteger { return value.isFinite }
        let isNegative = text[0] == UInt8(ascii: "-")
        return digitCount <= 19 && mantissa <= (1 &<< 63) &- (isNegative ? 0 : 1)
    }

    /// An exponent as it is written after its letter; nil if it is far too large.
    @inline(never)
    private static func exponent(_ text: Text) -> Int? {
        var index = 0
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

    @inline(never)
    private static func parsedByTheLibrary(_ text: Text) -> Double {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: RawNumber.maximumBytes + 1) { buffer in
            let terminated = buffer.baseAddress.unsafelyUnwrapped
            memcpy(terminated, text.start, text.count)
            terminated[text.count] = 0
            return valuation_platform_parse_double(terminated)
        }
    }

    /// Writes the number as the text of a category: the digits of an integer unchanged, otherwise the shortest decimal
    /// text. Returns false if the number is too large for a double.
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

@inline(always)
private func isDigit(_ byte: UInt8) -> Bool {
    byte &- UInt8(ascii: "0") < 10
}

/// All powers of ten that a double holds exactly.
private let powersOfTen: InlineArray<23, Double> = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21,
    1e22,
]
