// SPDX-License-Identifier: Apache-2.0

/// The names seen in an object: finds one that occurs twice.
struct NameSet: ~Copyable {
    private var table = KeyTable()
    private var names = Buffer<Text>()

    mutating func removeAll() {
        table.removeAll()
        names.removeAll()
    }

    /// Adds a name, which must live as long as the set. Returns false if the set has it already.
    mutating func insert(_ name: Text, key: UInt64) throws(Failure) -> Bool {
        let found = table.find(key)
        if found != KeyTable.none { return names[Int(found)] != name }
        try table.insert(key, UInt32(truncatingIfNeeded: names.count))
        try names.append(name)
        return true
    }
}
