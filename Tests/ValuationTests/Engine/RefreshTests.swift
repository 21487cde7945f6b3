// SPDX-License-Identifier: Apache-2.0
import CValuation
import Glibc
import Testing

@testable import Valuation

/// An engine follows LATEST, rolls back, and describes what it holds.
@Suite struct RefreshTests {
    private let root: ReleaseRoot
    private let engine: EngineHandle

    private static func models(_ intercept: Double) -> [ModelDocument] {
        [ModelDocument(campaign: "7", target: "click", intercept: intercept)]
    }

    /// Monday serves; Tuesday is published, too.
    init() throws {
        root = try ReleaseRoot()
        engine = try EngineHandle()
        try root.publish(Self.models(-1), id: "monday")
        try engine.load(root.path)
        try root.publish(Self.models(-2), id: "tuesday")
    }

    private var serving: String? {
        get throws { try engine.description()["release"]?["id"]?.text }
    }

    private var previous: String? {
        get throws { try engine.description()["previous"]?["release"]?["id"]?.text }
    }

    @Test func itFollowsAndKeepsThePreviousRelease() throws {
        #expect(try serving == "monday")
        #expect(try engine.refresh() && serving == "tuesday" && previous == "monday")
        #expect(try !engine.refresh() && serving == "tuesday")
    }

    @Test func theReleaseRolledBackFromIsHeldBackUntilLatestNamesAnother() throws {
        _ = try engine.refresh()
        try engine.rollBack()
        #expect(try serving == "monday" && previous == "tuesday")
        #expect(try engine.description()["held_back"]?.text == "tuesday")
        #expect(try !engine.refresh() && serving == "monday")
        // LATEST names the serving release again: nothing is loaded, and Tuesday can still be rolled forward to.
        try root.select("monday")
        #expect(try !engine.refresh() && serving == "monday" && previous == "tuesday")
        #expect(try engine.description()["held_back"] == .null)
        try root.select("tuesday")
        #expect(try engine.refresh() && serving == "tuesday")
    }

    @Test func loadingTheServingReleaseChangesNothing() throws {
        _ = try engine.refresh()
        try engine.load(root.path)
        #expect(try serving == "tuesday" && previous == "monday")
    }

    @Test func aReleaseWithTheSameFilesReusesTheIndex() throws {
        #expect(try engine.refresh() && engine.description()["reused"] == .literal("no"))
        try root.publish(Self.models(-2), id: "wednesday")
        #expect(try engine.refresh() && serving == "wednesday")
        #expect(try engine.description()["reused"] == .literal("yes"))
        // The previous release may be freed while the serving one goes on using its index.
        try root.publish(Self.models(-3), id: "thursday")
        try root.publish(Self.models(-4), id: "friday")
        #expect(try engine.refresh() && serving == "friday" && previous == "wednesday")
        try engine.rollBack()
        let request = #"{"candidates": [{"campaign": "7", "pricing": "cpc", "bid": 1}]}"#
        let value = try #require(try engine.values(request).first)
        #expect(abs((value["pctr"]?.number ?? 0) - 0.11920292) < 1e-8)
    }

    @Test(arguments: ["models.jsonl", "index.valuation"])
    func aDamagedReleaseIsRefusedAndTheOldOneServes(_ file: String) throws {
        try root.publish(Self.models(-3), id: "wednesday", isCompiled: file != "models.jsonl")
        try root.damage("wednesday", file)
        for _ in 0..<2 {
            let found = complaint { () throws(Complaint) in _ = try engine.refresh() }
            #expect(found?.status == .checksum && found?.file.hasSuffix(file) == true, "\(String(describing: found))")
        }
        #expect(try serving == "monday")
        try root.select("tuesday")
        #expect(try engine.refresh() && serving == "tuesday")
    }

    @Test func aRollbackNeedsNoFilesForAReleaseInMemory() throws {
        _ = try engine.refresh()
        try root.removeRelease("monday")
        try engine.rollBack(to: "monday")
        #expect(try serving == "monday")
        try engine.rollBack(to: "tuesday")
        try root.publish(Self.models(-3), id: "wednesday")
        _ = try engine.refresh()
        let found = complaint { () throws(Complaint) in try engine.rollBack(to: "monday") }
        #expect(found?.status == .unknownRelease)
        #expect(try serving == "wednesday")
    }

    @Test func aRollbackAlsoWorksForModelsWithoutARelease() throws {
        let loose = try root.folder.write("loose.jsonl", Self.models(-5)[0].json)
        try engine.load(loose)
        #expect(try serving == nil)
        try engine.rollBack()
        #expect(try serving == "monday")
        try engine.rollBack()
        #expect(try serving == nil && engine.description()["source"]?.text == loose)
    }

    @Test func aReleaseRepublishedUnderItsIdIsLoaded() throws {
        _ = try engine.refresh()
        try root.removeRelease("tuesday")
        try root.publish(Self.models(-5), id: "tuesday")
        #expect(try engine.refresh())
        let request = #"{"candidates": [{"campaign": "7", "pricing": "cpc", "bid": 1}]}"#
        let value = try #require(try engine.values(request).first)
        #expect(abs((value["pctr"]?.number ?? 0) - 0.006692851) < 1e-8)
    }

    @Test func anIdRefersToTheDirectoryLastLoaded() throws {
        let other = try ReleaseRoot()
        try other.publish(Self.models(-7), id: "monday")
        try other.publish(Self.models(-8), id: "wednesday")
        try engine.load(other.path)
        try engine.rollBack(to: "monday")
        #expect(try engine.description()["source"]?.text == "\(other.path)/releases/monday")
    }

    @Test func aPathThatIsNotUTF8IsStillDescribed() throws {
        let place = try root.folder.write("loose.jsonl", Self.models(-5)[0].json)
        let odd = Array(root.folder.path.utf8) + [UInt8(ascii: "/"), 0xff] + Array(".jsonl".utf8)
        let target = odd.map { CChar(bitPattern: $0) } + [0]
        #expect(Glibc.rename(place, target) == 0)
        try checked { error in valuation_engine_load(engine.pointer, target, odd.count, error) }
        #expect(try engine.description()["source"]?.text?.hasSuffix("\u{FFFD}.jsonl") == true)
    }

    /// File clocks are coarse: only once LATEST is older than one tick does its stat identify it, and the release that
    /// it names is not looked at again.
    @Test func anUnchangedLatestIsNotRead() throws {
        _ = try engine.refresh()
        Glibc.usleep(2_300_000)
        #expect(try !engine.refresh())
        #expect(Glibc.rename("\(root.path)/releases", "\(root.path)/away") == 0)
        #expect(try !engine.refresh())
        // A replaced LATEST is read.
        #expect(Glibc.rename("\(root.path)/LATEST", "\(root.path)/other") == 0)
        #expect(complaint { () throws(Complaint) in _ = try engine.refresh() }?.status == .fileNotFound)
        #expect(Glibc.rename("\(root.path)/other", "\(root.path)/LATEST") == 0)
        #expect(complaint { () throws(Complaint) in _ = try engine.refresh() }?.status == .unknownRelease)
    }
}
