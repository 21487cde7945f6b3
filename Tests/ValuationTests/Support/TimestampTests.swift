// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Valuation

/// Times in the documented form are read, and nothing else is a time.
@Suite struct TimestampTests {
    private func seconds(_ text: String) -> Int64? {
        withText(text) { Timestamp.seconds($0) }
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-11-21T03:00:00Z", 1_795_230_000), ("2000-02-29T23:59:59Z", 951_868_799),
        ("1969-12-31T23:59:59Z", -1), ("2024-02-29T00:00:00Z", 1_709_164_800), ("2100-03-01T00:00:00Z", 4_107_542_400),
        ("9999-12-31T23:59:59Z", 253_402_300_799), ("0001-01-01T00:00:00Z", -62_135_596_800),
        ("0000-03-01T00:00:00Z", -62_162_035_200),
    ])
    func timesAreSecondsSince1970(_ text: String, _ expected: Int64) {
        #expect(seconds(text) == expected)
    }

    @Test(arguments: ["2026-11-21T03:00:00.5Z", "2026-11-21T03:00:00.000000Z", "2026-11-21T03:00:00.99999999999999Z"])
    func aFractionIsCutOff(_ text: String) {
        #expect(seconds(text) == 1_795_230_000)
    }

    @Test(arguments: [
        "", "Z", "2026-11-21", "2026-11-21T03:00:00", "2026-11-21T03:00:00z", "2026-11-21 03:00:00Z",
        "2026-11-21T03:00:00+00:00", "2026-11-21T03:00Z", "2026-00-21T03:00:00Z", "2026-13-21T03:00:00Z",
        "2026-11-00T03:00:00Z", "2026-11-31T03:00:00Z", "2026-02-29T03:00:00Z", "2100-02-29T03:00:00Z",
        "1900-02-29T03:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T03:60:00Z", "2026-11-21T03:00:60Z",
        "2026-11-21T03:00:00.Z", "2026-11-21T03:00:00,5Z", "2026-11-21T03:00:00.5xZ", "2026-11-21T03:00:00.000000000xZ",
        "+026-11-21T03:00:00Z", "2026-1-021T03:00:00Z", "2026-11-21T03:00:00Z ", " 2026-11-21T03:00:00Z",
        "2026-11-21T03:00:-1Z", "20261121T030000Z00000", "２026-11-21T03:00:00Z",
    ])
    func everythingElseIsNone(_ text: String) {
        #expect(seconds(text) == nil)
    }

    @Test func whatIsWrittenNowIsReadBack() throws {
        for hasFraction in [false, true] {
            let before = Int64(Foundation.time(nil))
            var written = Buffer<UInt8>()
            try Timestamp.now.write(to: &written, separator: Text(":"), hasFraction: hasFraction)
            let read = try #require(Timestamp.seconds(written.text))
            #expect((before...Int64(Foundation.time(nil))).contains(read))
        }
    }

    /// Every day of eight centuries, against the C library's calendar.
    @Test func everyDayAgreesWithTheCalendar() throws {
        var wrong = 0
        for day in stride(from: -146_097, through: 146_097, by: 1) {
            var time = time_t(day * 86_400 + 3_723)
            var parts = tm()
            gmtime_r(&time, &parts)
            let text = [Int(parts.tm_mon) + 1, Int(parts.tm_mday)].map { $0 < 10 ? "0\($0)" : "\($0)" }
            let expected = "\(parts.tm_year + 1900)-\(text[0])-\(text[1])T01:02:03Z"
            if seconds(expected) != Int64(time) { wrong += 1 }
            if day < 0 { continue }
            var written = Buffer<UInt8>()
            try Timestamp(seconds: Int64(time)).write(to: &written, separator: Text(":"), hasFraction: false)
            if withText(expected, { $0 != written.text }) { wrong += 1 }
        }
        #expect(wrong == 0)
    }
}
