// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

@testable import Valuation

/// A request's rows take the path that costs least by the prices of the instruction set, and no value depends on it.
@Suite struct CostTests {
    private static let models = 100

    private static let some = valuation_prices(
        dense_weight: 10, sum: 30, list: 400, list_weight: 50, number_weight: 60, dense_lookup: 100, short_lookup: 30,
        list_lookup: 500, number_step: 600, candidate: 70, candidate_probability: 90, model_probability: 80)

    private static func withCost<Value>(
        _ levels: [valuation_prices], models: Int = models, weightBytes: Int = 0, candidates: Int,
        _ body: (Cost) -> Value
    ) throws -> Value {
        try levels.withUnsafeBufferPointer { levels in
            let prices = try #require(levels.baseAddress)
            return body(Cost(prices, models: models, weightBytes: weightBytes, candidates: candidates))
        }
    }

    @Test func aRowSavesItsLookupsAndCostsItsWeights() throws {
        for candidates in [0, 1, 7, 1000] {
            try Self.withCost([Self.some], candidates: candidates) { cost in
                #expect(cost.savedByDenseRow == candidates * 100 - 100 * 10)
                #expect(cost.saved(byShortList: 5) == candidates * 5 * 30 - 400 - 5 * 50)
                #expect(cost.saved(byList: 20) == candidates * 500 - 400 - 20 * 50)
                #expect(cost.reading == candidates * 70)
                #expect(cost.setting(3) == 3 * 30)
            }
        }
    }

    /// A number that every model knows is found at once, another one by bisection.
    @Test func aNumberSavesTheStepsOfItsSearch() throws {
        try Self.withCost([Self.some], candidates: 7) { cost in
            #expect(cost.saved(byNumber: Self.models) == 7 * 600 - 100 * 60)
            for (length, steps) in [(1, 1), (2, 2), (3, 2), (63, 6), (64, 7), (99, 7)] {
                #expect(cost.saved(byNumber: length) == 7 * steps * 600 - length * 60)
            }
        }
    }

