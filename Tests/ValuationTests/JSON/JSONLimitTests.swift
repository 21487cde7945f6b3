// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

/// Intended differences of the request reader: its limits, and what jansson cannot represent.
@Suite struct JSONLimitTests {
    private func tree(_ text: String) throws(Failure) -> JSONTree {
        try withText(text) { text throws(Failure) in try JSONTree.read(withCursor: text) }
    }

    private func skipComplaint(_ text: String) -> Complaint? {
        withText(text) { text in
            complaint { () throws(Failure) in
                var cursor = JSONCursor(text)
                _ = try cursor.skipValue()
                try cursor.expectEnd()
            }
        }
    }

    private func nested(_ depth: Int, _ open: String, _ close: String) -> String {
        String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
    }

    @Test(arguments: [("[", "]"), ("{\"a\":", "}")])
    func valuesMayBeNested64DeepAndNoDeeper(open: String, close: String) throws {
        #expect(skipComplaint(nested(64, open, close)) == nil)
        let failure = try #require(skipComplaint(nested(65, open, close)))
        #expect(failure.status == .limitExceeded)
        #expect(failure.line == 1)
        // Deep enough to crash a process that recursed without a limit.
        #expect(try #require(skipComplaint(nested(1_000_000, open, close))).status == .limitExceeded)
        #expect(try #require(skipComplaint(String(repeating: open, count: 1_000_000))).status == .limitExceeded)
    }

    @Test func aNumberMayHaveAThousandCharactersAndNoMore() throws {
        let longest = "0." + String(repeating: "3", count: 998)
        #expect(try tree(longest) == .number((1.0 / 3).bitPattern))
        let failure = try #require(skipComplaint(longest + "3"))
        #expect(failure.status == .limitExceeded)
    }

    @Test(arguments: [("1e999", Double.infinity), ("-1e999", -.infinity), ("1e99999999999999999999", .infinity)])
    func aNumberBeyondDoubleIsInfinite(text: String, number: Double) throws {
        #expect(try tree(text) == .number(number.bitPattern))
    }

    @Test func aMembersNameMayHoldANUL() throws {
        #expect(try tree(#"{"a\u0000b": 1}"#) == .object([[97, 0, 98]: .number(1.0.bitPattern)]))
    }
}
