// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// A list of names, end to end in one buffer, each followed by a NUL byte.
struct NameList: ~Copyable {
    private var texts = Buffer<UInt8>()
    private var starts = Buffer<Int>()

    var count: Int { starts.count }

    /// Valid until the list changes.
    subscript(position: Int) -> Text { Text(cString: cString(position)) }

    /// The name for the C library; valid until the list changes.
    func cString(_ position: Int) -> UnsafePointer<CChar> {
        texts.text.characters + starts[position]
    }

    /// - Parameter folder: the folder before the name, with a slash between them; empty for none.
    mutating func append(folder: Text = .empty, _ name: Text) throws(Failure) {
        try starts.append(texts.count)
        try texts.append(path: folder, name)
    }

    mutating func removeAll() {
        texts.removeAll()
        starts.removeAll()
    }

    mutating func removeLast() {
        let last = starts.count - 1
        texts.truncate(starts[last])
        starts.truncate(last)
    }

    func forEach(_ body: (Text) throws(Failure) -> Void) throws(Failure) {
        for position in 0..<count { try body(self[position]) }
    }

    /// Sorts by bytes. - Complexity: O(count × log count).
    mutating func sort() {
        let texts = texts.text.start
        Heap.sort(starts.elements) { first, second in
            strcmp(UnsafeRawPointer(texts + first), UnsafeRawPointer(texts + second)) > 0
        }
    }
}

extension Buffer where Element == UInt8 {
    /// Appends a folder, a slash, a name and a NUL byte.
    mutating func append(path folder: Text, _ name: Text) throws(Failure) {
        if folder.count > 0 {
            try append(folder)
            if folder[folder.count - 1] != UInt8(ascii: "/") { try append("/") }
        }
        try append(name)
        try append(0)
    }
}
