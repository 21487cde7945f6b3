// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

/// A refused model leaves nothing behind, though its fault is found half way through.
@Suite struct IndexBuilderTests {
    private static let models = 160
    /// A label for every model, every fifth, every twentieth and so on: rows of every shape.
    private static let steps = [1, 5, 20, 80]

    private func weights(_ model: Int) -> [(label: Int, mantissa: Int32)] {
        Self.steps.indices.filter { model % Self.steps[$0] == 0 }
            .map { (label: $0, mantissa: Int32(1000 * model + $0 + 1)) }
    }

    /// A model of known and unknown labels, the last of which has the key of another one.
    private func addRefused(_ number: Int, _ target: Target, to builder: inout IndexBuilder) throws -> Status? {
        var model = Model()
        try model.campaign.append("refused")
        model.target = target
        for label in [0, 1, 2, 3, 1000 + number] {
            let key = BuiltIndex.key(of: label)
            try model.categories.append(
                Model.CategoryWeight(
                    label: Model.Label(key: key, check: ~key), weight: 1, field: Text("label"), value: Text("")))
        }
        let taken = Model.Label(key: BuiltIndex.key(of: 0), check: 1)
        try model.categories.append(
            Model.CategoryWeight(label: taken, weight: 1, field: Text("label"), value: Text("")))
        var error = valuation_error()
        return complaint { () throws(Failure) in
            try withUnsafeMutablePointer(to: &error) { error throws(Failure) in
                try builder.add(model, origin: IndexBuilder.Origin(file: 0, line: 0), note: Note(error: error))
            }
        }?.status
    }

    /// Positions of names have 32 bits, also those of refused models and of their advertisers.
    @Test func namesBeyondTheirLimitAreRefusedWithoutEndingTheProcess() throws {
        var builder = IndexBuilder(.standard)
        builder.maximumNameBytes = 4000
        var error = valuation_error()
        for number in 0..<200 {
            var model = Model()
            try model.campaign.append("same")
            for byte in "advertiser \(number)".utf8 { try model.advertiser.append(byte) }
            let refusal = complaint { () throws(Failure) in
                try withUnsafeMutablePointer(to: &error) { error throws(Failure) in
                    try builder.add(model, origin: IndexBuilder.Origin(file: 0, line: 0), note: Note(error: error))
                }
            }
            #expect(refusal?.status == (number == 0 ? nil : .duplicateModel))
        }
        #expect(builder.names.byteCount <= builder.maximumNameBytes)
        builder.maximumNameBytes = builder.names.byteCount
        #expect(complaint { () throws(Failure) in _ = try builder.keep(Text("x")) }?.status == .limitExceeded)
        let other = try document("other")
        #expect(
            complaint { () throws(Failure) in
                try withUnsafeMutablePointer(to: &error) { error throws(Failure) in
                    try builder.add(other, origin: IndexBuilder.Origin(file: 0, line: 0), note: Note(error: error))
                }
            }?.status == .limitExceeded)
    }

    private func document(_ campaign: StaticString) throws -> CampaignDocument {
        var document = CampaignDocument()
        try document.campaign.append(campaign)
        return document
    }

    @Test func aModelThatIsRefusedLeavesNoWeightBehind() throws {
        var builder = IndexBuilder(.standard)
        for number in 0..<Self.models {
            for target in [Target.click, .conversion] {
                if number > 0 { #expect(try addRefused(number, target, to: &builder) == .keyCollision) }
                try BuiltIndex.add(number, target, weights(number), to: &builder)
            }
        }
        let index = try BuiltIndex(&builder)
        #expect(index.pointer.pointee.counts.modelCount == 2 * Self.models)
        var shapes: [String] = []
        for label in Self.steps.indices {
            for target in [Target.click, .conversion] {
                let row = try #require(index.row(of: label, target))
                let found = (0..<Self.models).map { index.pointer.pointee.weight(row, $0) }
                let expected = (0..<Self.models).map { model in
                    weights(model).first { $0.label == label }.map { Int64($0.mantissa) } ?? 0
                }
                #expect(found == expected, "label \(label), \(target)")
                #expect(row.isDense || index.pointer.pointee.length(of: row, target) == expected.count { $0 != 0 })
                shapes.append(row.isDense ? "dense" : row.hasDirectory ? "directory" : "short")
            }
        }
        #expect(shapes == ["dense", "dense", "directory", "directory", "short", "short", "short", "short"])
        // Labels that only refused models had are known, but have no weight.
        #expect(index.row(of: 1000 + 5, .click)?.isEmpty != false)
    }
}
