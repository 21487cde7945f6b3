// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Numbers as people read them in tables and bars. JSON output never passes through here.
enum NumberText {
    /// The text of a cell without a number.
    static let absent = "–"

    /// From here on a number has an exponent: no column is wide enough for a bid of 1e300.
    private static let largest = 1e12

    /// A column of numbers with as many decimals as its smallest needs for three significant digits, so that the decimal
    /// points stand under one another. A number too small for `maximumDecimals` is written with an exponent.
    static func column(
        _ values: [Double?], minimumDecimals: Int, maximumDecimals: Int = 8, signed: Bool = false, suffix: String = ""
    ) -> [String] {
        let decimals = values.reduce(minimumDecimals) { decimals, value in
            guard let value, value.isFinite, value != 0 else { return decimals }
            let needed = 2 - Int(log10(abs(value)).rounded(.down))
            return needed > maximumDecimals ? decimals : max(decimals, needed)
        }
        return values.map { value in
            guard let value else { return absent }
            return number(value, decimals: decimals, sign: signed ? "+" : "") + suffix
        }
    }

    /// One number with three or more significant digits.
    static func single(_ value: Double?, minimumDecimals: Int = 2, suffix: String = "") -> String {
        column([value], minimumDecimals: minimumDecimals, suffix: suffix)[0]
    }

    /// A probability as a percentage.
    static func percentage(_ probability: Double?) -> String {
        single(probability.map { $0 * 100 }, suffix: "%")
    }

    /// The probabilities of campaigns without any model, those that are known.
    static func priors(click: Double?, conversion: Double?) -> String {
        let known = [("click", click), ("conversion", conversion)].compactMap { name, prior in
            prior.map { "\(name) \(percentage($0))" }
        }
        return known.isEmpty ? "none" : known.joined(separator: ", ")
    }

    /// A column of amounts of money as they were given, all with as many decimals as the longest, at least two.
    static func amounts(_ values: [Double?]) -> [String] {
        let decimals = (2...8).first { decimals in
            values.allSatisfy { value in
                guard let value, abs(value) < largest, let read = Double(printed("%.\(decimals)f", value)) else {
                    return true
                }
                return abs(read - value) <= 1e-9 * abs(value)  // 0.30000000000000004 is 0.30
            }
        }
        return values.map { $0.map { number($0, decimals: decimals ?? 8, sign: "") } ?? absent }
    }

    /// Amounts of money for comparison: all with as many decimals as the largest of `scale` needs for three significant
    /// digits, at least two. Amounts that are negligible in comparison become 0.
    static func money(_ values: [Double], scale: [Double], signed: Bool = false) -> [String] {
        let largest = scale.reduce(0) { max($0, abs($1)) }
        let decimals = largest > 0 && largest.isFinite ? min(12, max(2, 2 - Int(log10(largest).rounded(.down)))) : 2
        let smallest = pow(10, Double(-decimals)) / 2
        return values.map {
            number(
                abs($0) < smallest ? 0 : $0, decimals: decimals, sign: signed && abs($0) >= smallest ? "+" : "")
        }
    }

    /// The shortest text of a number: 5 is "5", 2.5 is "2.5".
    static func plain(_ value: Double) -> String {
        abs(value) < largest ? Int(exactly: value).map { "\($0)" } ?? "\(value)" : printed("%g", value)
    }

    /// A count with its thousands apart: 1234567 is "1,234,567".
    static func count(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var result = value < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { result += "," }
            result.append(digit)
        }
        return result
    }

    /// "1 model", "2 models".
    static func counted(_ value: Int, _ noun: String, plural: String? = nil) -> String {
        "\(count(value)) \(value == 1 ? noun : plural ?? noun + "s")"
    }

    /// A size in memory or on disk: 7890 is "7.9 kB".
    static func bytes(_ value: Int) -> String {
        var scaled = Double(value)
        for unit in ["bytes", "kB", "MB", "GB"] {
            if scaled < 999.95 { return unit == "bytes" ? "\(value) bytes" : printed("%.1f ", scaled) + unit }
            scaled /= 1000
        }
        return printed("%.1f TB", scaled)
    }

    private static func number(_ value: Double, decimals: Int, sign: String) -> String {
        guard value.isFinite else { return "\(value)" }
        let tooSmall = value != 0 && abs(value) < pow(10, Double(-decimals)) / 2
        let needsExponent = tooSmall || abs(value) >= largest
        return printed(needsExponent ? "%\(sign).2e" : "%\(sign).\(decimals)f", value)
    }

    private static func printed(_ format: String, _ value: Double) -> String {
        withVaList([value]) { arguments in
            // Below `largest`, and with at most 12 decimals.
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
                let length = vsnprintf(buffer.baseAddress, buffer.count, format, arguments)
                return String(decoding: buffer.prefix(max(0, Int(length))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            }
        }
    }
}
