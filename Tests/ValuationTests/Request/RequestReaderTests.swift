// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

/// A JSON request becomes the structs of valuation.h.
@Suite struct RequestReaderTests {
    private let models: LoadedModels

    init() throws {
        var document = ModelDocument(campaign: "1")
        document.categorical = ["slot": ["12": 0.5], "creative": ["55": 0.25]]
        document.numeric["age"] = ModelDocument.Numeric(mean: 0, std: 1, weight: 1)
        models = try LoadedModels([document])
    }

    /// One candidate as read.
    private struct ReadCandidate: Equatable {
        var ad: String
        var campaign: String
        var key: UInt64
        var pricing: Int32
        var bid: Double
        var features: [UInt64]
        var flags: Flags
    }

    private struct ReadRequest {
        var id: String
        var features: [UInt64]
        var flags: Flags
        var candidates: [ReadCandidate]
        var top: Int?
        var timeBudget: UInt64
    }

    private func read(_ json: String) throws(Failure) -> ReadRequest {
        try withText(json) { text throws(Failure) in
            var reader = RequestReader()
            // A reader is reused: the second read must not remember the first.
            try reader.read(text, index: models.snapshot.pointee.index, keepingSources: false)
            try reader.read(text, index: models.snapshot.pointee.index, keepingSources: false)
            var candidates: [ReadCandidate] = []
            for position in 0..<reader.candidates.count {
                let candidate = reader.candidates[position]
                let echo = reader.echoes[position]
                let features = UnsafeBufferPointer(start: candidate.features, count: Int(candidate.feature_count))
                candidates.append(
                    ReadCandidate(
                        ad: echo.ad.string, campaign: echo.campaign.string, key: candidate.campaign,
                        pricing: candidate.pricing, bid: candidate.bid, features: features.map(\.key), flags: echo.flags
                    ))
            }
            return ReadRequest(
                id: reader.id.string, features: reader.request.features.elements.map(\.key),
                flags: reader.request.flags,
                candidates: candidates, top: reader.top, timeBudget: reader.timeBudget)
        }
    }

    private func candidate(_ json: String) throws -> ReadCandidate {
        try #require(try read("{\"candidates\": [\(json)]}").candidates.first)
    }

    private func refusal(_ json: String) -> Complaint? {
        complaint { () throws(Failure) in _ = try read(json) }
    }

    private let slot = NamedFeature.category("slot", "12").feature.key
    private let creative = NamedFeature.category("creative", "55").feature.key

    @Test func everyMemberIsRead() throws {
        let request = try read(
            """
            {"id": "imp-1", "features": {"slot": "12", "age": 3}, "unit": "user-77", "budget_us": 5000, "top": 3,
             "candidates": [{"ad": "9", "campaign": "1042", "pricing": "cpa", "bid": 35.5, "features": {"creative": "55"}},
                            {"ad": 10, "campaign": 1042, "pricing": "cpm", "bid": 2}]}
            """)
        #expect(request.id == "\"imp-1\"")
        #expect(request.features == [slot, NamedFeature.number("age", 3).feature.key])
        #expect(request.flags == [])
        #expect(request.top == 3)
        #expect(request.timeBudget == 5_000_000)
        let campaign = withText("1042") { Secret.standard.campaign($0) }
        #expect(
            request.candidates == [
                ReadCandidate(
                    ad: "\"9\"", campaign: "\"1042\"", key: campaign, pricing: 3, bid: 35.5, features: [creative],
                    flags: []),
                ReadCandidate(ad: "10", campaign: "1042", key: campaign, pricing: 1, bid: 2, features: [], flags: []),
            ])
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func theOrderOfMembersDoesNotMatter(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let ad = [
            #""ad": "9""#, #""campaign": "1""#, #""pricing": "cpc""#, #""bid": 1"#, #""features": {"creative": "55"}"#,
            #""extra": [{"campaign": "2"}]"#,
        ].shuffled(using: &generator).joined(separator: ",")
        let members = [
            #""id": "a""#, #""features": {"slot": "12"}"#, #""top": 1"#, #""budget_us": 1"#,
            "\"candidates\": [{\(ad)}]",
            #""extra": {"candidates": []}"#,
        ].shuffled(using: &generator).joined(separator: ",")
        let request = try read("{\(members)}")
        #expect(request.id == "\"a\"" && request.features == [slot] && request.top == 1 && request.timeBudget == 1000)
        let only = try #require(request.candidates.first)
        #expect(only.ad == "\"9\"" && only.pricing == 2 && only.bid == 1 && only.features == [creative])
        #expect(only.key == withText("1") { Secret.standard.campaign($0) } && only.flags == [])
    }

