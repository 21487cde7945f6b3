// SPDX-License-Identifier: Apache-2.0

// Numbers as decimal text without an allocation. A number's `description` may make a String on the heap, which ends the
// process if there is no memory left.

/// Passes `body` the shortest text that reads back to the same number, without a trailing ".0".
func withDecimal<Number: TextOutputStreamable, Result>(_ number: Number, _ body: (Text) -> Result) -> Result {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { buffer in
        let start = buffer.baseAddress.unsafelyUnwrapped
        var writer = ASCIIWriter(start: start)
        number.write(to: &writer)
        var count = writer.count
        if count >= 2, start[count - 1] == UInt8(ascii: "0"), start[count - 2] == UInt8(ascii: ".") { count -= 2 }
        return body(Text(start, count))
    }
}

/// Passes `body` the digits of an integer.
func withDecimal<Result>(_ number: Int, _ body: (Text) -> Result) -> Result {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { buffer in
        let start = buffer.baseAddress.unsafelyUnwrapped
        var place = 20
        var rest = number.magnitude
        repeat {
            place &-= 1
            start[place] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        if number < 0 {
            place &-= 1
            start[place] = UInt8(ascii: "-")
        }
        return body(Text(start + place, 20 &- place))
    }
}

/// Collects what the standard library prints of a floating-point number: at most 24 bytes of ASCII.
private struct ASCIIWriter: TextOutputStream {
    let start: UnsafeMutablePointer<UInt8>
    var count = 0

    mutating func write(_ string: String) {
        for byte in string.utf8 { put(byte) }
    }

    mutating func _writeASCII(_ buffer: UnsafeBufferPointer<UInt8>) {
        for byte in buffer { put(byte) }
    }

    private mutating func put(_ byte: UInt8) {
        if count == 32 { return }
        start[count] = byte
        count &+= 1
    }
}
