// SPDX-License-Identifier: Apache-2.0
@testable import Valuation

/// A document of a model file and the line on which it begins.
struct ReadDocument: Equatable {
    var bytes: [UInt8]
    var line: UInt32
}

/// The documents of a model file in memory.
func documents(of bytes: some Collection<UInt8>, _ kind: FileKind) throws(Failure) -> [ReadDocument] {
    try withText(bytes) { text throws(Failure) in
        var reader = try DocumentReader(source: ByteSource(memory: text), kind: kind)
        return try documents(of: &reader)
    }
}

/// The documents of a model file on disk.
func documents(ofFile path: String, _ kind: FileKind) throws(Failure) -> [ReadDocument] {
    try withText(path + "\0") { path throws(Failure) in
        let cString = UnsafeRawPointer(path.start).assumingMemoryBound(to: CChar.self)
        var reader = try DocumentReader(source: try ByteSource(path: cString), kind: kind)
        return try documents(of: &reader)
    }
}

private func documents(of reader: inout DocumentReader) throws(Failure) -> [ReadDocument] {
    var documents: [ReadDocument] = []
    var remaining = UInt64.max
    while let document = try reader.next(remaining: &remaining) {
        documents.append(ReadDocument(bytes: document.text.bytes, line: document.firstLine))
    }
    return documents
}
