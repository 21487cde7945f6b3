// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

/// Documents of format `valuation-campaign/1` among the models.
@Suite struct CampaignDocumentTests {
    /// Uses every member.
    private static let sound: Members = [
        "format": #""valuation-campaign/1""#, "campaign": #""3001""#, "advertiser": #""77""#, "extends": #""1""#,
        "impressions": "81234", "clicks": "512", "conversions": "31",
    ]

    private static let refusals: [Refusal] = [
        Refusal("campaign missing", sound.without("campaign"), .invalidValue, "$.campaign"),
        Refusal("campaign a number", sound.with("campaign", "3001"), .invalidValue, "$.campaign"),
        Refusal("campaign empty", sound.with("campaign", #""""#), .invalidValue, "$.campaign"),
        Refusal("campaign of 256 bytes", sound.with("campaign", long), .invalidValue, "$.campaign"),
        Refusal("campaign of all others", sound.with("campaign", #""*""#), .invalidValue, "$.campaign"),
        Refusal("advertiser a number", sound.with("advertiser", "77"), .invalidValue, "$.advertiser"),
        Refusal("advertiser of 256 bytes", sound.with("advertiser", long), .invalidValue, "$.advertiser"),
        Refusal("extends empty", sound.with("extends", #""""#), .invalidValue, "$.extends"),
        Refusal("extends nothing there", sound.with("extends", #""2""#), .unknownModel, "$.extends"),
        Refusal("extends itself without a model", sound.with("extends", #""3001""#), .unknownModel, "$.extends"),
        Refusal("impressions a text", sound.with("impressions", #""1""#), .invalidValue, "$.impressions"),
        Refusal("impressions negative", sound.with("impressions", "-1"), .invalidValue, "$.impressions"),
        Refusal("impressions too many", sound.with("impressions", "1.1e15"), .invalidValue, "$.impressions"),
        Refusal("clicks negative", sound.with("clicks", "-1"), .invalidValue, "$.clicks"),
        Refusal("clicks more than impressions", sound.with("clicks", "81235"), .invalidValue, "$.clicks"),
        Refusal("clicks without impressions", sound.without("impressions"), .invalidValue, "$.clicks"),
        Refusal("conversions negative", sound.with("conversions", "-1"), .invalidValue, "$.conversions"),
        Refusal("conversions more than clicks", sound.with("conversions", "513"), .invalidValue, "$.conversions"),
        Refusal("impressions misspelt", sound.with("impresions", "1"), .invalidValue, "$.impresions"),
        Refusal(
            "clicks misspelt", sound.without("clicks").with("conversions", "0").with("click", "1"), .invalidValue,
            "$.click"),
        Refusal("advertiser misspelt", sound.with("advertizer", "1"), .invalidValue, "$.advertizer"),
        Refusal("format of the future", sound.with("format", #""valuation-campaign/2""#), .format, "$.format"),
    ]

    private static let long = quoted(String(repeating: "x", count: 256))

    private func load(_ lines: [String]) -> Complaint? {
        loadComplaint(lines.joined(separator: "\n"), named: "models.jsonl")
    }

    @Test(arguments: [
        sound, sound.without("advertiser").without("extends"), sound.with("advertiser", "null").with("extends", "null"),
        sound.without("conversions"), sound.without("conversions").without("clicks"),
        sound.without("conversions").without("clicks").without("impressions"),
        sound.with("clicks", "81234").with("conversions", "81234"), sound.with("impressions", "1e15"),
        sound.with("started", #""2026-11-21""#),
        sound.with("impressions", "null").with("clicks", "0").with("conversions", "0"),
        sound.with("clicks", "511.5"),
    ])
    func theseAreSound(members: Members) {
        #expect(load([ModelDocument(campaign: "1").json, members.json])?.message == nil)
        #expect(load([members.json, ModelDocument(campaign: "1", target: "conversion").json])?.message == nil)
    }

    @Test(arguments: refusals) func isRefusedWithItsPathAndLine(refusal: Refusal) throws {
        let failure = try #require(load([ModelDocument(campaign: "1").json, "", refusal.document]))
        #expect(failure.status == refusal.status, "\(failure.message)")
        #expect(failure.jsonPath == refusal.jsonPath)
        #expect(failure.line == 3)
        #expect(failure.message.hasSuffix(".") || failure.message.hasSuffix("?"), "\(failure.message)")
    }

    @Test func aFileMayHoldOnlyOneCampaignDocument() throws {
        let folder = try TemporaryFolder()
        try folder.write("campaign.json", Self.sound.json)
        try folder.write("model.json", ModelDocument(campaign: "1").json)
        #expect(loadComplaint(atPath: folder.path) == nil)
    }

    @Test func aLoadNeedsAModelBesidesCampaigns() {
        #expect(load([Self.sound.without("extends").json])?.status == .nothingLoaded)
    }

    @Test func aCampaignHasOneDocument() throws {
        let failure = try #require(load([ModelDocument(campaign: "1").json, Self.sound.json, Self.sound.json]))
        #expect(failure.status == .duplicateModel && failure.jsonPath == "$.campaign" && failure.line == 3)
    }

    /// Two texts with one key: see `ModelSetTests`.
    @Test func campaignsAndAdvertisersWithOneKeyAreRefused() throws {
        let (first, second) = ("blX8D9hZBuj1Tb", "Nwzw89hwv1P0Tb")
        let models = [ModelDocument(campaign: first).json, ModelDocument(campaign: second, target: "conversion").json]
        let entries = [CampaignEntry(campaign: first).json, CampaignEntry(campaign: second).json]
        for lines in [entries, [models[0], entries[1]], [entries[0], models[1]]] {
            let failure = try #require(load(lines))
            #expect(failure.status == .keyCollision && failure.jsonPath == "$.campaign" && failure.line == 2)
        }
        #expect(load([models[0], entries[0]]) == nil)
        let advertisers = [first, second].map { CampaignEntry(campaign: "of " + $0, advertiser: $0).json }
        let failure = try #require(load([ModelDocument().json] + advertisers))
        #expect(failure.status == .keyCollision && failure.jsonPath == "$.advertiser" && failure.line == 3)
    }

    @Test func twoModelsOfACampaignSayTheSameAdvertiser() throws {
        func models(_ first: String?, _ second: String?) -> [ModelDocument] {
            [ModelDocument(advertiser: first), ModelDocument(target: "conversion", advertiser: second)]
        }
        #expect(loadComplaint(models("77", "77")) == nil)
        #expect(loadComplaint(models("77", nil)) == nil && loadComplaint(models(nil, "77")) == nil)
        let failure = try #require(loadComplaint(models("77", "78")))
        #expect(failure.status == .invalidValue && failure.jsonPath == "$.advertiser" && failure.line == 2)
    }

    @Test func aValidationReportsEveryProblem() throws {
        let folder = try TemporaryFolder()
        let lines = [
            Self.sound.with("clicks", "-1").with("extends", "1").json, Self.sound.with("extends", #""2""#).json,
            Self.sound.json, ModelDocument(campaign: "1").json, "[]",
        ]
        try folder.write("a.jsonl", lines.joined(separator: "\n"))
        let found = problems(atPath: folder.path).map { "\($0.line) \($0.jsonPath)" }
        #expect(found == ["1 $.extends", "1 $.clicks", "3 $.campaign", "5 $", "2 $.extends"])
    }

    @Test func aCampaignIsNotBlamedForItsBasesProblems() throws {
        let folder = try TemporaryFolder()
        let refused = ModelDocument(campaign: "1").members.with("intercept", "null").json
        try folder.write("a.jsonl", [Self.sound.json, refused].joined(separator: "\n"))
        #expect(problems(atPath: folder.path).map(\.jsonPath) == ["$.intercept"])
    }
}
