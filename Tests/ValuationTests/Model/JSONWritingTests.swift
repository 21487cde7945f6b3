// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

/// What was read of a document and is written again is the same.
@Suite struct JSONWritingTests {
    private func written(_ text: [UInt8]) throws -> [UInt8]? {
        try Note.withTemporary { note in
            try withText(text) { text in
                guard let document = try? JSONDocument(text, firstLine: 1, note: note) else { return nil }
                var buffer = Buffer<UInt8>()
                try document.root.write(to: &buffer)
                return buffer.text.bytes
            }
        }
    }

    @Test(arguments: [
        "{}", "[]", "[true,false,null]", #"{"a":{"b":[1,-2,[]]},"c":""}"#, #"["\"\\ü😀\u000a\u001f"]"#,
        "[0,9223372036854775807,-9223372036854775808]", "[0.5,-0.1,1e-05,1e+300,5e-324,1.7976931348623157e+308]",
        // What is written as a real number stays one, for a category's text may depend on it.
        "[5.0,-0.0,1000000.0]",
    ])
    func aTextInTheShortestFormStays(_ text: String) throws {
        #expect(try written(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) } == text)
    }

    @Test func randomTextsAreReadAsTheyWere() throws {
        var random = RandomJSON(seed: 17)
        var compared = 0
        for _ in 0..<2_000 {
            let text = random.text()
            guard let again = try written(text) else { continue }
            let before = try withText(text) { text throws(Failure) in try JSONTree.read(withCursor: text) }
            let after = try withText(again) { text throws(Failure) in try JSONTree.read(withCursor: text) }
            #expect(before == after)
            compared += 1
        }
        #expect(compared > 500)
    }
}
