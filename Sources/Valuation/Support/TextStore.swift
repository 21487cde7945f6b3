// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Texts that live as long as their owner, end to end in one buffer.
struct TextStore: ~Copyable {
    private var bytes = Buffer<UInt8>()

    /// All texts end to end.
    var all: Text { bytes.text }

    var byteCount: Int { bytes.count }

    /// Valid until the next text is kept.
    @inline(__always)
    subscript(name: valuation_name) -> Text { all.slice(Int(name.start), Int(name.end)) }

    /// - Complexity: O(text) amortised.
    mutating func keep(_ text: Text) throws(Failure) -> valuation_name {
        guard let end = UInt32(exactly: bytes.count &+ text.count) else {
            throw Failure(.limitExceeded, "The names have more than 4,294,967,295 bytes; load fewer models.")
        }
        let start = UInt32(truncatingIfNeeded: bytes.count)
        try bytes.append(text)
        return valuation_name(start: start, end: end)
    }

    /// Removes all texts and keeps the memory.
    mutating func removeAll() {
        bytes.removeAll()
    }
}
