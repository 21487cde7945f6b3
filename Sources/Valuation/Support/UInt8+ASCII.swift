// SPDX-License-Identifier: Apache-2.0

extension UInt8 {
    /// A character's byte. It hides the standard library's initializer, whose call is not always inlined. The character
    /// must be of ASCII, as all literals of the core are.
    @inline(__always)
    init(ascii character: Unicode.Scalar) { self.init(truncatingIfNeeded: character.value) }
}
