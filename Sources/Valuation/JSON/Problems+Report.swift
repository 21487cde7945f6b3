// SPDX-License-Identifier: Apache-2.0

/// Telling what is wrong at the place in a document at which its reader stands.
extension Problems {
    /// Begins with a document. - Parameter line: the one that it is on where a file has a document a line, otherwise 0.
    mutating func begin(line: UInt32) {
        path.pop(to: 0)
        self.line = line
    }

    /// What is to be thrown of what stands at the present place.
    @inline(never)
    func failure(_ status: Status, _ message: Message) -> Failure {
        note.setMessage(message)
        note.setJSONPath(path)
        var failure = Failure.noted(status)
        failure.line = line
        return failure
    }

    /// The same of a member of the object at the present place.
    @_disfavoredOverload @inline(never)
    mutating func failure(_ status: Status, at member: StaticString, _ message: Message) throws(Failure) -> Failure {
        try path.push(Text(member))
        defer { path.pop() }
        return failure(status, message)
    }

    /// Reports a problem at the present place.
    @_disfavoredOverload @inline(never)
    mutating func report(_ status: Status, _ message: Message) throws(Failure) {
        try report(failure(status, message))
    }

    /// Reports a problem with a member of the object at the present place.
    @_disfavoredOverload @inline(never)
    mutating func report(_ status: Status, at member: StaticString, _ message: Message) throws(Failure) {
        try report(try failure(status, at: member, message))
    }

    // The same of plain texts, of which a call is a few bytes of code.

    @inline(never)
    mutating func failure(_ status: Status, at member: StaticString, _ message: StaticString) throws(Failure) -> Failure
    {
        try failure(status, at: member, "\(message)")
    }

    @inline(never)
    mutating func report(_ status: Status, _ message: StaticString) throws(Failure) {
        try report(status, "\(message)")
    }

    @inline(never)
    mutating func report(_ status: Status, at member: StaticString, _ message: StaticString) throws(Failure) {
        try report(status, at: member, "\(message)")
    }

    /// What is thrown of an object that has a member twice, where it comes again. - Parameter start: where that name stands.
    @inline(never)
    mutating func twice(_ name: Text, _ text: Text, at start: Int) throws(Failure) -> Failure {
        try path.push(name)
        defer { path.pop() }
        var failure = failure(.duplicateKey, "The object has a member \"\(name)\" already; keep one.")
        let place = JSONCursor(text).failure(.duplicateKey, "", at: start)
        (failure.line, failure.column) = (place.line, place.column)
        return failure
    }
}
