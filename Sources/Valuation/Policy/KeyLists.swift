// SPDX-License-Identifier: Apache-2.0

/// Finds out whether a name is in a scope's list, with one lookup, however long the list is.
struct KeyLists: ~Copyable {
    private static let vacant = UInt32.max

    /// The keys of all lists, list by list.
    private(set) var keys = Buffer<UInt64>()
    /// For each list a separate hash table, with linear probing, twice as large: the table of the keys from `start` to
    /// `end` goes from 2 × `start` to 2 × `end`. It has indices of `keys`.
    private var slots = Buffer<UInt32>()

    var count: Int { keys.count }

    @inline(__always)
    subscript(position: Int) -> UInt64 { keys[position] }

    /// Adds a key to the list that is being built.
    mutating func append(_ key: UInt64) throws(Failure) {
        try keys.append(key)
    }

    /// Finishes the list of the keys from `start` on; the next one begins after it. - Complexity: O(keys) expected.
    mutating func finishList(from start: Int) throws(Failure) -> PolicyDocument.Part {
        let list = PolicyDocument.Part(start: start, end: keys.count)
        try slots.resize(2 * keys.count, filling: KeyLists.vacant)
        for position in list.range { slots[place(of: keys[position], in: list)] = UInt32(position) }
        return list
    }

    /// - Complexity: O(1) expected.
    @inline(__always)
    func contains(_ list: PolicyDocument.Part, _ key: UInt64) -> Bool {
        !list.isEmpty && slots[place(of: key, in: list)] != KeyLists.vacant
    }

    /// The slot of a key of a list, or the slot for it.
    private func place(of key: UInt64, in list: PolicyDocument.Part) -> Int {
        let (first, count) = (2 &* list.start, 2 &* list.count)
        let mixed = key &* 0x9e37_79b9_7f4a_7c15
        var place = Int(truncatingIfNeeded: mixed.multipliedFullWidth(by: UInt64(truncatingIfNeeded: count)).high)
        while true {
            let position = slots[first &+ place]
            if position == KeyLists.vacant || keys[Int(position)] == key { return first &+ place }
            place = place &+ 1 == count ? 0 : place &+ 1
        }
    }
}
