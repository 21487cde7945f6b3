// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

/// What the reader remembers of earlier candidates must not show: each is read as if it were alone.
@Suite struct MemberMemoTests {
    private let models: LoadedModels

    init() throws {
        var document = ModelDocument(campaign: "1")
        for field in ["slot", "creative", "a"] { document.categorical[field] = ["1": 0.5] }
        for number in 0..<20 { document.categorical["f\(number)"] = ["1": 0.5] }
        document.numeric["age"] = ModelDocument.Numeric(mean: 0, std: 1, weight: 1)
        models = try LoadedModels([document])
    }

    private struct Candidate: Equatable {
        var ad: String
        var campaign: String
        var key: UInt64
        var pricing: Int32
        var bid: UInt64
        var features: [UInt64]
        var flags: Flags
        var problem: RequestReader.Problem?
    }

    private func read(_ json: String) throws(Failure) -> [Candidate] {
        try withText(json) { text throws(Failure) in
            var reader = RequestReader()
            try reader.read(text, index: models.snapshot.pointee.index, keepingSources: false)
            return (0..<reader.candidates.count).map { position in
                let candidate = reader.candidates[position]
                let echo = reader.echoes[position]
                let features = UnsafeBufferPointer(start: candidate.features, count: Int(candidate.feature_count))
                return Candidate(
                    ad: echo.ad.string, campaign: echo.campaign.string, key: candidate.campaign,
                    pricing: candidate.pricing, bid: candidate.bid.bitPattern, features: features.map(\.key),
                    flags: echo.flags, problem: echo.problem)
            }
        }
    }

    /// A candidate with most members, in one of a few orders and spacings, sometimes with something unusual.
    private func candidate(_ generator: inout SeededGenerator) -> String {
        func some(_ texts: [String]) -> String { texts.randomElement(using: &generator)! }
        let number = Int.random(in: 0..<2000, using: &generator)
        let fields = (0..<Int.random(in: 0...6, using: &generator)).map { position in
            let name = some([
                "f\(position)", "f\(position)", "f\(position)", "f\(generator.next() % 20)", "age", "\\u0061",
                "no field",
            ])
            let value = some([
                "\"1\"", "\"1\"", "\"a much longer value of a field\"", "3", "[\"1\", 2]", "null", "\"\\n\"",
            ])
            return "\"\(name)\":\(some(["", " "]))\(value)"
        }
        var members = [
            "\"ad\": \"\(number)\"", "\"campaign\": \(some(["\"\(number)\"", "\"1\"", "1", "null", "\"\\u0031\""]))",
            "\"pricing\": \(some(["\"cpa\"", "\"cpc\"", "\"cpm\"", "\"x\"", "3"]))",
            "\"bid\": \(some(["20.0", "0.5", "1e3", "\"1\"", "-1"]))",
            "\"features\":\(some([" ", "", "\n  "])){\(fields.joined(separator: some([", ", ","])))}",
        ]
        if generator.once(in: 3) { members.remove(at: Int.random(in: 0..<5, using: &generator)) }
        if generator.once(in: 3) {
            members.append(some(["\"bid\": 1", "\"features\": {\"slot\": \"1\"}", "\"more\": [{}]"]))
        }
        if generator.once(in: 4) { members.shuffle(using: &generator) }
        return "{" + members.joined(separator: some([", ", ", ", ", ", ","])) + some(["", "", " "]) + "}"
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func candidatesAreReadAsEachIsReadAlone(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            let texts = (0..<12).map { _ in candidate(&generator) }
            let together = try read("{\"candidates\": [\(texts.joined(separator: ", "))]}")
            let alone = try texts.map { text in try read("{\"candidates\": [\(text)]}")[0] }
            #expect(together == alone)
        }
    }

    /// Bytes that were right between two values are wrong elsewhere, and must be refused there with their place.
    @Test(arguments: 21...28 as ClosedRange<UInt64>)
    func aDamagedRequestIsRefusedWhereItsSyntaxIsWrong(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var refused = 0
        for _ in 0..<250 {
            let texts = (0..<4).map { _ in candidate(&generator) }
            var bytes = Array("{\"candidates\": [\(texts.joined(separator: ", "))]}".utf8)
            let start = Int.random(in: 16..<bytes.count, using: &generator)
            let end = min(bytes.count, start + Int.random(in: 0...12, using: &generator))
            if generator.once(in: 2) {
                bytes.removeSubrange(start..<end)
            } else {
                bytes.insert(contentsOf: bytes[start..<end], at: Int.random(in: 16..<bytes.count, using: &generator))
            }
            withText(bytes) { text in
                var reader = RequestReader()
                let found = complaint { () throws(Failure) in
                    try reader.read(text, index: models.snapshot.pointee.index, keepingSources: false)
                }
                let expected = complaint { () throws(Failure) in _ = try JSONTree.read(withCursor: text) }
                #expect((found?.status == .jsonSyntax) == (expected != nil), "\(text.string)")
                if let found, found.status == .jsonSyntax {
                    refused += 1
                    #expect(found.line == expected?.line && found.column == expected?.column, "\(text.string)")
                }
            }
        }
        #expect(refused > 50)
    }

    /// What precedes the first member precedes no other.
    @Test(arguments: [
        #"{"ad": "1", "bid": 1}, {"ad": "1"{"ad": "1", "bid": 1}"#,
        #"{"ad": "1", "bid": 1}, {"ad": "1", "bid": 1{"ad": "1"}"#,
        #"{"ad": "1", "bid": 1}, {, "bid": 1}"#, #"{"ad": "1", "bid": 1}, , "bid": 1}"#,
        #"{"features": {"f1": "1", "f2": "1"}}, {"features": {"f1": "1", "f2": "1"}}, {"features": {, "f2": "1"}}"#,
        #"{"features": {"f1": "1", "f2": "1"}}, {"features": {"f1": "1"}}, {"features": {"f1": "1"{"f1": "1"}}"#,
    ])
    func aMemberInTheWrongPlaceIsASyntaxError(candidates: String) throws {
        let refusal = complaint { () throws(Failure) in _ = try read("{\"candidates\": [\(candidates)]}") }
        #expect(refusal?.status == .jsonSyntax)
    }

    @Test func moreFieldsThanAreRememberedAreRead() throws {
        let fields = (0..<20).map { "\"f\($0)\": \"1\"" }.joined(separator: ", ")
        let text = "{\"campaign\": \"1\", \"pricing\": \"cpm\", \"bid\": 1, \"features\": {\(fields)}}"
        let candidates = try read("{\"candidates\": [\(text), \(text), \(text), \(text)]}")
        #expect(candidates[0].features.count == 20)
        #expect(candidates.allSatisfy { $0 == candidates[0] })
    }
}
