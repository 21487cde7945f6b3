// SPDX-License-Identifier: Apache-2.0

/// The strings of one document, decoded if they have escapes. They live as long as the document, of which most are
/// parts.
struct DecodedStrings: ~Copyable {
    private var bytes = Buffer<UInt8>()
    private var limit = 0

    /// Removes all strings and reserves memory for those of a document. Each string may be requested once.
    mutating func begin(_ document: Text) {
        bytes.removeAll()
        limit = document.count
    }

    @inline(always)
    mutating func text(_ raw: RawString) throws(Failure) -> Text {
        raw.hasEscapes ? try decode(raw) : raw.body
    }

    @inline(never)
    private mutating func decode(_ raw: RawString) throws(Failure) -> Text {
        // No text is longer than its escapes, so the buffer never grows and returned texts never move.
        try bytes.reserve(limit)
        let start = bytes.count
        try raw.decodeEscapes(behind: &bytes)
        return bytes.text.slice(start, bytes.count)
    }
}
