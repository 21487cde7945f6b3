// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

/// Sets of models that are sound one by one but not together.
@Suite struct ModelSetTests {
    @Test func twoModelsForOneCampaignAndTargetAreRefused() throws {
        let failure = try #require(
            loadComplaint([
                ModelDocument(campaign: "1", target: "click"), ModelDocument(campaign: "1", target: "conversion"),
                ModelDocument(campaign: "1", target: "click"),
            ]))
        #expect(failure.status == .duplicateModel)
        #expect(failure.line == 3)
        #expect(failure.jsonPath == "$.campaign")
        #expect(failure.message.contains("\"1\"") && failure.message.contains("click"))
    }

    /// Two texts with one key under the standard secret, found by lattice reduction.
    @Suite struct Collisions {
        private static let first = "blX8D9hZBuj1Tb"
        private static let second = "Nwzw89hwv1P0Tb"

        private func document(_ campaign: String, _ values: [String]) -> ModelDocument {
            var document = ModelDocument(campaign: campaign)
            document.categorical["k"] = Dictionary(uniqueKeysWithValues: values.map { ($0, 1.0) })
            return document
        }

        @Test func theTwoLabelsDoHaveOneKey() {
            let keys = [Self.first, Self.second].map { NamedFeature.category("k", $0).feature.key }
            #expect(keys[0] == keys[1])
        }

        @Test func eachLabelLoadsAlone() {
            #expect(loadComplaint([document("1", [Self.first]), document("2", [Self.first])]) == nil)
            #expect(loadComplaint([document("1", [Self.second]), document("2", [Self.second])]) == nil)
        }

        @Test func bothLabelsInOneModelAreRefused() throws {
            let failure = try #require(loadComplaint([document("1", [Self.first, Self.second])]))
            #expect(failure.status == .keyCollision)
        }

        @Test func bothLabelsInDifferentModelsAreRefused() throws {
            let failure = try #require(loadComplaint([document("1", [Self.first]), document("2", [Self.second])]))
            #expect(failure.status == .keyCollision)
            #expect(failure.line == 2)
            #expect(failure.jsonPath == "$.categorical.k.\(Self.second)")
        }

        @Test func aLabelOfACrossCollidesAsWell() throws {
            var crossed = ModelDocument(campaign: "2")
            crossed.crosses = [
                ModelDocument.Cross(fields: ("os", "k"), weights: [(first: "ios", second: Self.second, weight: 1)])
            ]
            #expect(loadComplaint([crossed]) == nil)
            let failure = try #require(loadComplaint([document("1", [Self.first]), crossed]))
            #expect(failure.status == .keyCollision)
            #expect(failure.jsonPath == "$.crosses[0].weights[0]")
        }

        @Test func bothLabelsAreNamed() throws {
            for documents in [
                [document("1", [Self.first, Self.second])],
                [document("1", [Self.first]), document("2", [Self.second])],
            ] {
                let message = try #require(loadComplaint(documents)).message
                #expect(message.contains("\"k=\(Self.first)\"") && message.contains("\"k=\(Self.second)\""))
            }
        }

        /// Each one named costs reading a file again.
        @Test func ofManyCollisionsTheFirstAreNamed() throws {
            let folder = try TemporaryFolder()
            let documents = (0...20).map { document("\($0)", [$0 == 0 ? Self.first : Self.second]) }
            try folder.write("models.jsonl", documents.map(\.json).joined(separator: "\n"))
            let told = problems(atPath: folder.path)
            #expect(told.map(\.line) == Array(2...21) && told.allSatisfy { $0.status == .keyCollision })
            #expect(told.map { $0.message.contains("\"k=\(Self.first)\"") } == (1...20).map { $0 <= 8 })
        }

        @Test func aCampaignsCollisionIsNotMistakenForTheLabelsBeforeIt() throws {
            let folder = try TemporaryFolder()
            let documents = [
                document(Self.first, [Self.first]), document("2", [Self.second]), document(Self.second, [Self.first]),
            ]
            try folder.write("models.jsonl", documents.map(\.json).joined(separator: "\n"))
            let told = problems(atPath: folder.path)
            #expect(told.map(\.line) == [2, 3] && told.map(\.jsonPath)[1] == "$.campaign")
            #expect(told[1].message.hasPrefix("Campaigns \"\(Self.second)\" and \"\(Self.first)\""))
        }

        @Test func twoCampaignsWithOneKeyAreRefused() throws {
            let campaigns = [Self.first, Self.second]
            for targets in [["click", "click"], ["click", "conversion"]] {
                let documents = zip(campaigns, targets).map { ModelDocument(campaign: $0, target: $1) }
                #expect(loadComplaint([documents[0]]) == nil && loadComplaint([documents[1]]) == nil)
                let failure = try #require(loadComplaint(documents))
                #expect(failure.status == .keyCollision)
                #expect(failure.line == 2)
                #expect(failure.jsonPath == "$.campaign")
            }
        }
    }

    /// "extends" names a campaign by its name, not by its key.
    @Test func aCampaignWithTheKeyOfTheBaseIsNotTheBase() throws {
        let base = ModelDocument(campaign: "blX8D9hZBuj1Tb")
        let own = ModelDocument(campaign: "1", extends: "Nwzw89hwv1P0Tb")
        #expect(try #require(loadComplaint([base, own])).status == .unknownModel)
    }

    @Test func onePairOfValuesWithTwoWeightsIsRefused() throws {
        func cross(_ first: String, _ second: String, _ values: (String, String)) -> ModelDocument.Cross {
            ModelDocument.Cross(
                fields: (first, second), weights: [(first: values.0, second: values.1, weight: 0.5)])
        }
        var twice = ModelDocument()
        twice.crosses = [cross("slot", "os", ("12", "ios")), cross("slot", "os", ("12", "ios"))]
        #expect(try #require(loadComplaint([twice])).status == .duplicateKey)
        var turned = ModelDocument()
        turned.crosses = [cross("slot", "os", ("12", "ios")), cross("os", "slot", ("ios", "12"))]
        let complaint = try #require(loadComplaint([turned]))
        #expect(complaint.status == .duplicateKey)
        #expect(complaint.jsonPath == "$.crosses[1].weights[0]")
        var different = ModelDocument()
        different.crosses = [cross("slot", "os", ("12", "ios")), cross("os", "slot", ("12", "ios"))]
        #expect(loadComplaint([different]) == nil)
    }

    @Test(arguments: ["", "\n", " \r\n\t\n"])
    func aFileWithoutAModelIsRefused(text: String) throws {
        #expect(try #require(loadComplaint(text, named: "models.jsonl")).status == .nothingLoaded)
    }
}
