// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

/// A scorer's working memory is reused for other requests and, after a load, for other models.
@Suite struct ScratchTests {
    /// Requests with rows of every shape, only dense ones, and only lists: they leave different things in the memory.
    private func requests(_ generated: inout ManyModels) -> [[NamedFeature]] {
        let all = generated.features()
        func of(_ fields: Set<String>) -> [NamedFeature] {
            all.filter { feature in
                switch feature {
                case .category(let field, _), .number(let field, _): fields.contains(field)
                }
            }
        }
        return [all, of(["popular"]), of(["common"]), of(["common", "rare", "age"]), []]
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func itServesLikeANewOneWhateverWasScoredBefore(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var sets: [(generated: ManyModels, models: LoadedModels)] = []
        for (count, hasBases) in [(150, false), (20, true), (5, false)] {
            let generated = ManyModels(campaigns: count, hasBases: hasBases, hasCrosses: false, seed: seed)
            sets.append((generated: generated, models: try LoadedModels(generated.documents)))
        }
        let used = try Scratch.allocate()
        defer { Memory.destroy(used) }
        for step in 0..<60 {
            let place = Int.random(in: sets.indices, using: &generator)
            var set = sets[place]
            let request = try #require(requests(&set.generated).randomElement(using: &generator))
            let count = try #require([1, 5, 40, 80, 200].randomElement(using: &generator))
            let ads = set.generated.ads(count)
            sets[place].generated = set.generated
            let new = try Scratch.allocate()
            defer { Memory.destroy(new) }
            for scratch in [used, new] { try scratch.pointee.prepare(set.models.snapshot.pointee.index.counts) }
            // Sometimes the time is up before all is done, at any point.
            if generator.once(in: 3) {
                let budget = UInt64.random(in: 1...200_000, using: &generator)
                _ = set.models.score(request, ads, timeBudget: budget, scratch: used)
            }
            let values = set.models.score(request, ads, scratch: used).map { $0.bits + [UInt64($0.flags)] }
            let expected = set.models.score(request, ads, scratch: new).map { $0.bits + [UInt64($0.flags)] }
            #expect(firstDifference(values, expected) == nil, "step \(step), models \(place), \(count) candidates")
        }
    }
}
