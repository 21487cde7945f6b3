// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// A time in UTC.
struct Timestamp {
    /// Since 1970.
    private let seconds: Int64
    private let microseconds: Int

    static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), microseconds: time.tv_nsec / 1000)
    }

    /// - Parameter seconds: since 1970; not negative.
    init(seconds: Int64, microseconds: Int = 0) {
        (self.seconds, self.microseconds) = (seconds, microseconds)
    }

    /// For example 2026-11-21T03:00:00.123456Z.
    ///
    /// - Parameters:
    ///   - separator: between hours, minutes and seconds.
    ///   - hasFraction: whether microseconds are written.
    func write(to output: inout Buffer<UInt8>, separator: Text, hasFraction: Bool) throws(Failure) {
        let date = Timestamp.date(seconds / 86_400)
        let second = Int(seconds % 86_400)
        try Timestamp.write(date.year, digits: 4, to: &output)
        try output.append("-")
        try Timestamp.write(date.month, digits: 2, to: &output)
        try output.append("-")
        try Timestamp.write(date.day, digits: 2, to: &output)
        try output.append("T")
        try Timestamp.write(second / 3600, digits: 2, to: &output)
        try output.append(separator)
        try Timestamp.write(second / 60 % 60, digits: 2, to: &output)
        try output.append(separator)
        try Timestamp.write(second % 60, digits: 2, to: &output)
        if hasFraction {
            try output.append(".")
            try Timestamp.write(microseconds, digits: 6, to: &output)
        }
        try output.append("Z")
    }

    private static func write(_ number: Int, digits: Int, to output: inout Buffer<UInt8>) throws(Failure) {
        var unit = 1
        for _ in 1..<digits { unit *= 10 }
        while unit > 0 {
            try output.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number / unit % 10))
            unit /= 10
        }
    }

    /// Seconds since 1970 of a UTC time in the format of `write`, for example 2026-11-21T03:00:00Z; a fraction is cut
    /// off. nil for anything else.
    static func seconds(_ text: Text) -> Int64? {
        guard text.count >= 20, text[text.count &- 1] == UInt8(ascii: "Z"), text[4] == UInt8(ascii: "-"),
            text[7] == UInt8(ascii: "-"), text[10] == UInt8(ascii: "T"), text[13] == UInt8(ascii: ":"),
            text[16] == UInt8(ascii: ":"), isFraction(text.slice(19, text.count &- 1))
        else { return nil }
        guard let year = number(text.slice(0, 4)), let month = number(text.slice(5, 7)), (1...12).contains(month),
            let day = number(text.slice(8, 10)), (1...daysOf(month, year)).contains(day),
            let hour = number(text.slice(11, 13)), hour < 24, let minute = number(text.slice(14, 16)), minute < 60,
            let second = number(text.slice(17, 19)), second < 60
        else { return nil }
        return daysSince1970(year, month, day) * 86_400 + (hour * 60 + minute) * 60 + second
    }

    private static func isFraction(_ text: Text) -> Bool {
        if text.count == 0 { return true }
        if text.count == 1 || text[0] != UInt8(ascii: ".") { return false }
        for index in 1..<text.count where number(text.slice(index, index &+ 1)) == nil { return false }
        return true
    }

    private static func number(_ digits: Text) -> Int64? {
        var number: Int64 = 0
        for index in 0..<digits.count {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digits[index]) else { return nil }
            number = number * 10 + Int64(digits[index] - UInt8(ascii: "0"))
        }
        return number
    }

    private static func daysOf(_ month: Int64, _ year: Int64) -> Int64 {
        if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
        return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31
    }

    /// The inverse of `daysSince1970`, from 1970 on. Not gmtime_r, which takes a lock of the process and reads its time
    /// zone.
    private static func date(_ days: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = shifted / 146_097 * 400 + yearOfEra + (month <= 2 ? 1 : 0)
        return (Int(year), Int(month), Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1))
    }

    /// Days of the Gregorian calendar, counted from March on (Hinnant, "chrono-compatible low-level date algorithms",
    /// 2013).
    private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month > 2 ? year : year - 1
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
