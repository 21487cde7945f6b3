// SPDX-License-Identifier: Apache-2.0

/// The start of each field's features in the current object, and the flags of its value: for repeated members, of which
/// the last one counts.
///
/// - Complexity: O(1) expected for a field, however many there are.
struct FieldRecords: ~Copyable {
    private struct Record {
        var key: UInt64
        var start: Int
        var flags: Flags
        /// Its name between its quotes, as written with the value that has `flags`.
        var name = Text.empty
    }

    /// Up to this many are searched linearly.
    private static let few = 16

    private var records = Buffer<Record>()
    /// The records by their keys; used if there are more than a few.
    private var table = KeyTable()

    var isEmpty: Bool { records.count == 0 }

    mutating func removeAll() {
        records.removeAll()
        if table.count > 0 { table.removeAll() }
    }

    /// Stores the start of a field's features. - Returns: the former start, if the field has occurred before.
    mutating func update(_ key: UInt64, start: Int) throws(Failure) -> Int? {
        guard let found = find(key) else {
            try add(Record(key: key, start: start, flags: []))
            return nil
        }
        let former = records[found].start
        records[found].start = start
        records[found].flags = []
        return former < 0 ? nil : former
    }

    /// Stores the start of the features of a field that may have only flags so far.
    mutating func setStart(_ key: UInt64, _ start: Int) throws(Failure) {
        if let found = find(key) {
            records[found].start = start
        } else {
            try add(Record(key: key, start: start, flags: []))
        }
    }

    /// Sets the flags of a field's last value. - Parameter name: the field's, between its quotes.
    mutating func setFlags(_ key: UInt64, _ flags: Flags, _ name: Text) throws(Failure) {
        if let found = find(key) {
            (records[found].flags, records[found].name) = (flags, name)
        } else if !flags.isEmpty {
            try add(Record(key: key, start: -1, flags: flags, name: name))
        }
    }

    var count: Int { records.count }

    /// A field's name between its quotes, and the flags of its last value; the name is empty if the field never had
    /// any.
    subscript(position: Int) -> (name: Text, flags: Flags) { (records[position].name, records[position].flags) }

    /// The flags of all fields together.
    var flags: Flags {
        var flags = Flags()
        for position in 0..<records.count { flags.formUnion(records[position].flags) }
        return flags
    }

    @_optimize(speed)
    private func find(_ key: UInt64) -> Int? {
        if records.count > FieldRecords.few {
            let found = table.find(key)
            return found == KeyTable.none ? nil : Int(found)
        }
        for position in 0..<records.count where records[position].key == key { return position }
        return nil
    }

    @_optimize(speed)
    private mutating func add(_ record: Record) throws(Failure) {
        try records.append(record)
        let count = records.count
        if count <= FieldRecords.few { return }
        // The first ones are added to the table together.
        for position in (count == FieldRecords.few + 1 ? 0 : count &- 1)..<count {
            try table.insert(records[position].key, UInt32(truncatingIfNeeded: position))
        }
    }
}
