// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

/// The JSON answer holds exactly the numbers that scoring gives.
@Suite struct ScoreAnswerTests {
    /// A number, or NaN for null.
    private func number(_ value: JSONTree, _ name: String) throws -> Double {
        let member = try #require(value[name])
        return member == .null ? .nan : try #require(member.number)
    }

    @Test(arguments: 801...808 as ClosedRange<UInt64>)
    func itsNumbersReadBackToTheBitsOfScoring(seed: UInt64) throws {
        var world = RandomModels(seed: seed)
        let models = try LoadedModels(world.documents)
        let scorer = try EngineHandle(models: world.documents).scorer()
        for _ in 0..<5 {
            // A JSON object has each field once; of a number given twice only the last would count.
            var numbers = Set<String>()
            let once = { (features: [NamedFeature]) in
                features.filter { feature in
                    if case .number(let field, _) = feature { return numbers.insert(field).inserted }
                    return true
                }
            }
            let request = once(world.features(0...15))
            let ads = world.ads(10).map { ad in
                var ad = ad
                ad.features = once(ad.features)
                return ad
            }
            let values = try JSONTree(parsing: try scorer.scoreJSON(json(request: request, ads: ads))).values
            #expect(values.count == ads.count)
            for (value, expected) in zip(values, models.score(request, ads)) {
                #expect(try number(value, "expected_revenue").bitPattern == expected.expected_revenue.bitPattern)
                let pctr = Float(try number(value, "pctr"))
                let pcvr = Float(try number(value, "pcvr"))
                #expect(pctr.bitPattern == expected.pctr.bitPattern || pctr.isNaN && expected.pctr.isNaN)
                #expect(pcvr.bitPattern == expected.pcvr.bitPattern || pcvr.isNaN && expected.pcvr.isNaN)
            }
        }
    }

    @Test func itRepeatsTheRequestsOwnText() throws {
        let scorer = try EngineHandle(models: [ModelDocument(intercept: 0)]).scorer()
        let answer = try scorer.scoreJSON(
            #"{"id": "gr\u00fc\n", "candidates": [{"ad": 17, "campaign": "1", "pricing": "cpc", "bid": 0.5}, {"bid": 1}]}"#
        )
        #expect(
            answer
                == #"{"id":"gr\u00fc\n","release":null,"policy":null,"generation":1,"values":[{"ad":17,"campaign":"1","expected_revenue":0.25,"pctr":0.5,"#
                + #""pcvr":null,"flags":[]},{"ad":null,"campaign":null,"expected_revenue":0,"pctr":null,"pcvr":null,"#
                + #""flags":["unknown_campaign","no_click_model","invalid_candidate"],"#
                + #""problem":"campaign is missing, or neither a string nor a number"}],"request_features":0,"#
                + #""request_features_known":0,"candidate_features":0,"candidate_features_known":0,"#
                + #""invalid_candidates":1}"#)
    }

    @Test(arguments: [
        ("7", "a candidate is an object"),
        (#"{"campain": "1", "pricing": "cpc", "bid": 1}"#, "campaign is missing, or neither a string nor a number"),
        (
            #"{"campaign": "1", "pricing": "CPC", "bid": 1}"#,
            "pricing is missing, or none of cpm, cpc and cpa in lower case"
        ),
        (#"{"campaign": "1", "pricing": "cpc", "bid": "1"}"#, "bid is missing, or not a number"),
        (#"{"campaign": "1", "pricing": "cpc", "bid": 1, "features": []}"#, "features is not an object"),
    ])
    func anInvalidCandidateStatesItsProblem(candidate: String, problem: String) throws {
        let scorer = try EngineHandle(models: [ModelDocument(intercept: 0)]).scorer()
        let answer = try scorer.scoreJSON("{\"candidates\": [\(candidate)]}")
        #expect(answer.contains("\"invalid_candidate\"],\"problem\":\"\(problem)\"}"))
    }

    @Test(arguments: [0, 1, 3, 5, 100])
    func topGivesOnlyTheBest(top: Int) throws {
        let scorer = try EngineHandle(models: [ModelDocument(intercept: 0)]).scorer()
        let bids = [1.0, 5, 3, 5, 0]
        let candidates = bids.enumerated().map {
            "{\"ad\": \"\($0)\", \"campaign\": \"1\", \"pricing\": \"cpc\", \"bid\": \($1)}"
        }
        let request = "{\"top\": \(top), \"candidates\": [\(candidates.joined(separator: ","))]}"
        let values = try JSONTree(parsing: try scorer.scoreJSON(request)).values
        #expect(values.compactMap { $0["ad"]?.text } == Array(["1", "3", "2", "0", "4"].prefix(top)))
        #expect(try values.map { try number($0, "expected_revenue") } == Array([2.5, 2.5, 1.5, 0.5, 0].prefix(top)))
    }

    @Test func flagsOfTheRequestAreOnAllItsValues() throws {
        let scorer = try EngineHandle(models: [ModelDocument(intercept: 0)]).scorer()
        let ad = #"{"campaign": "1", "pricing": "cpc", "bid": 1}"#
        let answer = try scorer.scoreJSON("{\"candidates\": [\(ad), \(ad)], \"features\": {\"slott\": \"12\"}}")
        #expect(try JSONTree(parsing: answer).values.map(\.flags) == [["unknown_field"], ["unknown_field"]])
    }

    @Test func aTimeBudgetOfAMicrosecondIsExceededAndFlagged() throws {
        var document = ModelDocument(intercept: 0)
        document.categorical["slot"] = Dictionary(uniqueKeysWithValues: (0..<2000).map { ("\($0)", 0.01) })
        let scorer = try EngineHandle(models: [document]).scorer()
        let slots = (0..<2000).map { "\"\($0)\"" }.joined(separator: ",")
        let ad = #"{"campaign": "1", "pricing": "cpc", "bid": 1}"#
        let answer = try scorer.scoreJSON(
            "{\"features\": {\"slot\": [\(slots)]}, \"budget_us\": 1, \"candidates\": [\(ad)]}")
        let value = try #require(try JSONTree(parsing: answer).values.first)
        #expect(value.flags == ["budget_exceeded"])
        #expect(try number(value, "pctr") == 0.5)
    }

    /// The buffer reserves room for a value once.
    @Test func theLongestValueFitsItsRoom() throws {
        var longest = "{\"ad\":,\"campaign\":,\"expected_revenue\":,\"pctr\":,\"pcvr\":,\"flags\":[],\"problem\":\"\"}"
            .utf8.count
        longest += 3 * DecimalText.room + 2 * "null".utf8.count
        for bit in 0..<32 {
            if let name = Flags.name(ofBit: bit) { longest += Text(name).count + 3 }
        }
        longest += try #require(RequestReader.Problem.allCases.map { Text($0.text).count }.max())
        #expect(longest <= ScoreAnswer.longestValue)
    }
}
