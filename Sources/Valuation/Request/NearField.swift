// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// The known field that a misspelt name probably means.
///
/// An index has the keys of names and not the names. So every name that is one edit away is tried (Norvig, "How to
/// Write a Spelling Corrector", 2007): one ASCII letter too many, too few or replaced, or two letters swapped; in its
/// own spelling, and in lower case with underscores.
struct NearField: ~Copyable {
    /// Longer names are not tried.
    private static let maximumBytes = 64
    /// No letter; less than those that are tried.
    private static let none: UInt8 = 0x20

    /// The name that is being tried, and the name in lower case.
    private var room = Buffer<UInt8>()
    private var plainName = Buffer<UInt8>()

    /// - Parameters:
    ///   - name: as it is in JSON between its quotes.
    ///   - fields: those that a policy's releases know in addition to the index.
    /// - Returns: a known name, to be printed between quotes; valid until the next call.
    /// - Complexity: O(name²): some 190 keys for each letter.
    mutating func find(_ name: Text, in index: borrowing Index, _ fields: PolicyFields?) throws(Failure) -> Text? {
        if name.count > NearField.maximumBytes || name.contains(UInt8(ascii: "\\")) { return nil }
        try room.resize(NearField.maximumBytes + 1, filling: 0)
        for place in 0..<name.count { room[place] = NearField.plain(name[place]) }
        if isKnown(name.count, index, fields) { return room.text.slice(0, name.count) }
        var isPlain = true
        for place in 0..<name.count { isPlain = isPlain && room[place] == name[place] }
        if let found = try edited(name, index, fields) { return found }
        if isPlain { return nil }
        try plainName.resize(name.count, filling: 0)
        for place in 0..<name.count { plainName[place] = NearField.plain(name[place]) }
        return try edited(Text(UnsafePointer(plainName.base.unsafelyUnwrapped), name.count), index, fields)
    }

    /// A known name that is one edit away.
    private mutating func edited(
        _ name: Text, _ index: borrowing Index, _ fields: PolicyFields?
    ) throws(Failure) -> Text? {
        for letter in NearField.none...UInt8(ascii: "~")
        where letter != UInt8(ascii: "\"") && letter != UInt8(ascii: "\\") {
            for place in 0...name.count {
                for skipped in 0...min(1, name.count - place) {
                    let length = edit(name, place, letter, skipping: skipped)
                    if isKnown(length, index, fields) { return room.text.slice(0, length) }
                }
            }
        }
        return nil
    }

    /// Replaces a letter or inserts one. - Returns: the length of the text in `room`.
    private mutating func edit(_ name: Text, _ place: Int, _ letter: UInt8, skipping skipped: Int) -> Int {
        let start = room.base.unsafelyUnwrapped
        memcpy(start, name.start, place)
        start[place] = letter
        let end = letter == NearField.none ? place : place + 1
        memcpy(start + end, name.start + place + skipped, name.count - place - skipped)
        if letter == NearField.none && skipped == 0 && place > 0 && place < name.count {
            swap(&start[place - 1], &start[place])
        }
        return end + name.count - place - skipped
    }

    /// In lower case, with underscores as separators.
    private static func plain(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 32
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: " "): UInt8(ascii: "_")
        default: byte
        }
    }

    @inline(never)
    private func isKnown(_ length: Int, _ index: borrowing Index, _ fields: PolicyFields?) -> Bool {
        let key = index.secret.number(field: room.text.slice(0, length))
        let own = index.field(key)
        return own != nil || fields?.field(key, own: nil) != nil
    }
}
