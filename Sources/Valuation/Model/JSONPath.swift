// SPDX-License-Identifier: Apache-2.0

/// Where in a document the decoder stands, as a stack of member names and indices; rendered only when something is wrong.
struct JSONPath: ~Copyable {
    private struct Step {
        /// nil for an array's element.
        var name: UnsafePointer<UInt8>?
        /// Length of the name, or the element's index.
        var number: Int
    }

    private var steps = Buffer<Step>()

    var depth: Int { steps.count }

    /// - Parameter name: must live until it is popped.
    mutating func push(_ name: Text) throws(Failure) {
        try steps.append(Step(name: name.start, number: name.count))
    }

    mutating func push(index: Int) throws(Failure) {
        try steps.append(Step(name: nil, number: index))
    }

    mutating func pop() {
        steps.truncate(steps.count &- 1)
    }

    mutating func pop(to depth: Int) {
        steps.truncate(depth)
    }

    /// For example `$.categorical.slot["12"]`.
    var text: String {
        var text = "$"
        for index in 0..<steps.count {
            let step = steps[index]
            if let start = step.name {
                let name = Text(start, step.number)
                text += isIdentifier(name) ? ".\(name.string)" : "[\"\(escaped(name))\"]"
            } else {
                text += "[\(step.number)]"
            }
        }
        return text
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

    private func escaped(_ name: Text) -> String {
        var buffer = Buffer<UInt8>()
        for index in 0..<name.count {
            let byte = name[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { try? buffer.append(UInt8(ascii: "\\")) }
            try? buffer.append(byte < 32 ? UInt8(ascii: "?") : byte)
        }
        return buffer.text.string
    }
}
