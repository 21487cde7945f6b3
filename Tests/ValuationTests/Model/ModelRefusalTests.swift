// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

/// Every error of the model format, with its status and its place.
@Suite struct ModelRefusalTests {
    @Test func aSoundDocumentIsLoaded() {
        #expect(loadComplaint(RefusedDocuments.sound.json) == nil)
    }

    /// What a future version may add, and what may be omitted or null.
    @Test(arguments: [
        RefusedDocuments.sound.with("calibration", #"{"a": [1, 2]}"#), RefusedDocuments.sound.with("x", "null"),
        RefusedDocuments.sound.without("variance"), RefusedDocuments.sound.with("variance", "null"),
        RefusedDocuments.sound.with("variance", #"{"intercept": 10000, "note": 1}"#),
        RefusedDocuments.sound.without("advertiser"), RefusedDocuments.sound.with("advertiser", "null"),
        RefusedDocuments.sound.without("variance").without("numeric"),
        RefusedDocuments.sound.without("variance").without("crosses"), RefusedDocuments.sound.without("training"),
        RefusedDocuments.sound.without("self_test"), RefusedDocuments.sound.with("training", "null"),
        RefusedDocuments.sound.with("extends", "null"),
        RefusedDocuments.sound.with("training", #"{"auc": null, "rows": null, "trainer": null}"#),
        RefusedDocuments.sound.with("categorical", "{}").with("numeric", "{}").with("crosses", "[]").with(
            "variance", "{}"),
    ])
    func theseAreSoundAsWell(members: Members) {
        #expect(loadComplaint(members.json)?.message == nil)
    }

    @Test(
        arguments: RefusedDocuments.header + RefusedDocuments.weights + RefusedDocuments.variances
            + RefusedDocuments.evidence)
    func isRefusedWithItsPath(refusal: Refusal) throws {
        let failure = try #require(loadComplaint(refusal.document))
        #expect(failure.status == refusal.status, "\(failure.message)")
        #expect(failure.jsonPath == refusal.jsonPath)
        #expect(failure.line == 0)
        #expect(failure.file.hasSuffix("/model.json"))
        #expect(
            failure.message.hasSuffix(".") || failure.message.hasSuffix("?"),
            "a message is a sentence: \(failure.message)")
    }

    /// The same documents behind two other lines of a `.jsonl` file, one of them blank.
    @Test(
        arguments: RefusedDocuments.header + RefusedDocuments.weights + RefusedDocuments.variances
            + RefusedDocuments.evidence)
    func isRefusedWithItsLine(refusal: Refusal) throws {
        let other = RefusedDocuments.sound.with("campaign", #""other""#).json
        let failure = try #require(loadComplaint("\(other)\n\n\(refusal.document)\n", named: "models.jsonl"))
        #expect(failure.status == refusal.status)
        #expect(failure.jsonPath == refusal.jsonPath)
        #expect(failure.line == 3)
    }

    @Test(arguments: RefusedDocuments.text)
    func invalidJSONIsRefusedWithItsLine(refusal: Refusal) throws {
        let failure = try #require(loadComplaint(refusal.document))
        #expect(failure.status == refusal.status, "\(failure.message)")
        #expect(failure.line == refusal.line)
        #expect(failure.file.hasSuffix("/model.json"))
    }

    @Test func bytesThatAreNotUTF8AreRefused() throws {
        var bytes = Array(RefusedDocuments.sound.json.utf8)
        bytes[bytes.count / 2] = 0xff
        #expect(try #require(loadComplaint(bytes, named: "model.json")).status == .jsonSyntax)
    }

    /// valuation.h: "1-based byte in that line".
    @Test(arguments: [("{\"a\": x}", 7), ("{\"a\":\n  x}", 3), ("{\"grün\": x}", 11), ("{\"\u{1F600}\": x}", 10)])
    func theColumnOfASyntaxErrorCountsBytes(text: String, column: UInt32) throws {
        let failure = try #require(loadComplaint(text))
        #expect(failure.status == .jsonSyntax)
        #expect(failure.column == column)
    }
}
