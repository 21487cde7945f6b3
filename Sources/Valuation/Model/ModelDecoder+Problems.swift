// SPDX-License-Identifier: Apache-2.0

/// Reporting the problems of a document, and the checks that all its parts share.
extension ModelDecoder {
    /// Reports a problem at the decoder's current path.
    @_disfavoredOverload @inline(never)
    mutating func report(_ status: Status, _ message: Message, _ problems: inout Problems) throws(Failure) {
        problems.note.setMessage(message)
        problems.note.setJSONPath(path)
        var failure = Failure.noted(status)
        failure.line = line
        try problems.report(failure)
    }

    /// Reports a problem with a member of the object at the decoder's current path.
    @_disfavoredOverload @inline(never)
    mutating func report(
        _ status: Status, at member: StaticString, _ message: Message, _ problems: inout Problems
    ) throws(Failure) {
        try path.push(Text(member))
        try report(status, message, &problems)
        path.pop()
    }

    /// The same with plain texts; a call of it takes few bytes of code.
    @inline(never)
    mutating func report(_ status: Status, _ message: StaticString, _ problems: inout Problems) throws(Failure) {
        try report(status, "\(message)", &problems)
    }

    @inline(never)
    mutating func report(
        _ status: Status, at member: StaticString, _ message: StaticString, _ problems: inout Problems
    ) throws(Failure) {
        try report(status, at: member, "\(message)", &problems)
    }

    /// The failure for an object that has a member twice, at the second one. - Parameter start: the position of that
    /// name.
    @inline(never)
    mutating func twice(
        _ name: Text, _ text: Text, at start: Int, _ problems: borrowing Problems
    ) throws(Failure) -> Failure {
        problems.note.setMessage("The object has a member \"\(name)\" already; keep one.")
        try path.push(name)
        problems.note.setJSONPath(path)
        path.pop()
        let place = JSONCursor(text).failure(.duplicateKey, "", at: start)
        var failure = Failure.noted(.duplicateKey)
        (failure.line, failure.column) = (place.line, place.column)
        return failure
    }

    /// Whether a field's name is valid; reports it if not.
    mutating func checkField(_ field: Text, _ problems: inout Problems) throws(Failure) -> Bool {
        if field.count == 0 || field.count > ModelDecoder.maximumFieldBytes {
            try report(.invalidValue, "A field's name has 1 to 255 bytes.", &problems)
            return false
        }
        if field.contains(UInt8(ascii: "=")) {
            try report(.invalidValue, "A field's name holds no \"=\"; rename the field.", &problems)
            return false
        }
        return true
    }

    /// Whether a category's value is valid; reports it if not.
    mutating func checkValue(_ value: Text, _ problems: inout Problems) throws(Failure) -> Bool {
        if value.count <= ModelDecoder.maximumValueBytes { return true }
        try report(.limitExceeded, "A value is longer than 1,024 bytes; shorten or hash it.", &problems)
        return false
    }

    /// Unknown members are for future versions. One that is almost a known optional member is a typing error that would
    /// otherwise go unnoticed. - Parameter object: at the object's "{".
    mutating func refuseMisspeltMembers(
        _ object: JSONCursor, _ known: OptionalMember, _ problems: inout Problems
    ) throws(Failure) {
        var cursor = object
        guard cursor.enter(closing: UInt8(ascii: "}")) else { return }
        repeat {
            let member = try cursor.memberName().decoded(into: &scratch)
            if let intended = known.misspelt(member) {
                try path.push(member)
                try report(.invalidValue, "Unknown member; did you mean \"\(intended)\"?", &problems)
                path.pop()
            }
            _ = try cursor.skipValue()
        } while try cursor.nextElement(closing: UInt8(ascii: "}"))
    }
}
