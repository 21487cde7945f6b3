// SPDX-License-Identifier: Apache-2.0
import CValuation
import Glibc
import Synchronization
import Testing

@testable import Valuation

/// Scoring goes on while models are replaced. Most useful under ThreadSanitizer.
@Suite struct ConcurrencyTests {
    private static let campaigns = (0..<10).map { "\($0)" }
    private static let slots = (0..<4).map { "\($0)" }

    /// Two sets for the same campaigns; the second has more models and other numbers for each, so that a mixture would
    /// show.
    private static let sets: [[ModelDocument]] = [(10, 1.0), (25, -1.0)].map { count, sign in
        (0..<count).flatMap { campaign in
            ["click", "conversion"].map { target in
                var document = ModelDocument(campaign: "\(campaign)", target: target)
                document.categorical["slot"] = Dictionary(
                    uniqueKeysWithValues: slots.enumerated().map { ($1, sign * 0.01 * Double(campaign + $0 + 1)) })
                return document
            }
        }
    }

    /// The bits of every value for the one request that all threads score.
    private static func score(_ scorer: ScorerHandle) throws(Complaint) -> [UInt64] {
        let features = slots.map { NamedFeature.category("slot", $0).feature }
        let candidates = campaigns.map { campaign in
            valuation_candidate(
                campaign: valuation_campaign_key(nil, campaign, campaign.utf8.count), features: nil, feature_count: 0,
                pricing: Pricing.cpa.rawValue, bid: 1)
        }
        return try scorer.score(features, candidates).flatMap(\.bits)
    }

    private static func answer(of documents: [ModelDocument]) throws -> [UInt64] {
        let ads = campaigns.map { Ad(campaign: $0) }
        return try LoadedModels(documents).score(slots.map { .category("slot", $0) }, ads).flatMap(\.bits)
    }

    private func write(_ folder: TemporaryFolder) throws -> [String] {
        try Self.sets.enumerated().map { number, documents in
            try folder.write("\(number).jsonl", documents.map(\.json).joined(separator: "\n"))
        }
    }

    /// How often each thing happened, counted by all threads.
    private final class Counts: Sendable {
        let first = Atomic<Int>(0)
        let second = Atomic<Int>(0)
        let wrong = Atomic<Int>(0)
        let isLoading = Atomic<Bool>(true)

        /// Waits for one more call with the values of a set; returns at once if a thread failed.
        func awaitAnswer(of set: Int) {
            let before = count(of: set)
            while isLoading.load(ordering: .relaxed), count(of: set) == before { sched_yield() }
        }

        private func count(of set: Int) -> Int {
            set == 0 ? first.load(ordering: .relaxed) : second.load(ordering: .relaxed)
        }
    }

    /// Scores until the loads are over; sometimes replaces its scorer by a new one.
    private static func scoreUntilTheEnd(
        _ engine: EngineHandle, _ counts: Counts, _ answers: [[UInt64]]
    ) throws(Complaint) {
        var scorer = try engine.scorer()
        var round = 0
        while counts.isLoading.load(ordering: .relaxed) || round < 10 {
            round += 1
            if round % 50 == 0 { scorer = try engine.scorer() }
            let bits = try score(scorer)
            if bits == answers[0] {
                counts.first.add(1, ordering: .relaxed)
            } else if bits == answers[1] {
                counts.second.add(1, ordering: .relaxed)
            } else {
                counts.wrong.add(1, ordering: .relaxed)
            }
        }
    }

    @Test func everyValueComesFromOneOfTheTwoSets() throws {
        let answers = try Self.sets.map { try Self.answer(of: $0) }
        try #require(answers[0] != answers[1])
        let folder = try TemporaryFolder()
        let paths = try write(folder)
        let engine = try EngineHandle()
        try engine.load(paths[0])
        let counts = Counts()
        onThreads(4) { number in
            do throws(Complaint) {
                if number == 0 {
                    for load in 1...30 {
                        try engine.load(paths[load % 2])
                        counts.awaitAnswer(of: load % 2)
                    }
                    counts.isLoading.store(false, ordering: .relaxed)
                } else {
                    try Self.scoreUntilTheEnd(engine, counts, answers)
                }
            } catch {
                counts.isLoading.store(false, ordering: .relaxed)
                Issue.record("\(error.message)")
            }
        }
        #expect(counts.wrong.load(ordering: .relaxed) == 0)
        #expect(counts.first.load(ordering: .relaxed) > 0)
        #expect(counts.second.load(ordering: .relaxed) > 0)
    }

