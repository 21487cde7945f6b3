// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

/// The error of a refused text gives the line and the byte in it.
@Suite struct JSONErrorPlaceTests {
    @Test(arguments: [
        ("", 1, 1), ("  ", 1, 3), ("nul", 1, 1), ("[1 2]", 1, 4), ("{\n  \"a\": tru}", 2, 8), ("[1,\r\n2,\r\n]", 3, 1),
        ("\n\n\n}", 4, 1), ("{\"a\" 1}", 1, 6), ("{\"a\": 1", 1, 8), ("{a: 1}", 1, 2), ("[\"abc", 1, 6), ("[01]", 1, 3),
        ("[-]", 1, 3), ("[1.]", 1, 4), ("[1e]", 1, 4), ("[\"\\x\"]", 1, 4), ("[\"a\nb\"]", 1, 4), ("[1] x", 1, 5),
        ("[\"größe\", x]", 1, 13), ("[\"\\ud83d\"]", 1, 9),
    ])
    func aSyntaxErrorHasItsLineAndByte(text: String, line: UInt32, column: UInt32) throws {
        let refusal = try #require(
            withText(text) { text in
                complaint { () throws(Failure) in _ = try JSONTree.read(withCursor: text) }
            })
        #expect(refusal.status == .jsonSyntax)
        #expect(refusal.line == line && refusal.column == column, "line \(refusal.line), column \(refusal.column)")
        #expect(refusal.message.hasSuffix("."))
    }

    @Test func bytesThatAreNotUTF8HaveTheirPlace() throws {
        let refusal = try #require(
            withText([91, 34, 97, 0xff, 34, 93]) { text in
                complaint { () throws(Failure) in _ = try JSONTree.read(withCursor: text) }
            })
        #expect(refusal.line == 1 && refusal.column == 4)
    }
}
