// SPDX-License-Identifier: Apache-2.0
import Synchronization
import Testing

@testable import Valuation

/// The slots of scorers and the locks beside them.
@Suite struct ReadersTests {
    /// More than two blocks hold.
    private static let many = 100

    @Test func slotsAreDistinctAndHaveCacheLinesOfTheirOwn() throws {
        let readers = try Readers()
        let slots = try (0..<Self.many).map { _ in UInt(bitPattern: try readers.take()) }
        #expect(Set(slots).count == Self.many)
        #expect(slots.allSatisfy { $0 % UInt(Readers.Reader.size) == 0 })
    }

    @Test func slotsAreReused() throws {
        let readers = try Readers()
        let slots = try (0..<Self.many).map { _ in try readers.take() }
        for slot in slots { readers.giveBack(slot) }
        let again = try (0..<Self.many).map { _ in try readers.take() }
        #expect(Set(again) == Set(slots))
    }

    @Test func anAnnouncementIsSeenInAnySlot() throws {
        let readers = try Readers()
        let slots = try (0..<Self.many).map { _ in try readers.take() }
        var seen: [Bool] = []
        for slot in [slots[0], slots[Self.many / 2], slots[Self.many - 1]] {
            seen.append(readers.isRead(4096))
            slot.pointee.reading.store(4096, ordering: .sequentiallyConsistent)
            seen.append(readers.isRead(4096))
            readers.giveBack(slot)
        }
        #expect(seen == [false, true, false, true, false, true])
    }

    @Test func aLockLetsOneThreadInAtATime() throws {
        final class Shared: @unchecked Sendable {
            let readers: Readers
            var count = 0

            init() throws { readers = try Readers() }
        }
        let shared = try Shared()
        onThreads(4) { _ in
            for _ in 0..<5_000 {
                let lock = shared.readers.lock(.history)
                lock.lock()
                shared.count += 1
                lock.unlock()
            }
        }
        #expect(shared.count == 20_000)
    }
}

/// What a child finds that was forked in the middle of another thread's load.
@Suite struct InterruptedLoadTests {
    private let engine: EngineHandle
    private let scorer: ScorerHandle

    /// The second models serve; the first are the previous ones.
    init() throws {
        engine = try EngineHandle()
        scorer = try engine.scorer()
        let folder = try TemporaryFolder()
        for campaign in ["1", "2"] {
            let model = ModelDocument(campaign: campaign, target: "click")
            try engine.load(try folder.write("\(campaign).json", model.json))
        }
    }

    private var core: UnsafePointer<Engine> { UnsafePointer(engine.pointer!) }

    /// What the parent's thread has done at the fork: the history has changed, but no scorer sees it yet.
    private func swapHalfway() {
        core.pointee.amend { history in swap(&history.state.previous, &history.state.serving) }
    }

    private func serves(_ campaign: String) throws -> Bool {
        try engine.describeJSON().contains("\"campaign\":\"\(campaign)\"")
    }

    private func isServed(_ campaign: String) throws -> Bool {
        let answer = try scorer.scoreJSON(
            #"{"features": {}, "candidates": [{"campaign": "\#(campaign)", "pricing": "cpc", "bid": 1}]}"#)
        return !answer.contains("unknown_campaign")
    }

    @Test func theNextLoadFinishesASwap() throws {
        swapHalfway()
        #expect(try isServed("2"))
        core.pointee.beginLoad()
        core.pointee.endLoad()
        #expect(try isServed("1"))
        #expect(try !isServed("2"))
    }

    @Test func scoringFinishesASwap() throws {
        swapHalfway()
        #expect(try serves("1"))
        #expect(try isServed("1"))
    }

    @Test func theNextLoadFreesTheSnapshotThatWasLeaving() throws {
        core.pointee.remember { history in
            history.retire(history.state.previous)
            history.state.previous = nil
        }
        core.pointee.beginLoad()
        #expect(core.pointee.withHistory { history in history.retired == nil })
        core.pointee.endLoad()
        #expect(try serves("2"))
    }
}

/// Calls that hold the history, so that a load does not free what they read.
@Suite struct HeldHistoryTests {
    /// A load waits for those that began before it, but not for those that begin while it waits; otherwise two threads
    /// that take turns would keep it from ending.
    @Test func aLoadWaitsForThoseThatBeganBefore() throws {
        let engine = try EngineHandle(models: [ModelDocument(campaign: "1", target: "click")])
        let folder = try TemporaryFolder()
        for campaign in ["2", "3"] {
            _ = try folder.write("\(campaign).json", ModelDocument(campaign: campaign, target: "click").json)
        }
        let path = folder.path
        try engine.load("\(path)/2.json")
        let loads = Atomic<Int>(0)
        let (held, group) = UnsafePointer<Engine>(engine.pointer!).pointee.hold()
        let previous = UInt(bitPattern: held.previous)
        onThreads(2) { number in
            let core = UnsafePointer<Engine>(engine.pointer!)
            if number == 0 {
                // It puts the models of the first load aside.
                try? engine.load("\(path)/3.json")
                loads.add(1, ordering: .sequentiallyConsistent)
                return
            }
            var second = core.pointee.hold()
            while second.group == group {
                core.pointee.letGo(second.group)
                second = core.pointee.hold()
            }
            // The load waits now.
            #expect(loads.load(ordering: .sequentiallyConsistent) == 0)
            #expect(UnsafePointer<Snapshot>(bitPattern: previous)!.pointee.origin.path.text.count > 0)
            core.pointee.letGo(group)
            while loads.load(ordering: .sequentiallyConsistent) == 0 { continue }
            core.pointee.letGo(second.group)
        }
        #expect(loads.load(ordering: .sequentiallyConsistent) == 1)
    }
}
