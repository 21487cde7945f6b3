// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

@Suite struct RankingTests {
    /// The values that a ranking keeps, by position.
    private func rank(_ revenues: [Double], best capacity: Int) -> [Int] {
        var indices = [Int](repeating: -1, count: capacity)
        var values = [valuation_value](repeating: valuation_value(), count: capacity)
        return indices.withUnsafeMutableBufferPointer { indices in
            values.withUnsafeMutableBufferPointer { values in
                guard let indices = indices.baseAddress, let values = values.baseAddress else { return [] }
                var ranking = Ranking(indices: indices, values: values, capacity: capacity)
                for (position, revenue) in revenues.enumerated() {
                    var value = valuation_value()
                    value.expected_revenue = revenue
                    ranking.add(value, index: position)
                }
                ranking.finish()
                let kept = Array(UnsafeBufferPointer(start: indices, count: ranking.count))
                for (place, position) in kept.enumerated() {
                    #expect(values[place].expected_revenue == revenues[position])
                }
                return kept
            }
        }
    }

    private func sorted(_ revenues: [Double]) -> [Int] {
        revenues.indices.sorted { revenues[$0] == revenues[$1] ? $0 < $1 : revenues[$0] > revenues[$1] }
    }

    @Test(arguments: [1, 2, 3, 7, 40, 41, 60])
    func isTheFrontOfASortWithTiesByPosition(capacity: Int) {
        var generator = SeededGenerator(seed: UInt64(capacity))
        for _ in 0..<200 {
            let count = Int.random(in: 0...50, using: &generator)
            // Few different revenues, so that there are many ties.
            let revenues = (0..<count).map { _ in Double(Int.random(in: 0...9, using: &generator)) / 8 }
            #expect(rank(revenues, best: capacity) == Array(sorted(revenues).prefix(capacity)))
        }
    }

    @Test func keepsTheOrderOfCandidatesThatAreWorthTheSame() {
        #expect(rank([Double](repeating: 0.25, count: 30), best: 10) == Array(0..<10))
        #expect(rank([0, -0.0, 0, -0.0], best: 3) == [0, 1, 2])
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func givesWhatScoringGivesBestFirst(seed: UInt64) throws {
        var world = RandomModels(seed: seed)
        let models = try LoadedModels(world.documents)
        let request = world.features(0...15)
        var ads = world.ads(Scratch.blockSize + 30)
        ads += ads.prefix(20)
        let values = models.score(request, ads)
        let order = sorted(values.map(\.expected_revenue))
        for capacity in [1, 5, ads.count, ads.count + 10] {
            let ranked = models.rank(request, ads, best: capacity)
            #expect(ranked.map(\.index) == Array(order.prefix(capacity)))
            #expect(ranked.map(\.value.bits) == order.prefix(capacity).map { values[$0].bits })
            #expect(ranked.map(\.value.flags) == order.prefix(capacity).map { values[$0].flags })
        }
    }
}
