// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

@Suite struct PerfectHashTests {
    /// Sets of keys for which a weak hash would collide.
    enum Likeness: String, CaseIterable {
        case consecutive
        case onlyTheHighHalvesDiffer
        case onlyTheLowHalvesDiffer
        case onlyTheHighHalvesDifferByRandom
        case onlyTheLowHalvesDifferByRandom
        case multiplesOfAPowerOfTwo
        case multiplesOfTheGoldenRatio
        case multiplesOfItsInverse
        case multiplesOfTheInverseOfTheMixer
        case pairsThatDifferInTheHighestBit
        case gridsOfTwoSteps
        case squares

        func keys(_ count: Int) -> [UInt64] {
            let half: UInt64 = 0x3ade_68b1
            let numbers = (0..<UInt64(count)).map { $0 }
            switch self {
            case .consecutive: return numbers
            case .onlyTheHighHalvesDiffer: return numbers.map { $0 << 32 | half }
            case .onlyTheLowHalvesDiffer: return numbers.map { half << 32 | $0 }
            case .onlyTheHighHalvesDifferByRandom: return random(count).map { $0 << 32 | half }
            case .onlyTheLowHalvesDifferByRandom: return random(count).map { half << 32 | $0 }
            case .multiplesOfAPowerOfTwo: return numbers.map { $0 << 44 }
            case .multiplesOfTheGoldenRatio: return numbers.map { $0 &* golden }
            case .multiplesOfItsInverse: return numbers.map { ($0 + 1) &* inverse(golden) }
            case .multiplesOfTheInverseOfTheMixer: return numbers.map { ($0 + 1) &* inverse(0xff51_afd7_ed55_8ccd) }
            case .pairsThatDifferInTheHighestBit: return numbers.map { ($0 >> 1) &* 7 | $0 << 63 }
            case .gridsOfTwoSteps: return numbers.map { ($0 % 450) * 1_000_003 + ($0 / 450) << 50 }
            case .squares: return numbers.map { $0 * $0 }
            }
        }

        private var golden: UInt64 { 0x9e37_79b9_7f4a_7c15 }

        /// Different random numbers of 32 bits.
        private func random(_ count: Int) -> Set<UInt64> {
            var generator = SeededGenerator(seed: 31)
            var numbers = Set<UInt64>()
            while numbers.count < count { numbers.insert(generator.next() >> 32) }
            return numbers
        }
    }

    /// A table made for some keys.
    private final class Table: @unchecked Sendable {
        let keys: [UInt64]
        let slotCount: Int
        let pilotBytes: Int
        let steps: Int
        let attempts: Int
        let multiplier: UInt64
        private let hash: PerfectHash
        private let pilots: [UInt16]

        init(_ keys: [UInt64]) throws {
            self.keys = keys
            var buffer = Buffer<UInt64>()
            try buffer.append(keys, count: keys.count)
            let builder = try PerfectHashBuilder(buffer)
            hash = builder.hash
            pilots = Array(builder.pilots.elements)
            slotCount = hash.slotCount
            (steps, attempts, multiplier) = (builder.steps, builder.attempts, hash.function.multiplier)
            pilotBytes = hash.pilotCount * MemoryLayout<UInt16>.stride
            try #require(pilots.count == hash.pilotCount)
        }

        func places(of keys: [UInt64]) -> [Int] {
            pilots.withUnsafeBufferPointer { pilots in
                guard let start = pilots.baseAddress else { return [] }
                return keys.map { hash.place(of: $0, start) }
            }
        }

        func isInside(_ places: [Int]) -> Bool { places.allSatisfy { 0 <= $0 && $0 < slotCount } }

        /// Whether each key has a slot of its own.
        var isPerfect: Bool {
            let places = places(of: keys)
            if !isInside(places) { return false }
            var isTaken = [Bool](repeating: false, count: slotCount)
            for place in places {
                if isTaken[place] { return false }
                isTaken[place] = true
            }
            return true
        }

