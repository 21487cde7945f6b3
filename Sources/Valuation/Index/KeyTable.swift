// SPDX-License-Identifier: Apache-2.0

/// A growing map from fingerprints to small numbers, for building: open addressing, linear probing, at most half full.
struct KeyTable: ~Copyable {
    static let none = UInt32.max

    private struct Slot {
        var key: UInt64
        var value: UInt32
    }

    private var slots = Buffer<Slot>()
    private(set) var count = 0

    /// The number of `key`, or `none`. - Complexity: O(1) expected.
    func find(_ key: UInt64) -> UInt32 {
        slots.count == 0 ? KeyTable.none : slots[place(of: key)].value
    }

    /// Adds a key that is not there. - Complexity: O(1) amortised.
    mutating func insert(_ key: UInt64, _ value: UInt32) throws(Failure) {
        if (count &+ 1) &* 2 > slots.count { try grow() }
        slots[place(of: key)] = Slot(key: key, value: value)
        count &+= 1
    }

    /// Forgets every key and keeps the memory. - Complexity: O(keys there were at most).
    mutating func removeAll() {
        for index in 0..<slots.count { slots[index].value = KeyTable.none }
        count = 0
    }

    private func place(of key: UInt64) -> Int {
        let mask = slots.count &- 1
        var index = Int(truncatingIfNeeded: key) & mask
        while slots[index].value != KeyTable.none && slots[index].key != key { index = (index &+ 1) & mask }
        return index
    }

    private mutating func grow() throws(Failure) {
        var larger = KeyTable()
        try larger.slots.resize(max(64, slots.count &* 2), filling: Slot(key: 0, value: KeyTable.none))
        for index in 0..<slots.count where slots[index].value != KeyTable.none {
            larger.slots[larger.place(of: slots[index].key)] = slots[index]
        }
        larger.count = count
        self = larger
    }
}
