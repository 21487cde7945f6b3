// SPDX-License-Identifier: Apache-2.0

/// A copy of a text followed by a NUL byte, as the C library wants names.
struct CString: ~Copyable {
    private var bytes = Buffer<UInt8>()

    /// Throws if the text contains a NUL byte.
    @inline(never)
    init(_ text: Text) throws(Failure) {
        if text.contains(0) { throw Failure(.invalidArgument, "A name holds a NUL byte.") }
        try bytes.append(text)
        try bytes.append(0)
    }

    /// The parts as one path, with a slash between them.
    @inline(never)
    init(path folder: Text, _ name: Text) throws(Failure) {
        try bytes.append(path: folder, name)
    }

    /// Valid while the value lives.
    var start: UnsafePointer<CChar> { bytes.text.characters }

    var text: Text { bytes.text.slice(0, bytes.count - 1) }
}
