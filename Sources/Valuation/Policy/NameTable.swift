// SPDX-License-Identifier: Apache-2.0

/// The numbers of names, found by their text: exact also where two names have one fingerprint.
struct NameTable: ~Copyable {
    private var numbers = KeyTable()

    /// - Parameter text: the name that has a number.
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

    /// Adds a name that is not there. - Complexity: O(name) amortised.
    mutating func insert(_ name: Text, _ number: Int) throws(Failure) {
        var key = fingerprint64(name)
        while numbers.find(key) != KeyTable.none { key = NameTable.next(key) }
        try numbers.insert(key, UInt32(number))
    }

    /// Where to look for a name whose fingerprint is another's, too.
    private static func next(_ key: UInt64) -> UInt64 { key &* 0x9e37_79b9_7f4a_7c15 &+ 1 }
}
