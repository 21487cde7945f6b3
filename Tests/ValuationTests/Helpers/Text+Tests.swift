// SPDX-License-Identifier: Apache-2.0
@testable import Valuation

/// Lends bytes to the core as text, in memory of exactly their length, so that AddressSanitizer sees any read beyond
/// them.
func withText<Value: ~Copyable, Problem: Error>(
    _ bytes: some Collection<UInt8>, _ body: (Text) throws(Problem) -> Value
) throws(Problem) -> Value {
    let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
    defer { memory.deallocate() }
    _ = memory.initialize(from: bytes)
    return try body(Text(memory.baseAddress!, bytes.count))
}

/// Lends a string to the core as text.
func withText<Value: ~Copyable, Problem: Error>(
    _ string: String, _ body: (Text) throws(Problem) -> Value
) throws(Problem) -> Value {
    try withText(Array(string.utf8), body)
}

extension Text {
    var bytes: [UInt8] { Array(UnsafeBufferPointer(start: start, count: count)) }

    var string: String { String(decoding: bytes, as: UTF8.self) }
}

extension FileKind {
    static var json: FileKind { FileKind(name: Text("model.json"))! }
    static var lines: FileKind { FileKind(name: Text("models.jsonl"))! }
    static var packedJSON: FileKind { FileKind(name: Text("model.json.gz"))! }
    static var packedLines: FileKind { FileKind(name: Text("models.jsonl.gz"))! }
}