    @Test func allModelsAreValuedIfThatCostsNoMoreThanTheirCandidates() throws {
        // 100 models at 80 against candidates at 70 + 90.
        try Self.withCost([Self.some], candidates: 49) { #expect(!$0.favorsAllModels) }
        try Self.withCost([Self.some], candidates: 50) { #expect($0.favorsAllModels) }
    }

    @Test func pricesAreThoseOfTheLevelWhereTheDataLies() throws {
        let levels = (0..<Int(VALUATION_LEVELS)).map { level in
            var prices = Self.some
            prices.sum = Int32(level)
            return prices
        }
        let (second, third) = (Int(VALUATION_SECOND_CACHE), Int(VALUATION_THIRD_CACHE))
        func level(models: Int, weightBytes: Int) throws -> Int {
            try Self.withCost(levels, models: models, weightBytes: weightBytes, candidates: 1) { $0.setting(1) }
        }
        // A model takes 256 bytes of the rows of a request.
        let (few, many, most) = (second / 256, third / 256, third / 256 + 1)
        #expect(try level(models: few, weightBytes: second) == 0)
        #expect(try level(models: few, weightBytes: third) == 0)
        #expect(try level(models: few, weightBytes: third + 1) == 1)
        #expect(try level(models: few + 1, weightBytes: second) == 0)
        #expect(try level(models: many, weightBytes: second + 1) == 1)
        #expect(try level(models: many, weightBytes: third + 1) == 2)
        #expect(try level(models: most, weightBytes: second + 1) == 2)
        #expect(try level(models: most, weightBytes: third + 1) == 2)
    }

    /// The choice is cut short for few candidates; that must never cost a row that is worth summing.
    @Test func allRowsAreLookedUpUnseenOnlyIfNoneSavesAnything() throws {
        var generator = SeededGenerator(seed: 17)
        func price() -> Int32 {
            Int32.random(in: 0...(1 << Int32.random(in: 0...16, using: &generator)), using: &generator)
        }
        var unseen = 0
        for _ in 0..<10_000 {
            let prices = valuation_prices(
                dense_weight: price(), sum: price(), list: price(), list_weight: price(), number_weight: price(),
                dense_lookup: price(), short_lookup: price(), list_lookup: price(), number_step: price(),
                candidate: price(), candidate_probability: price(), model_probability: price())
            let models = Int.random(in: 17...5000, using: &generator)
            try Self.withCost([prices], models: models, candidates: Int.random(in: 1...50, using: &generator)) { cost in
                if !cost.favorsLookups { return }
                unseen += 1
                let short = (1...Index.Row.shortest).map { cost.saved(byShortList: $0) }
                let long = (Index.Row.shortest + 1...models).map { cost.saved(byList: $0) }
                #expect(([cost.savedByDenseRow] + short + long).allSatisfy { $0 <= 0 })
            }
        }
        #expect((200..<9_800).contains(unseen))
    }

    @Test(arguments: Kernels.all) func everySetHasPricesAtEveryLevel(kernels: Kernels) throws {
        let levels = try #require(kernels.loops.prices)
        for level in 0..<Int(VALUATION_LEVELS) {
            let prices = levels[level]
            let summing = [prices.dense_weight, prices.list_weight, prices.number_weight, prices.model_probability]
            let lookups = [prices.dense_lookup, prices.short_lookup, prices.list_lookup, prices.number_step]
            #expect((summing + lookups).allSatisfy { $0 > 0 })
            #expect([prices.sum, prices.list, prices.candidate, prices.candidate_probability].allSatisfy { $0 >= 0 })
        }
    }

    /// A request of models with or without bases, and the values of some of its ads.
    private struct World {
        let models: LoadedModels
        let request: [NamedFeature]
        let ads: [Ad]
        let expected: [[UInt64]]

        init(hasBases: Bool, ads count: Int) throws {
            var generated = ManyModels(campaigns: 150, hasBases: hasBases, hasCrosses: true, seed: 61)
            models = try LoadedModels(generated.documents)
            (request, ads) = (generated.features(), generated.ads(count))
            expected = models.score(request, ads).map(\.all)
        }

        /// The values with other prices, and the scratch memory that they leave.
        func score(
            by prices: valuation_prices, _ look: (borrowing Scratch) -> Void
        ) throws -> [[UInt64]] {
            var kernels = valuation_kernels_for_this_machine().pointee
            let levels = [valuation_prices](repeating: prices, count: Int(VALUATION_LEVELS))
            return try levels.withUnsafeBufferPointer { levels in
                kernels.prices = levels.baseAddress
                return try withUnsafePointer(to: &kernels) { kernels in
                    let scratch = try Scratch.allocate(kernels)
                    defer { Memory.destroy(scratch) }
                    try scratch.pointee.prepare(models.snapshot.pointee.index.counts)
                    scratch.pointee.click.streamed.base?.update(repeating: Term(), count: Scratch.maximumTerms)
                    let values = models.score(request, ads, scratch: scratch).map(\.all)
                    look(scratch.pointee)
                    return values
                }
            }
        }
    }

    /// What is free to add and costs something to look up is added, and the other way round.
    private static func prices(dense: Bool, short: Bool, long: Bool, numbers: Bool) -> valuation_prices {
        valuation_prices(
            dense_weight: 0, sum: 0, list: 0, list_weight: 0, number_weight: 0, dense_lookup: dense ? 1 : 0,
            short_lookup: short ? 1 : 0, list_lookup: long ? 1 : 0, number_step: numbers ? 1 : 0, candidate: 0,
            candidate_probability: 0, model_probability: 1)
    }

    @Test(arguments: [2, 40, 300], [false, true])
    func valuesHaveTheSameBitsOnEveryPath(candidates: Int, hasBases: Bool) throws {
        let world = try World(hasBases: hasBases, ads: candidates)
        for path in 0..<16 {
            let isSummed = (0..<4).map { path >> $0 & 1 != 0 }
            let prices = Self.prices(
                dense: isSummed[0], short: isSummed[1], long: isSummed[2], numbers: isSummed[3])
            let values = try world.score(by: prices) { scratch in
                // Summing dense rows leaves sums behind; the other paths clear theirs.
                #expect(scratch.click.areZero.elements[0] == !isSummed[0], "path \(path)")
                #expect(scratch.click.sums.elements.contains { $0 != 0 } == isSummed[0], "path \(path)")
            }
            #expect(firstDifference(values, world.expected) == nil, "path \(path)")
        }
    }

    /// An ad alone is looked up, whatever that costs.
    @Test(arguments: [false, true]) func theOnlyCandidateHasTheSameBitsWhateverPricesSay(hasBases: Bool) throws {
        let world = try World(hasBases: hasBases, ads: 1)
        for isSummed in [false, true] {
            let prices = Self.prices(dense: isSummed, short: isSummed, long: isSummed, numbers: isSummed)
            #expect(try world.score(by: prices) { _ in } == world.expected)
        }
    }

    /// Numbers count in the choice even if no category's row is worth summing.
    @Test(arguments: [false, true]) func aNumberAloneMayBeWorthSumming(numbers: Bool) throws {
        let world = try World(hasBases: false, ads: 2)
        let values = try world.score(
            by: Self.prices(dense: false, short: false, long: false, numbers: numbers)
        ) { scratch in
            let streamed = scratch.click.streamed.base.unsafelyUnwrapped
            let slots = [streamed[0].slot, streamed[Scratch.maximumTerms - 1].slot]
            let areNumbers = slots.map { slot in slot.map { $0.pointee.isNumber } ?? false }
            #expect(areNumbers == (numbers ? [true, false] : [false, true]))
        }
        #expect(values == world.expected)
    }
}
