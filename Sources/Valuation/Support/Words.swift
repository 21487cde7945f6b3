// SPDX-License-Identifier: Apache-2.0

extension Text {
    /// The words of the text, separated by single spaces.
    var words: Words { Words(text: self) }
}

struct Words: Sequence, IteratorProtocol {
    let text: Text
    private var start = 0

    init(text: Text) {
        self.text = text
    }

    mutating func next() -> Text? {
        if start >= text.count { return nil }
        var end = start
        while end < text.count && text[end] != UInt8(ascii: " ") { end &+= 1 }
        defer { start = end &+ 1 }
        return text.slice(start, end)
    }

    /// - Complexity: O(text).
    subscript(position: Int) -> Text {
        var left = position
        for word in self {
            if left == 0 { return word }
            left &-= 1
        }
        return .empty
    }

    /// The position of a word among them; nil if it is none of them. - Complexity: O(text).
    func position(of word: Text) -> Int? {
        var position = 0
        for other in self {
            if other == word { return position }
            position &+= 1
        }
        return nil
    }
}
