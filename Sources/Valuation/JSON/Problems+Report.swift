// SPDX-License-Identifier: Apache-2.0

/// Reporting problems of a document at the current path.
extension Problems {
    /// Starts a document. - Parameter line: the line of the document if the file has one document a line, otherwise 0.
    mutating func begin(line: UInt32) {
        path.pop(to: 0)
        self.line = line
    }

    /// The failure for a problem at the current path.
    @inline(never)
    func failure(_ status: Status, _ message: Message) -> Failure {
        note.setMessage(message)
        note.setJSONPath(path)
        var failure = Failure.noted(status)
        failure.line = line
        return failure
    }

    /// The same for a member of the object at the current path.
    @_disfavoredOverload @inline(never)
    mutating func failure(_ status: Status, at member: StaticString, _ message: Message) throws(Failure) -> Failure {
        try path.push(Text(member))
        defer { path.pop() }
        return failure(status, message)
    }

    /// Reports a problem at the current path.
    @_disfavoredOverload @inline(never)
    mutating func report(_ status: Status, _ message: Message) throws(Failure) {
        try report(failure(status, message))
    }

    /// Reports a problem with a member of the object at the current path.
    @_disfavoredOverload @inline(never)
    mutating func report(_ status: Status, at member: StaticString, _ message: Message) throws(Failure) {
        try report(try failure(status, at: member, message))
    }

    // The same with plain texts; a call of it takes few bytes of code.

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

    /// The failure for an object that has a member twice, at the second one. - Parameter start: the position of that
    /// name.
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