        /// Tables of random keys; each is made once for all tests.
        static let random = Dictionary(
            uniqueKeysWithValues: counts.map { count in
                var generator = SeededGenerator(seed: UInt64(count) + 1)
                return (count, Result { try Table((0..<count).map { _ in generator.next() }) })
            })

        static func random(_ count: Int) throws -> Table { try #require(random[count]).get() }
    }

    private static let counts = [0, 1, 2, 7, 1000, 100_000]

    @Test(arguments: counts) func everyKeyHasASlotOfItsOwn(count: Int) throws {
        let table = try Table.random(count)
        #expect(table.keys.count == count && table.isPerfect)
    }

    @Test(arguments: Likeness.allCases, [2, 7, 100, 2000])
    func everyKeyHasASlotOfItsOwnHoweverAlikeTheKeys(likeness: Likeness, count: Int) throws {
        let table = try Table(likeness.keys(count))
        #expect(table.keys.count == count && table.isPerfect)
    }

    @Test(arguments: counts) func thereIsATenthMoreSlotsThanKeysAndLessThanAByteOfPilotsAKey(count: Int) throws {
        let table = try Table.random(count)
        #expect(table.slotCount <= count + count / 10 + 1)
        #expect(Double(table.pilotBytes) <= max(4, 0.8 * Double(count)))
    }

    @Test func equalKeysShareASlot() throws {
        let keys = try Table.random(1000).keys
        let twice = try Table(keys + keys[..<100] + keys[..<10])
        let places = twice.places(of: keys)
        #expect(twice.isInside(places) && Set(places).count == keys.count)
    }

    /// The caller compares the key in the slot, so the slot must be inside the table.
    @Test(arguments: counts) func anUnknownKeyHasASlotInTheTable(count: Int) throws {
        var generator = SeededGenerator(seed: 32)
        let table = try Table.random(count)
        #expect(table.isInside(table.places(of: [0, .max] + (0..<1000).map { _ in generator.next() })))
    }

    /// As many steps as chance needs, and a few multipliers at most, however the keys were chosen.
    @Test(arguments: Likeness.allCases, [101, 2000, 20_000])
    func noSetOfKeysTakesLong(likeness: Likeness, count: Int) throws {
        let table = try Table(likeness.keys(count))
        #expect(table.isPerfect && table.attempts <= 8)
        #expect(table.steps <= 1_000_000 + 1000 * count, "\(table.steps) steps")
    }

    /// An attacker who knows a set's multiplier and adds keys that share a bucket under it only makes the table take
    /// another multiplier.
    @Test func keysMadeForAMultiplierChangeIt() throws {
        let known = try Table.random(1000)
        let made = known.keys + (1...1000).map { UInt64($0) &* inverse(known.multiplier) }
        let table = try Table(made)
        #expect(table.isPerfect && table.attempts <= 8 && table.multiplier != known.multiplier)
    }

    @Test func equalSetsOfKeysHaveEqualTablesAndOthersDiffer() throws {
        let keys = try Table.random(1000).keys
        let multiplier = try Table.random(1000).multiplier
        #expect(try Table(keys).multiplier == multiplier)
        #expect(try Table(Array(keys.reversed())).multiplier != multiplier)
        #expect(try Table(keys.dropLast() + [keys[999] ^ 1]).multiplier != multiplier)
    }

    /// For instance, the weights of many models may have one key, if labels are chosen for it.
    @Test func manyEqualKeysAreHandled() throws {
        let keys = try Table.random(1000).keys
        let table = try Table(keys + [UInt64](repeating: keys[7], count: 100_000))
        #expect(Set(table.places(of: keys)).count == keys.count && table.attempts <= 8)
    }
}

/// The inverse of a multiplication by an odd number. Newton's iteration doubles the number of correct bits.
private func inverse(_ multiplier: UInt64) -> UInt64 {
    var inverse: UInt64 = 1
    for _ in 0..<6 { inverse &*= 2 &- multiplier &* inverse }
    return inverse
}
