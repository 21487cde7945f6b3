// SPDX-License-Identifier: Apache-2.0

/// Names to be iterated once, end to end in one buffer.
struct NameList: ~Copyable {
    private var texts = Buffer<UInt8>()

    mutating func append(_ name: Text) throws(Failure) {
        try texts.append(name)
        try texts.append(0)
    }

    func forEach(_ body: (Text) throws(Failure) -> Void) throws(Failure) {
        var start = 0
        while start < texts.count {
            let name = Text(cString: UnsafeRawPointer(texts.text.start + start).assumingMemoryBound(to: CChar.self))
            start += name.count + 1
            try body(name)
        }
    }
}
