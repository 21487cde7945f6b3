// SPDX-License-Identifier: Apache-2.0
import CKernels

/// A perfect hash: it gives the table slot of each of a fixed set of keys without a search, with one read of a small
/// array of pilots and one of the slot. Nothing depends on how other keys collide, so a processor does not mispredict.
///
/// Hash, displace and compress (Belazzougui, Botelho & Dietzfelbinger 2009; pilots as in PTHash, Pibiri & Trani 2021):
/// keys fall into buckets, and each bucket has the smallest pilot with which all its keys find vacant slots, the
/// largest buckets first.
///
/// With a random multiplier, two keys share a bucket or a slot only by chance, whatever the keys are (Dietzfelbinger et
/// al., "A reliable randomized algorithm for the closest-pair problem", 1997). It is drawn from the keys themselves
/// (`KeyDigest`), so the same keys have the same table, and someone who chooses keys to collide under one multiplier
/// gets another.
///
/// - Memory: 0.4 to 0.8 bytes a key, and a table with a tenth more slots than keys.
struct PerfectHash {
    /// What determines a key's slot besides its pilot; the formula is in `CKernels`.
    let function: valuation_hash
    let pilotCount: Int

    /// - Parameter bucketBits: at least 1.
    fileprivate init(slotCount: Int, bucketBits: Int, multiplier: UInt64) {
        pilotCount = 1 << bucketBits
        function = valuation_hash(
            multiplier: multiplier | 1, bucket_shift: UInt64(64 - bucketBits), slot_count: UInt64(slotCount))
    }

    /// A hash from a compiled file; nil if the file could not contain its table.
    init?(stored: valuation_hash, fileBytes: UInt64) {
        guard (24...63).contains(stored.bucket_shift), stored.slot_count > 0, stored.slot_count <= fileBytes else {
            return nil
        }
        function = stored
        pilotCount = 1 << Int(64 - stored.bucket_shift)
    }

    var slotCount: Int { Int(truncatingIfNeeded: function.slot_count) }

    /// The only possible slot of a key. - Complexity: O(1).
    @inline(__always)
    func place(of key: UInt64, _ pilots: UnsafePointer<UInt16>) -> Int {
        place(of: key, pilot: pilots[bucket(of: key)])
    }

    @inline(__always)
    fileprivate func bucket(of key: UInt64) -> Int {
        Int(truncatingIfNeeded: valuation_hash_bucket(function, key))
    }

    @inline(__always)
    fileprivate func place(of key: UInt64, pilot: UInt16) -> Int {
        Int(truncatingIfNeeded: valuation_hash_place(function, key, pilot))
    }
}

/// A perfect hash and its pilots, while an index is built.
struct PerfectHashBuilder: ~Copyable {
    private static let keysPerBucket = 5
    private static let maximumAttempts = 64
    /// More than chance explains: either many keys are equal, or the multiplier is a bad one.
    private static let largestBucket = 100

    private(set) var hash = PerfectHash(slotCount: 1, bucketBits: 1, multiplier: 1)
    private(set) var pilots = Buffer<UInt16>()
    /// The numbers of slots read and of multipliers tried.
    private(set) var steps = 0
    private(set) var attempts = 0

    /// - Parameter keys: equal ones share a slot.
    /// - Complexity: O(keys) expected, whatever the keys are.
    init(_ keys: borrowing Buffer<UInt64>) throws(Failure) {
        let digest = KeyDigest(keys)
        if try findPilots(keys, digest) { return }
        let distinct = try PerfectHashBuilder.distinct(keys)
        while attempts < PerfectHashBuilder.maximumAttempts {
            if try findPilots(distinct, digest) { return }
        }
        throw Failure(.limitExceeded, "The names hash too much alike to be told apart; rename some.")
    }

    private static func distinct(_ keys: borrowing Buffer<UInt64>) throws(Failure) -> Buffer<UInt64> {
        var known = KeyTable()
        var distinct = Buffer<UInt64>()
        for position in 0..<keys.count where known.find(keys[position]) == KeyTable.none {
            try known.insert(keys[position], 0)
            try distinct.append(keys[position])
        }
        return distinct
    }

    /// Tries the next multiplier, each time with somewhat more slots.
    private mutating func findPilots(_ keys: borrowing Buffer<UInt64>, _ digest: KeyDigest) throws(Failure) -> Bool {
        var bucketBits = 1
        while 1 << bucketBits * PerfectHashBuilder.keysPerBucket < keys.count { bucketBits += 1 }
        let slotCount = keys.count + keys.count / 10 + 1 + keys.count * attempts / 100
        hash = PerfectHash(slotCount: slotCount, bucketBits: bucketBits, multiplier: digest.number(attempts))
        attempts += 1
        return try findPilots(keys)
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

    /// Occupies slots for the keys of one bucket.
    private mutating func findPilot(_ keys: borrowing Buffer<UInt64>, _ range: Range<Int>, _ taken: inout Buffer<Bool>)
        -> UInt16?
    {
        for pilot in 0...UInt16.max {
            var position = range.lowerBound
            while position < range.upperBound {
                let place = hash.place(of: keys[position], pilot: pilot)
                steps &+= 1
                if taken[place] && !isRepeated(keys, position, from: range.lowerBound) { break }
                taken[place] = true
                position += 1
            }
            if position == range.upperBound { return pilot }
            for placed in range.lowerBound..<position { taken[hash.place(of: keys[placed], pilot: pilot)] = false }
        }
        return nil
    }

    /// Whether a key of a bucket occurs earlier in it.
    private func isRepeated(_ keys: borrowing Buffer<UInt64>, _ position: Int, from first: Int) -> Bool {
        for other in first..<position where keys[other] == keys[position] { return true }
        return false
    }
}
