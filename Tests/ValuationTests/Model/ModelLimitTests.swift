// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

/// Values at their limits are allowed.
@Suite struct ModelLimitTests {
    private let sound = RefusedDocuments.sound.without("variance")

    @Test func namesAndValuesMayBeAsLongAsTheirLimits() {
        let name = String(repeating: "x", count: 255)
        let value = String(repeating: "x", count: 1024)
        let members =
            sound.with("campaign", quoted(name)).with("version", quoted(name))
            .with("categorical", "{\(quoted(name)): {\(quoted(value)): 1, \"\": 1}}")
            .with("training", "{\"trainer\": \(quoted(name))}")
        #expect(loadComplaint(members.json)?.message == nil)
    }

    @Test(arguments: ["100", "-100", "1e2", "5e-324", "-0.0"])
    func weightsMayBeAsLargeAndAsSmallAsTheirLimits(weight: String) {
        let members =
            sound.with("intercept", weight).with("categorical", "{\"slot\": {\"12\": \(weight)}}")
            .with("numeric", "{\"age\": {\"mean\": -1e18, \"std\": 1e18, \"weight\": \(weight)}}")
        #expect(loadComplaint(members.json)?.message == nil)
    }

    @Test(arguments: ["1", "5e-324"])
    func aSamplingRateMayBeAsLargeAndAsSmallAsItsLimits(rate: String) {
        #expect(loadComplaint(sound.with("negative_sampling_rate", rate).json)?.message == nil)
    }

    @Test func aThousandExamplesAreAllowed() {
        var document = ModelDocument()
        document.selfTests = [ModelDocument.SelfTest](
            repeating: ModelDocument.SelfTest(features: "{}", probability: 0.5), count: 1000)
        #expect(loadComplaint([document])?.message == nil)
    }

    @Test func aLoadReadsUpToItsLimitOfBytes() throws {
        let folder = try TemporaryFolder()
        let text = ModelDocument().json
        let bytes = UInt64(text.utf8.count)
        try folder.write("a.json", text)
        #expect(loadComplaint(atPath: folder.path, maximumInputBytes: bytes) == nil)
        let failure = try #require(loadComplaint(atPath: folder.path, maximumInputBytes: bytes - 1))
        #expect(failure.status == .limitExceeded)
        #expect(failure.file == "\(folder.path)/a.json")
    }

    /// The limit covers all files together, after unpacking, so that a small file cannot fill the memory.
    @Test func theLimitCountsUnpackedBytesOfAllFiles() throws {
        let folder = try TemporaryFolder()
        let first = ModelDocument(campaign: "1").json
        let second = ModelDocument(campaign: "2").json + String(repeating: " ", count: 1_000_000)
        let packed = gzip(second)
        #expect(packed.count < 10_000)
        try folder.write("a.json", first)
        try folder.write("b.json.gz", packed)
        let bytes = UInt64(first.utf8.count + second.utf8.count)
        #expect(loadComplaint(atPath: folder.path, maximumInputBytes: bytes) == nil)
        let failure = try #require(loadComplaint(atPath: folder.path, maximumInputBytes: bytes - 1))
        #expect(failure.status == .limitExceeded)
        #expect(failure.file == "\(folder.path)/b.json.gz")
    }
}
