// SPDX-License-Identifier: Apache-2.0

/// The checks that are the same in all parts of a document.
extension ModelDecoder {
    /// Whether a field's name is valid; reports it if not.
    mutating func checkField(_ field: Text, _ problems: inout Problems) throws(Failure) -> Bool {
        if field.count == 0 || field.count > ModelDecoder.maximumFieldBytes {
            try problems.report(.invalidValue, "A field's name has 1 to 255 bytes.")
            return false
        }
        if field.contains(UInt8(ascii: "=")) {
            try problems.report(.invalidValue, "A field's name holds no \"=\"; rename the field.")
            return false
        }
        return true
    }

    /// Whether a category's value is valid; reports it if not.
    mutating func checkValue(_ value: Text, _ problems: inout Problems) throws(Failure) -> Bool {
        if value.count <= ModelDecoder.maximumValueBytes { return true }
        try problems.report(.limitExceeded, "A value is longer than 1,024 bytes; shorten or hash it.")
        return false
    }

    /// Unknown members are for future versions. One that is almost a known optional member is a typing error that would
    /// otherwise go unnoticed. - Parameter object: at the object's "{".
    mutating func refuseMisspeltMembers(
        _ object: JSONCursor, _ known: OptionalMembers, _ problems: inout Problems
    ) throws(Failure) {
        var cursor = object
        guard cursor.enter(closing: UInt8(ascii: "}")) else { return }
        repeat {
            let member = try cursor.memberName().decoded(into: &scratch)
            if let intended = known.misspelt(member) {
                try problems.path.push(member)
                try problems.report(.invalidValue, "Unknown member; did you mean \"\(intended)\"?")
                problems.path.pop()
            }
            _ = try cursor.skipValue()
        } while try cursor.nextElement(closing: UInt8(ascii: "}"))
    }
}
