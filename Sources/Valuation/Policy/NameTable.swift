// SPDX-License-Identifier: Apache-2.0

/// The numbers of names, found by their text: exact even if two names have one fingerprint.
struct NameTable: ~Copyable {
    private var numbers = KeyTable()

    /// - Parameter text: the name with a number.
    /// - Complexity: O(name).
    func find(_ name: Text, _ text: (Int) -> Text) -> Int? {
        var key = fingerprint64(name)
        while true {
            let number = numbers.find(key)
            if number == KeyTable.none { return nil }
            if text(Int(number)) == name { return Int(number) }
            key = NameTable.next(key)
        }
    }

    /// Adds a new name. - Complexity: O(name) amortised.
    mutating func insert(_ name: Text, _ number: Int) throws(Failure) {
        var key = fingerprint64(name)
        while numbers.find(key) != KeyTable.none { key = NameTable.next(key) }
        try numbers.insert(key, UInt32(number))
    }

    /// The next key to try for a name whose fingerprint is also another one's.
    private static func next(_ key: UInt64) -> UInt64 { key &* 0x9e37_79b9_7f4a_7c15 &+ 1 }
}
