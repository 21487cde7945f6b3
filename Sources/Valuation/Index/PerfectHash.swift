// SPDX-License-Identifier: Apache-2.0

/// Where each of a fixed set of keys stands in a table, without a search: one look at a small array of pilots, then one at the slot.
/// Nothing in it depends on how other keys collide, so a processor does not guess wrong about it.
///
/// Hash, displace and compress (Belazzougui, Botelho & Dietzfelbinger 2009; pilots as in PTHash, Pibiri & Trani 2021): keys fall into
/// buckets, and each bucket has the smallest pilot with which all its keys find vacant slots, the largest buckets first.
///
/// - Memory: 0.4 to 0.8 bytes a key, and a table with a tenth more slots than keys.
struct PerfectHash {
    let slotCount: Int
    let pilotCount: Int
    private let multiplier: UInt64
    private let bucketShift: UInt64

    fileprivate init(slotCount: Int, bucketBits: Int, attempt: Int) {
        self.slotCount = slotCount
        pilotCount = 1 << bucketBits
        // Odd multipliers far from each other: multiples of the golden ratio's bits (Knuth, vol. 3, 6.4).
        multiplier = 0x9e37_79b9_7f4a_7c15 &* UInt64(truncatingIfNeeded: attempt &* 2 &+ 1) | 1
        bucketShift = UInt64(truncatingIfNeeded: 64 &- bucketBits)
    }

    /// The only slot where a key can stand. - Complexity: O(1).
    @inline(__always)
    func place(of key: UInt64, _ pilots: UnsafePointer<UInt16>) -> Int {
        let hash = key &* multiplier
        // A shift by 64 gives 0: there is one bucket then.
        return place(hash, pilots[Int(truncatingIfNeeded: hash >> bucketShift)])
    }

    @inline(__always)
    private func place(_ hash: UInt64, _ pilot: UInt16) -> Int {
        let mixed = (hash ^ UInt64(pilot) &* 0xd6e8_feb8_6659_fd93) &* 0xff51_afd7_ed55_8ccd
        // The upper half as a fraction of 2^32 (Lemire, "Fast random integer generation in an interval", 2019).
        return Int(truncatingIfNeeded: ((mixed &>> 32) &* UInt64(truncatingIfNeeded: slotCount)) &>> 32)
    }

    @inline(__always)
    fileprivate func bucket(of key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* multiplier) >> bucketShift)
    }

    fileprivate func place(of key: UInt64, pilot: UInt16) -> Int {
        place(key &* multiplier, pilot)
    }
}

/// A perfect hash and its pilots, while an index is built.
struct PerfectHashBuilder: ~Copyable {
    private static let keysPerBucket = 5
    private static let attempts = 64
    /// Far beyond what chance brings about; only keys made for it share a bucket in such numbers.
    private static let largestBucket = 100

    private(set) var hash = PerfectHash(slotCount: 1, bucketBits: 0, attempt: 0)
    private(set) var pilots = Buffer<UInt16>()

    /// - Parameter keys: all different. Throws if no function is found for them, which keys would have to be made for.
    /// - Complexity: O(keys) expected.
    init(_ keys: borrowing Buffer<UInt64>) throws(Failure) {
        var bucketBits = 0
        while 1 << bucketBits * PerfectHashBuilder.keysPerBucket < keys.count { bucketBits += 1 }
        for attempt in 0..<PerfectHashBuilder.attempts {
            let slotCount = keys.count + keys.count / 10 + 1 + keys.count * attempt / 100
            hash = PerfectHash(slotCount: slotCount, bucketBits: bucketBits, attempt: attempt)
            if try findPilots(keys) { return }
        }
        throw Failure(.limitExceeded, "The names hash too much alike to be told apart; rename some.")
    }

    /// Returns whether there is a pilot for each bucket.
    private mutating func findPilots(_ keys: borrowing Buffer<UInt64>) throws(Failure) -> Bool {
        // Keys by bucket, then buckets by size, the largest first.
        var starts = Buffer<Int>()
        try starts.resize(hash.pilotCount + 1, filling: 0)
        for position in 0..<keys.count { starts[hash.bucket(of: keys[position]) + 1] += 1 }
        var largest = 0
        for bucket in 0..<hash.pilotCount {
            largest = max(largest, starts[bucket + 1])
            starts[bucket + 1] += starts[bucket]
        }
        if largest > PerfectHashBuilder.largestBucket { return false }
        var next = Buffer<Int>()
        try next.resize(hash.pilotCount, filling: 0)
        for bucket in 0..<hash.pilotCount { next[bucket] = starts[bucket] }
        var sorted = Buffer<UInt64>()
        try sorted.resize(keys.count, filling: 0)
        for position in 0..<keys.count {
            let bucket = hash.bucket(of: keys[position])
            sorted[next[bucket]] = keys[position]
            next[bucket] += 1
        }
        try pilots.resize(hash.pilotCount, filling: 0)
        var taken = Buffer<Bool>()
        try taken.resize(hash.slotCount, filling: false)
        for size in stride(from: largest, to: 0, by: -1) {
            for bucket in 0..<hash.pilotCount where starts[bucket + 1] - starts[bucket] == size {
                guard let pilot = findPilot(sorted, starts[bucket]..<starts[bucket + 1], &taken) else { return false }
                pilots[bucket] = pilot
            }
        }
        return true
    }

    /// Takes slots for the keys of one bucket.
    private func findPilot(_ keys: borrowing Buffer<UInt64>, _ range: Range<Int>, _ taken: inout Buffer<Bool>)
        -> UInt16?
    {
        for pilot in 0...UInt16.max {
            var position = range.lowerBound
            while position < range.upperBound {
                let place = hash.place(of: keys[position], pilot: pilot)
                if taken[place] { break }
                taken[place] = true
                position += 1
            }
            if position == range.upperBound { return pilot }
            for placed in range.lowerBound..<position { taken[hash.place(of: keys[placed], pilot: pilot)] = false }
        }
        return nil
    }
}
