// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// A growing map from keys to small numbers, for building: open addressing, linear probing, at most half full.
///
/// The slot of a key depends on numbers that nobody outside the process knows, so nobody can choose keys that collide.
/// What is built does not depend on the slots.
struct KeyTable: ~Copyable {
    static let none = UInt32.max

    private struct Slot {
        var key: UInt64
        var value: UInt32
    }

    private var slots = Buffer<Slot>()
    /// Not drawn yet if the multiplier is 0.
    private var salt = valuation_salt(offset: 0, multiplier: 0)
    private var shift: UInt64 = 0
    private(set) var count = 0

    init() {}

    /// A table with a given salt, for tests; its multiplier is odd.
    init(salt: valuation_salt) {
        self.salt = salt
    }

    /// The number of allocated slots.
    var slotCount: Int { slots.count }

    /// The number of `key`, or `none`. - Complexity: O(1) expected, whatever the keys are.
    @_optimize(speed)
    func find(_ key: UInt64) -> UInt32 {
        slots.count == 0 ? KeyTable.none : slots[place(of: key)].value
    }

    /// Adds a key that is not in the table. - Complexity: O(1) amortised.
    @_optimize(speed)
    mutating func insert(_ key: UInt64, _ value: UInt32) throws(Failure) {
        if (count &+ 1) &* 2 > slots.count { try grow() }
        slots[place(of: key)] = Slot(key: key, value: value)
        count &+= 1
    }

    /// Removes every key. It keeps the memory, unless there is too much to clear again and again for a few keys.
    ///
    /// - Complexity: O(number of keys).
    @_optimize(speed)
    mutating func removeAll() {
        if slots.count > max(1024, 16 &* count) { slots = Buffer() }
        for index in 0..<slots.count { slots[index].value = KeyTable.none }
        count = 0
    }

    /// How many slots are read to find a key. - Precondition: the table is not empty.
    func steps(toFind key: UInt64) -> Int {
        (place(of: key) &- home(of: key)) & (slots.count &- 1) &+ 1
    }

    private func place(of key: UInt64) -> Int {
        let mask = slots.count &- 1
        var index = home(of: key)
        while slots[index].value != KeyTable.none && slots[index].key != key { index = (index &+ 1) & mask }
        return index
    }

    /// The first slot to read. Both halves of the product count: keys that differ only in their highest bits differ in
    /// few bits of the lower half. The second multiplication carries the lowest bits to those that are kept.
    private func home(of key: UInt64) -> Int {
        let (high, low) = (key ^ salt.offset).multipliedFullWidth(by: salt.multiplier)
        return Int(truncatingIfNeeded: ((high ^ low) &* 0x9e37_79b9_7f4a_7c15) &>> shift)
    }

    private mutating func grow() throws(Failure) {
        var larger = KeyTable(salt: salt.multiplier == 0 ? valuation_platform_salt() : salt)
        try larger.slots.resize(max(64, slots.count &* 2), filling: Slot(key: 0, value: KeyTable.none))
        larger.shift = UInt64(larger.slots.count.leadingZeroBitCount &+ 1)
        for index in 0..<slots.count where slots[index].value != KeyTable.none {
            larger.slots[larger.place(of: slots[index].key)] = slots[index]
        }
        larger.count = count
        self = larger
    }
}