    @Test func loadsFromSeveralThreadsQueueUpAndBadOnesChangeNothing() throws {
        let answers = try Self.sets.map { try Self.answer(of: $0) }
        let folder = try TemporaryFolder()
        let paths = try write(folder)
        let bad = try folder.write("bad.jsonl", Self.sets[0].map(\.json).joined(separator: "\n") + "\n{")
        let engine = try EngineHandle()
        try engine.load(paths[0])
        let counts = Counts()
        onThreads(4) { number in
            do throws(Complaint) {
                if number < 2 {
                    for _ in 0..<8 {
                        try engine.load(paths[number])
                        let refusal = complaint { () throws(Complaint) in try engine.load(bad) }
                        if refusal?.status != .jsonSyntax { counts.wrong.add(1, ordering: .relaxed) }
                    }
                    counts.isLoading.store(false, ordering: .relaxed)
                } else {
                    try Self.scoreUntilTheEnd(engine, counts, answers)
                }
            } catch {
                counts.isLoading.store(false, ordering: .relaxed)
                Issue.record("\(error.message)")
            }
        }
        #expect(counts.wrong.load(ordering: .relaxed) == 0)
    }

    /// One thread publishes, refreshes and rolls back, another asks for descriptions, the others score.
    @Test(arguments: [true, false]) func releasesAreFollowedAndRolledBackWhileOthersScore(isCompiled: Bool) throws {
        let answers = try Self.sets.map { try Self.answer(of: $0) }
        let root = try ReleaseRoot()
        for number in [1, 0] { try root.publish(Self.sets[number], id: "set-\(number)", isCompiled: isCompiled) }
        let engine = try EngineHandle()
        try engine.load(root.path)
        let counts = Counts()
        onThreads(4) { number in
            do throws(Complaint) {
                switch number {
                case 0:
                    for turn in 1...15 {
                        try root.select("set-\(turn % 2)")
                        if try !engine.refresh() { counts.wrong.add(1, ordering: .relaxed) }
                        counts.awaitAnswer(of: turn % 2)
                        try engine.rollBack()
                        try engine.rollBack()
                    }
                    counts.isLoading.store(false, ordering: .relaxed)
                case 1:
                    while counts.isLoading.load(ordering: .relaxed) {
                        // At most two ids: that of the serving release and that of the previous one, which differ.
                        let text = try engine.describeJSON()
                        let ids = text.matches(of: /"release":{"id":"(set-\d)"/).map(\.1)
                        if ids.count > 1 && ids[0] == ids[1] { counts.wrong.add(1, ordering: .relaxed) }
                    }
                default: try Self.scoreUntilTheEnd(engine, counts, answers)
                }
            } catch {
                counts.isLoading.store(false, ordering: .relaxed)
                Issue.record("\(error.message)")
            }
        }
        #expect(counts.wrong.load(ordering: .relaxed) == 0)
        #expect(counts.first.load(ordering: .relaxed) > 0)
        #expect(counts.second.load(ordering: .relaxed) > 0)
    }

    /// One thread destroys the handle while others make their last calls with its scorers.
    @Test func theEnginesHandleMayGoWhileItsScorersAreAtWork() throws {
        let answers = try Self.sets.map { try Self.answer(of: $0) }
        let folder = try TemporaryFolder()
        let path = try write(folder)[0]
        for _ in 0..<6 {
            let engine = try EngineHandle()
            try engine.load(path)
            let made = Atomic<Int>(0)
            let wrong = Atomic<Int>(0)
            onThreads(4) { number in
                if number == 0 {
                    while made.load(ordering: .acquiring) < 3 { sched_yield() }
                    engine.destroy()
                    return
                }
                guard let scorer = try? engine.scorer() else {
                    wrong.add(1, ordering: .relaxed)
                    made.add(1, ordering: .releasing)
                    return
                }
                made.add(1, ordering: .releasing)
                for _ in 0..<20 where (try? Self.score(scorer)) != answers[0] { wrong.add(1, ordering: .relaxed) }
            }
            #expect(wrong.load(ordering: .relaxed) == 0)
        }
    }
}
