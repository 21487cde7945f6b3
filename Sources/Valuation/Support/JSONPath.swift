// SPDX-License-Identifier: Apache-2.0

/// The decoder's path in a document, as a stack of member names and indices; rendered only for an error.
struct JSONPath: ~Copyable {
    private struct Step {
        /// nil for an array's element.
        var name: UnsafePointer<UInt8>?
        /// Length of the name, or the element's index.
        var number: Int
    }

    private var steps = Buffer<Step>()

    /// The path of nested members.
    static func of(_ first: Text, _ second: Text, _ third: Text? = nil) throws(Failure) -> JSONPath {
        var path = JSONPath()
        try path.push(first)
        try path.push(second)
        if let third { try path.push(third) }
        return path
    }

    /// - Parameter name: must live until it is popped.
    @inline(never)
    mutating func push(_ name: Text) throws(Failure) {
        try steps.append(Step(name: name.start, number: name.count))
    }

    @inline(never)
    mutating func push(index: Int) throws(Failure) {
        try steps.append(Step(name: nil, number: index))
    }

    @inline(never)
    mutating func pop() {
        steps.truncate(steps.count &- 1)
    }

    @inline(never)
    mutating func pop(to depth: Int) {
        steps.truncate(depth)
    }

    /// Passes `body` the parts of the path's text, for example of `$.categorical.slot["12"]`.
    func write(_ body: (Text) -> Void) {
        body(Text("$"))
        for index in 0..<steps.count {
            let step = steps[index]
            guard let start = step.name else {
                body(Text("["))
                withDecimal(step.number, body)
                body(Text("]"))
                continue
            }
            let name = Text(start, step.number)
            if isIdentifier(name) {
                body(Text("."))
                body(name)
            } else {
                body(Text("[\""))
                writeEscaped(name, body)
                body(Text("\"]"))
            }
        }
    }

    private func isIdentifier(_ name: Text) -> Bool {
        if name.count == 0 { return false }
        for index in 0..<name.count {
            switch name[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
                continue
            case UInt8(ascii: "0")...UInt8(ascii: "9") where index > 0: continue
            default: return false
            }
        }
        return true
    }

    /// Quotes and backslashes get a backslash; control characters, which would break a line of a log, become "?".
    private func writeEscaped(_ name: Text, _ body: (Text) -> Void) {
        var plainFrom = 0
        for index in 0..<name.count {
            let byte = name[index]
            if byte >= 32 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") { continue }
            body(name.slice(plainFrom, index))
            body(byte < 32 ? Text("?") : byte == UInt8(ascii: "\"") ? Text("\\\"") : Text("\\\\"))
            plainFrom = index &+ 1
        }
        body(name.slice(plainFrom, name.count))
    }
}
