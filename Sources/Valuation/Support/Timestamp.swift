// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// A time in UTC.
struct Timestamp {
    private var parts = tm()
    private var microseconds = 0

    static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var stamp = Timestamp()
        stamp.microseconds = time.tv_nsec / 1000
        gmtime_r(&time.tv_sec, &stamp.parts)
        return stamp
    }

    /// For example 2026-11-21T03:00:00.123456Z.
    ///
    /// - Parameters:
    ///   - separator: between hours, minutes and seconds.
    ///   - hasFraction: whether microseconds are written.
    func write(to output: inout Buffer<UInt8>, separator: Text, hasFraction: Bool) throws(Failure) {
        try Timestamp.write(Int(parts.tm_year) + 1900, digits: 4, to: &output)
        try output.append("-")
        try Timestamp.write(Int(parts.tm_mon) + 1, digits: 2, to: &output)
        try output.append("-")
        try Timestamp.write(Int(parts.tm_mday), digits: 2, to: &output)
        try output.append("T")
        try Timestamp.write(Int(parts.tm_hour), digits: 2, to: &output)
        try output.append(separator)
        try Timestamp.write(Int(parts.tm_min), digits: 2, to: &output)
        try output.append(separator)
        try Timestamp.write(Int(parts.tm_sec), digits: 2, to: &output)
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
}