    @Test func ofMembersWithOneNameTheLastCounts() throws {
        let request = try read(
            """
            {"id": "a", "features": {"slot": "12", "unheard": 1}, "top": 7, "budget_us": 7,
             "candidates": [{"campaign": "1"}, {}], "id": "b", "features": {"age": 1}, "top": 2, "budget_us": 2,
             "candidates": [{"campaign": "1", "campaign": "2", "pricing": "cpm", "pricing": "cpc", "bid": 1, "bid": 2,
                             "ad": "x", "ad": "y", "features": {"creative": "1"}, "features": {"creative": "55"}}]}
            """)
        #expect(request.id == "\"b\"" && request.top == 2 && request.timeBudget == 2000)
        #expect(request.features == [NamedFeature.number("age", 1).feature.key] && request.flags == [])
        #expect(
            request.candidates == [
                ReadCandidate(
                    ad: "\"y\"", campaign: "\"2\"", key: withText("2") { Secret.standard.campaign($0) }, pricing: 2,
                    bid: 2,
                    features: [creative], flags: [])
            ])
    }

    @Test func theLastFeaturesOfACandidateCountWhateverTheFirstWere() throws {
        let sound = #""campaign": "1", "pricing": "cpc", "bid": 1"#
        let mended = try candidate("{\(sound), \"features\": 5, \"features\": {\"creative\": \"55\"}}")
        #expect(mended.flags == [] && mended.features == [creative] && mended.pricing == 2)
        let taken = try candidate("{\(sound), \"features\": {\"unheard\": 1}, \"features\": null}")
        #expect(taken.flags == [] && taken.features == [])
    }

    /// Each is worth nothing, by its flag or its pricing; none makes the request fail.
    @Test(arguments: [
        "1", "null", "\"x\"", "[]", "[{}]", "{}", #"{"campaign": "1", "pricing": "cpc"}"#,
        #"{"campaign": "1", "bid": 1}"#, #"{"pricing": "cpc", "bid": 1}"#,
        #"{"campaign": null, "pricing": "cpc", "bid": 1}"#,
        #"{"campaign": {}, "pricing": "cpc", "bid": 1}"#, #"{"campaign": true, "pricing": "cpc", "bid": 1}"#,
        #"{"campaign": "1", "pricing": "CPC", "bid": 1}"#, #"{"campaign": "1", "pricing": "cpx", "bid": 1}"#,
        #"{"campaign": "1", "pricing": 2, "bid": 1}"#, #"{"campaign": "1", "pricing": "cpc", "bid": "1"}"#,
        #"{"campaign": "1", "pricing": "cpc", "bid": null}"#, #"{"campaign": "1", "pricing": "cpc", "bid": [1]}"#,
        #"{"campaign": "1", "pricing": "cpc", "bid": 1, "features": []}"#,
        #"{"campaign": "1", "pricing": "cpc", "bid": 1, "features": "x"}"#,
        #"{"campaign": "1", "pricing": "cpc", "bid": 1, "features": 1}"#,
        #"{"campaign": "1", "pricing": "cpc", "bid": 1, "features": true}"#,
    ])
    func aMalformedCandidateIsFlaggedAndTheOthersAreScored(malformed: String) throws {
        let engine = try EngineHandle(models: [ModelDocument(campaign: "1")])
        let sound = #"{"campaign": "1", "pricing": "cpc", "bid": 4}"#
        let values = try engine.values("{\"candidates\": [\(sound), \(malformed), \(sound)]}")
        #expect(values.map { $0["expected_revenue"]?.number } == [2, 0, 2])
        let flags = values.map(\.flags)
        #expect(flags[0] == [] && flags[2] == [])
        #expect(flags[1].contains("invalid_candidate"))
    }

    @Test func escapesInNamesAndTextsMeanTheirCharacters() throws {
        let escaped = try candidate(#"{"c\u0061mpaign": "\u0031", "pri\u0063ing": "cp\u0063", "bid": 1}"#)
        #expect(escaped.key == withText("1") { Secret.standard.campaign($0) })
        #expect(escaped.pricing == Pricing.cpc.rawValue)
    }

    @Test(arguments: ["1e999", "-1"])
    func anImpossibleBidIsLeftToScoring(bid: String) throws {
        let read = try candidate("{\"campaign\": \"1\", \"pricing\": \"cpc\", \"bid\": \(bid)}")
        #expect(read.flags == [] && !(read.bid >= 0 && read.bid.isFinite))
    }

    @Test func aProblemInAnAdIsFlaggedOnlyThere() throws {
        let sound = #""campaign": "1", "pricing": "cpc", "bid": 1"#
        let request = try read(
            """
            {"candidates": [{\(sound), "features": {"age": "x"}}, {\(sound), "features": {"unheard": 1}}, {\(sound)},
                            {\(sound), "features": null}, {\(sound), "features": {}}]}
            """)
        #expect(request.candidates.map(\.flags) == [.wrongType, .unknownField, [], [], []])
        #expect(request.candidates.allSatisfy { $0.pricing == 2 })
    }

    @Test(arguments: [
        ("{}", "$.candidates"), (#"{"features": {}}"#, "$.candidates"), (#"{"candidates": {}}"#, "$.candidates"),
        (#"{"candidates": null}"#, "$.candidates"), (#"{"candidates": [], "features": []}"#, "$.features"),
        (#"{"candidates": [], "features": "x"}"#, "$.features"), (#"{"candidates": [], "id": {}}"#, "$.id"),
        (#"{"candidates": [], "top": -1}"#, "$.top"), (#"{"candidates": [], "top": 1.5}"#, "$.top"),
        (#"{"candidates": [], "top": "3"}"#, "$.top"), (#"{"candidates": [], "top": 1e10}"#, "$.top"),
        (#"{"candidates": [], "top": true}"#, "$.top"), (#"{"candidates": true}"#, "$.candidates"),
        (#"{"candidates": [], "id": false}"#, "$.id"), (#"{"candidates": [], "features": true}"#, "$.features"),
        (#"{"candidates": [], "budget_us": -1}"#, "$.budget_us"),
        (#"{"candidates": [], "budget_us": 1e999}"#, "$.budget_us"),
        (#"{"candidates": [], "budget_us": true}"#, "$.budget_us"),
    ])
    func aRequestWithAWrongMemberIsRefusedWithItsPath(json: String, path: String) throws {
        let refusal = try #require(self.refusal(json))
        #expect(refusal.status == .invalidValue)
        #expect(refusal.jsonPath == path)
        #expect(refusal.line == 1 && refusal.column > 0)
        #expect(refusal.message.hasSuffix("."))
    }

    @Test(arguments: [
        "", "[]", "1", "{", #"{"candidates": []"#, #"{"candidates": [}"#, #"{"candidates": []}}"#,
        #"{"candidates": [{]}"#,
        #"{"candidates": [], "features": {"slot": }}"#, #"{"candidates": [], "features": {"slot": [}}"#,
        #"{"candidates": [{"features": {"a": tru}}]}"#, #"{"candidates": [] "id": 1}"#, #"{candidates: []}"#,
    ])
    func anythingButAJSONObjectIsASyntaxError(json: String) throws {
        let refusal = try #require(self.refusal(json))
        #expect(refusal.status == .jsonSyntax)
        #expect(refusal.line == 1 && refusal.column > 0)
    }

    @Test func nullMeansAbsent() throws {
        let request = try read(
            #"{"id": null, "features": null, "top": null, "budget_us": null, "x": null, "candidates": []}"#)
        #expect(request.id == "" && request.features == [] && request.top == nil && request.timeBudget == 0)
        let taken = try read(
            """
            {"id": "a", "features": {"slot": "12"}, "top": 3, "budget_us": 7, "candidates": [{}],
             "id": null, "features": null, "top": null, "budget_us": null, "candidates": []}
            """)
        #expect(taken.id == "" && taken.features == [] && taken.top == nil && taken.timeBudget == 0)
        #expect(taken.candidates == [])
        #expect(refusal(#"{"candidates": [], "candidates": null}"#)?.jsonPath == "$.candidates")
    }

    @Test func aRequestWithoutFeaturesOrCandidatesIsARequest() throws {
        let request = try read(#"{"candidates": []}"#)
        #expect(request.candidates == [] && request.features == [] && request.top == nil && request.timeBudget == 0)
        #expect(request.id == "")
    }

    @Test func aRefusedRequestLeavesNothingForTheNextOne() throws {
        var reader = RequestReader()
        let refusal = withText(#"{"id": 1, "top": 1, "features": {"slot": "12"}, "candidates": [{"bid": 1}], x}"#) {
            text in
            complaint { () throws(Failure) in
                try reader.read(text, index: models.snapshot.pointee.index, keepingSources: false)
            }
        }
        #expect(refusal != nil)
        try withText(#"{"candidates": []}"#) { text throws(Failure) in
            try reader.read(text, index: models.snapshot.pointee.index, keepingSources: false)
            #expect(reader.candidates.count == 0 && reader.request.features.count == 0)
            #expect(reader.id.count == 0 && reader.top == nil)
        }
    }

    @Test func tenThousandFeaturesOfAnAdAreAllowedAndOneMoreIsNot() throws {
        func request(_ count: Int) -> String {
            let many = [String](repeating: "\"55\"", count: count).joined(separator: ",")
            return "{\"candidates\": [{\"campaign\": \"1\", \"features\": {\"creative\": [\(many)]}}]}"
        }
        #expect(try read(request(10_000)).candidates[0].features.count == 10_000)
        #expect(refusal(request(10_001))?.status == .limitExceeded)
    }

    /// Unknown members are skipped, whatever they contain.
    @Test(arguments: ["true", "false", "null", "1", "\"x\"", "[true]", "{\"y\": false}"])
    func unknownMembersAreSkipped(json: String) throws {
        #expect(try read("{\"x\": \(json), \"candidates\": []}").candidates == [])
        #expect(try read("{\"candidates\": [], \"x\": \(json)}").candidates == [])
        let one = "{\"x\": \(json), \"campaign\": \"1\", \"pricing\": \"cpm\", \"bid\": 1}"
        #expect(try read("{\"candidates\": [\(one)]}").candidates[0].flags == [])
    }

    @Test func aByteOrderMarkIsNamed() throws {
        let refusal = try #require(complaint { () throws(Failure) in _ = try read("\u{feff}{\"candidates\": []}") })
        #expect(refusal.status == .jsonSyntax && refusal.column == 1 && refusal.message.contains("byte order mark"))
    }

    /// A struct's time 0 means now; the first second of 1970 does not.
    @Test func theFirstSecondOf1970IsNotNow() throws {
        func time(_ json: String) throws(Failure) -> Int64? {
            try withText(json) { text throws(Failure) in
                var reader = RequestReader()
                try reader.read(text, index: models.snapshot.pointee.index, keepingSources: false)
                return reader.plainRequest().time
            }
        }
        #expect(try time(#"{"time": "1970-01-01T00:00:00Z", "candidates": []}"#) == .some(0))
        #expect(try time(#"{"time": "1970-01-01T00:00:01Z", "candidates": []}"#) == .some(1))
        #expect(try time(#"{"time": "1970-01-01T00:00:00Z", "time": null, "candidates": []}"#) == nil)
        #expect(try time(#"{"candidates": []}"#) == nil)
    }
}
