// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

/// How a model's text is read: duplicate members, unknown members, and the depth of nesting.
@Suite struct ModelReadingTests {
    private let sound = RefusedDocuments.sound

    private func expectTwice(_ text: String, _ jsonPath: String, line: UInt32, column: UInt32) throws {
        let failure = try #require(loadComplaint(text))
        #expect(failure.status == .duplicateKey, "\(failure.message)")
        #expect(failure.jsonPath == jsonPath)
        #expect(failure.line == line && failure.column == column, "line \(failure.line), column \(failure.column)")
    }

    @Test(arguments: [
        ("intercept", "-1, \n\"intercept\": 2", "$.intercept", 1),
        ("categorical", "{\"a\": {},\n \"a\": {}}", "$.categorical.a", 2),
        ("categorical", "{\"a\": {\"1\": 1,\n  \"1\": 1}}", #"$.categorical.a["1"]"#, 3),
        ("categorical", "{\"a\": {\"b\": 1,\n\"\\u0062\": 1}}", "$.categorical.a.b", 1),
        ("numeric", "{\"n\": {\"mean\": 1, \"std\": 1, \"weight\": 1},\n\"n\": {}}", "$.numeric.n", 1),
        ("numeric", "{\"n\": {\"mean\": 1, \"std\": 1,\n\"mean\": 1}}", "$.numeric.n.mean", 1),
        ("crosses", "[{\"fields\": [\"a\", \"b\"], \"weights\": [],\n\"weights\": []}]", "$.crosses[0].weights", 1),
        ("training", "{\"rows\": 1,\n\"rows\": 1}", "$.training.rows", 1),
        ("variance", "{\"intercept\": 1,\n\"intercept\": 1}", "$.variance.intercept", 1),
        ("self_test", "[{\"features\": {\"x\": 1,\n\"x\": 1}, \"probability\": 1}]", "$.self_test[0].features.x", 1),
        ("self_test", "[{\"probability\": 1,\n\"probability\": 1}]", "$.self_test[0].probability", 1),
    ])
    func aMemberThatComesTwiceIsNamed(member: String, json: String, jsonPath: String, column: UInt32) throws {
        let members = sound.without("variance").without("numeric").without("crosses")
        try expectTwice(members.with(member, json).json, jsonPath, line: 2, column: column)
    }

    @Test func aDuplicateVarianceIsNamed() throws {
        for (json, path) in [
            ("{\"categorical\": {\"slot\": {\"12\": 1,\n\"12\": 1}}}", #"$.variance.categorical.slot["12"]"#),
            ("{\"categorical\": {\"slot\": {},\n\"slot\": {}}}", "$.variance.categorical.slot"),
            ("{\"numeric\": {\"age\": 1,\n\"age\": 1}}", "$.variance.numeric.age"),
        ] { try expectTwice(sound.with("variance", json).json, path, line: 2, column: 1) }
    }

    @Test func aDuplicateMemberIsReportedWithItsLineInTheFile() throws {
        let failure = try #require(
            loadComplaint("\n" + sound.adding("kind", quoted("logistic")).json, named: "model.jsonl"))
        #expect(failure.status == .duplicateKey && failure.line == 2)
    }

    /// Nobody knows what a later version may mean by a duplicate there.
    @Test func unknownMembersMayContainDuplicates() {
        #expect(loadComplaint(sound.with("x", #"{"a": 1, "a": {"b": [], "b": 2}}"#).json) == nil)
    }

    @Test(arguments: [#""\u0000""#, "\"\u{1}\"", "tru", "[1,]", "1e999", "12345678901234567890", "{\"a\"}", "-"])
    func theSyntaxOfUnknownMembersIsChecked(json: String) throws {
        let failure = try #require(loadComplaint(sound.with("x", "[\(json)]").json))
        #expect([.jsonSyntax, .nonFinite].contains(failure.status))
        #expect(failure.line == 1 && failure.column > 1)
    }

    @Test(arguments: [("[", "]"), ("{\"a\":", "}")])
    func aDocumentMayBeNested64Deep(open: String, close: String) throws {
        func nested(_ depth: Int) -> String {
            sound.with(
                "x", String(repeating: open, count: depth - 1) + "1" + String(repeating: close, count: depth - 1)
            )
            .json
        }
        #expect(loadComplaint(nested(64)) == nil)
        for depth in [65, 3000, 1_000_000] {
            let failure = try #require(loadComplaint(nested(depth)))
            #expect(failure.status == .limitExceeded && failure.line == 1 && failure.column > 0)
        }
    }

    @Test func aByteOrderMarkIsNamed() throws {
        for name in ["a.json", "a.jsonl"] {
            let failure = try #require(loadComplaint("\u{feff}" + sound.json, named: name))
            #expect(failure.status == .jsonSyntax && failure.line == 1 && failure.column == 1)
            #expect(failure.message.contains("byte order mark"))
        }
    }

    /// A table of names is as large as the largest document needs; small documents after it must not pay for that.
    @Test func aLargeTableIsFreed() throws {
        var table = KeyTable()
        for key in 0..<100_000 as Range<UInt64> { try table.insert(key, 1) }
        table.removeAll()
        try table.insert(7, 1)
        table.removeAll()
        #expect(table.slotCount == 0)
        #expect(table.find(7) == KeyTable.none)
    }
}
