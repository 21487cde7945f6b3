// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

@Suite struct JSONLinesTests {
    private func lines(_ text: String) throws -> [(String, UInt32)] {
        try documents(of: Array(text.utf8), .lines).map { (String(decoding: $0.bytes, as: UTF8.self), $0.line) }
    }

    private func expect(_ text: String, _ expected: [(String, UInt32)]) throws {
        let found = try lines(text)
        #expect(found.map(\.0) == expected.map(\.0))
        #expect(found.map(\.1) == expected.map(\.1))
    }

    @Test func eachLineIsADocument() throws {
        try expect("{}\n[]\n", [("{}", 1), ("[]", 2)])
    }

    @Test func theLastLineNeedsNoNewline() throws {
        try expect("{}\n[]", [("{}", 1), ("[]", 2)])
        try expect("{}", [("{}", 1)])
    }

    @Test func blankLinesCountAsLinesButNotAsDocuments() throws {
        try expect("\n\n{}\n \t\n\n[]\n\n\n", [("{}", 3), ("[]", 6)])
        try expect("", [])
        try expect("\n", [])
        try expect("  ", [])
    }

    @Test func aCarriageReturnBeforeTheNewlineIsWhiteSpace() throws {
        try expect("{}\r\n\r\n[]\r\n", [("{}\r", 1), ("[]\r", 3)])
        let documents = [ModelDocument(campaign: "1").json, ModelDocument(campaign: "2").json]
        #expect(loadComplaint(documents.joined(separator: "\r\n") + "\r\n", named: "models.jsonl") == nil)
    }

    @Test func aJSONFileHoldsOneDocumentOfManyLines() throws {
        let text = "{\n}\n\n[]\n"
        #expect(try documents(of: Array(text.utf8), .json).map(\.bytes) == [Array(text.utf8)])
    }

    /// A file is read in pieces of 64 KiB; lines end on both sides of their edges.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func linesOfAnyLengthAreReadWhole(seed: UInt64) throws {
        let chunk = 65_536
        var generator = SeededGenerator(seed: seed)
        let lengths = [
            0, 1, 2, 100, 5000, chunk - 2, chunk - 1, chunk, chunk + 1, chunk * 2 - 1, chunk * 2, chunk * 3 + 7,
        ]
        var text: [UInt8] = []
        var expected: [ReadDocument] = []
        let count = Int.random(in: 1...12, using: &generator)
        for line in 1...count {
            let letter = UInt8.random(in: 97...122, using: &generator)
            let bytes = [UInt8](repeating: letter, count: lengths.randomElement(using: &generator)!)
            if !bytes.isEmpty { expected.append(ReadDocument(bytes: bytes, line: UInt32(line))) }
            text += bytes
            if line < count || generator.once(in: 2) { text.append(10) }
        }
        #expect(try documents(of: text, .lines) == expected)
        let packed = gzip(text)
        #expect(try documents(of: packed, .packedLines) == expected)
        let folder = try TemporaryFolder()
        #expect(try documents(ofFile: try folder.write("a.jsonl", text), .lines) == expected)
        #expect(try documents(ofFile: try folder.write("a.jsonl.gz", packed), .packedLines) == expected)
    }

    /// End to end: real models of more than a piece each, from a real file.
    @Test func modelsLongerThanAPieceAreLoaded() throws {
        var documents: [ModelDocument] = []
        for number in 0..<4 {
            var document = ModelDocument(campaign: "\(number)")
            document.categorical["city"] = Dictionary(
                uniqueKeysWithValues: (0..<6000).map { ("city-\($0)", Double(number + 1) / 8) })
            documents.append(document)
        }
        let text = documents.map(\.json).joined(separator: "\n")
        #expect(text.utf8.count > 4 * 65_536)
        let models = try LoadedModels(documents)
        for number in 0..<4 {
            let ad = Ad(campaign: "\(number)", pricing: .cpc)
            let exact = try #require(
                ReferenceScoring(documents).probability("\(number)", "click", [.category("city", "city-5999")]))
            #expect(Float(models.score([.category("city", "city-5999")], [ad])[0].pctr) == Float(exact))
        }
    }
}
