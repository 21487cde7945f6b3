// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

@Suite struct JSONPathTests {
    private enum Step {
        case name(String)
        case index(Int)
    }

    private func text(of path: borrowing JSONPath) -> String {
        var text = ""
        path.write { text += $0.string }
        return text
    }

    /// The text of a path; the names lie in memory that lives as long as the path.
    private func text(_ steps: [Step]) throws -> String {
        var path = JSONPath()
        var memory: [UnsafeMutableBufferPointer<UInt8>] = []
        defer { memory.forEach { $0.deallocate() } }
        for step in steps {
            switch step {
            case .name(let name):
                let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: name.utf8.count)
                _ = copy.initialize(from: name.utf8)
                memory.append(copy)
                try path.push(Text(copy.baseAddress!, copy.count))
            case .index(let index): try path.push(index: index)
            }
        }
        return text(of: path)
    }

    @Test func theRootIsADollarSign() throws {
        #expect(try text([]) == "$")
    }

    @Test func anIdentifierFollowsADot() throws {
        #expect(try text([.name("self_test"), .name("A1")]) == "$.self_test.A1")
    }

    @Test func anythingElseIsQuotedInBrackets() throws {
        #expect(
            try text([.name("categorical"), .name("slot"), .name("12")]) == #"$.categorical.slot["12"]"#)
        #expect(try text([.name("")]) == #"$[""]"#)
        #expect(try text([.name("a b")]) == #"$["a b"]"#)
        #expect(try text([.name("größe")]) == #"$["größe"]"#)
    }

    @Test func quotesBackslashesAndControlCharactersDoNotBreakIt() throws {
        #expect(try text([.name("a\"b")]) == #"$["a\"b"]"#)
        #expect(try text([.name("a\\b")]) == #"$["a\\b"]"#)
        #expect(try text([.name("a\nb")]) == #"$["a?b"]"#)
    }

    @Test func anElementIsItsIndexInBrackets() throws {
        #expect(
            try text([.name("crosses"), .index(0), .name("weights"), .index(17)]) == "$.crosses[0].weights[17]")
    }

    @Test func poppingGoesBack() throws {
        var path = JSONPath()
        try path.push(Text("a"))
        try path.push(Text("b"))
        try path.push(index: 3)
        path.pop()
        #expect(text(of: path) == "$.a.b")
        path.pop(to: 0)
        #expect(text(of: path) == "$")
    }
}
