// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// FarmHash Fingerprint64 (Google, 2014; `farmhashna::Hash64` of https://github.com/google/farmhash), the function
/// behind BigQuery's FARM_FINGERPRINT: a fixed 64-bit hash of a text, equal on every platform and in every version.
///
/// - Complexity: O(text), no allocation.
func fingerprint64(_ text: Text) -> UInt64 {
    text.count <= 64 ? shortFingerprint(text.start, text.count) : longFingerprint(JoinedText(text, .empty, .empty))
}

/// The fingerprint of the concatenation of three texts, without an allocation however long they are.
///
/// - Complexity: O(text).
func fingerprint64(_ first: Text, _ second: Text, _ third: Text) -> UInt64 {
    let joined = JoinedText(first, second, third)
    if joined.count > 64 { return longFingerprint(joined) }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { buffer in
        let bytes = buffer.baseAddress.unsafelyUnwrapped
        joined.copy(from: 0, count: joined.count, to: bytes)
        return shortFingerprint(bytes, joined.count)
    }
}

/// The same of two texts.
///
/// - Complexity: O(first + second).
func fingerprint64(_ first: Text, _ second: Text) -> UInt64 {
    let count = first.count &+ second.count
    if count > 64 { return longFingerprint(JoinedText(first, second, .empty)) }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { buffer in
        let bytes = buffer.baseAddress.unsafelyUnwrapped
        copyShort(first, to: bytes)
        copyShort(second, to: bytes + first.count)
        return shortFingerprint(bytes, count)
    }
}

/// Copies a few bytes without a call: as words, of which the last may overlap the one before.
@inline(__always)
private func copyShort(_ text: Text, to place: UnsafeMutablePointer<UInt8>) {
    if text.count < 8 {
        for index in 0..<text.count { place[index] = text[index] }
        return
    }
    let (source, target) = (UnsafeRawPointer(text.start), UnsafeMutableRawPointer(place))
    var offset = 0
    while offset < text.count &- 8 {
        let word = source.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        target.storeBytes(of: word, toByteOffset: offset, as: UInt64.self)
        offset &+= 8
    }
    let last = text.count &- 8
    target.storeBytes(
        of: source.loadUnaligned(fromByteOffset: last, as: UInt64.self), toByteOffset: last, as: UInt64.self)
}

/// A virtual concatenation of texts.
private struct JoinedText {
    let first: Text
    let second: Text
    let third: Text

    init(_ first: Text, _ second: Text, _ third: Text) {
        self.first = first
        self.second = second
        self.third = third
    }

    var count: Int { first.count &+ second.count &+ third.count }

    /// Copies the bytes `offset ..< offset + length`.
    @inline(__always)
    func copy(from offset: Int, count length: Int, to destination: UnsafeMutablePointer<UInt8>) {
        var cursor = Cursor(skipped: offset, wanted: length, destination: destination)
        cursor.take(first)
        cursor.take(second)
        cursor.take(third)
    }

    private struct Cursor {
        var skipped: Int
        var wanted: Int
        var destination: UnsafeMutablePointer<UInt8>

        @inline(__always)
        mutating func take(_ part: Text) {
            let from = min(skipped, part.count)
            let length = min(wanted, part.count &- from)
            memcpy(destination, part.start + from, length)
            skipped &-= from
            wanted &-= length
            destination += length
        }
    }
}

private let k0: UInt64 = 0xc3a5_c85c_97cb_3127
private let k1: UInt64 = 0xb492_b66f_be98_f273
private let k2: UInt64 = 0x9ae1_6a3b_2f90_404f

@inline(__always)
private func fetch64(_ bytes: UnsafePointer<UInt8>, _ offset: Int) -> UInt64 {
    UInt64(littleEndian: UnsafeRawPointer(bytes + offset).loadUnaligned(as: UInt64.self))
}

@inline(__always)
private func fetch32(_ bytes: UnsafePointer<UInt8>, _ offset: Int) -> UInt64 {
    UInt64(UInt32(littleEndian: UnsafeRawPointer(bytes + offset).loadUnaligned(as: UInt32.self)))
}

@inline(__always)
private func rotate(_ value: UInt64, _ shift: UInt64) -> UInt64 {
    (value &>> shift) | (value &<< (64 &- shift))
}

@inline(__always)
private func shiftMix(_ value: UInt64) -> UInt64 {
    value ^ (value &>> 47)
}

@inline(__always)
private func hashLength16(_ u: UInt64, _ v: UInt64, _ multiplier: UInt64) -> UInt64 {
    let a = shiftMix((u ^ v) &* multiplier)
    return shiftMix((v ^ a) &* multiplier) &* multiplier
}

@inline(__always)
private func multiplier(_ count: Int) -> UInt64 {
    k2 &+ UInt64(truncatingIfNeeded: count) &* 2
}

private func shortFingerprint(_ s: UnsafePointer<UInt8>, _ count: Int) -> UInt64 {
    let length = UInt64(truncatingIfNeeded: count)
    let multiplier = multiplier(count)
    switch count {
    case 0:
        return k2
    case 1...3:
        let y = UInt64(s[0]) &+ UInt64(s[count &>> 1]) &<< 8
        let z = length &+ UInt64(s[count &- 1]) &<< 2
        return shiftMix(y &* k2 ^ z &* k0) &* k2
    case 4...7:
        return hashLength16(length &+ fetch32(s, 0) &<< 3, fetch32(s, count &- 4), multiplier)
    case 8...16:
        let a = fetch64(s, 0) &+ k2
        let last = fetch64(s, count &- 8)
        let c = rotate(last, 37) &* multiplier &+ a
        let d = (rotate(a, 25) &+ last) &* multiplier
        return hashLength16(c, d, multiplier)
    case 17...32:
        let a = fetch64(s, 0) &* k1
        let b = fetch64(s, 8)
        let c = fetch64(s, count &- 8) &* multiplier
        let d = fetch64(s, count &- 16) &* k2
        return hashLength16(
            rotate(a &+ b, 43) &+ rotate(c, 30) &+ d, a &+ rotate(b &+ k2, 18) &+ c, multiplier)
    default:
        let a = fetch64(s, 0) &* k2
        let b = fetch64(s, 8)
        let c = fetch64(s, count &- 8) &* multiplier
        let d = fetch64(s, count &- 16) &* k2
        let y = rotate(a &+ b, 43) &+ rotate(c, 30) &+ d
        let z = hashLength16(y, a &+ rotate(b &+ k2, 18) &+ c, multiplier)
        let e = fetch64(s, 16) &* multiplier
        let f = fetch64(s, 24)
        let g = (y &+ fetch64(s, count &- 32)) &* multiplier
        let h = (z &+ fetch64(s, count &- 24)) &* multiplier
        return hashLength16(
            rotate(e &+ f, 43) &+ rotate(g, 30) &+ h, e &+ rotate(f &+ a, 18) &+ g, multiplier)
    }
}

/// The 56 bytes of state into which a text of more than 64 bytes is folded, 64 bytes a step.
private struct LongState {
    var x: UInt64
    var y: UInt64
    var z: UInt64
    var v: (UInt64, UInt64) = (0, 0)
    var w: (UInt64, UInt64) = (0, 0)

    @inline(__always)
    static func weakHash(_ s: UnsafePointer<UInt8>, _ first: UInt64, _ second: UInt64) -> (UInt64, UInt64) {
        let z = fetch64(s, 24)
        var a = first &+ fetch64(s, 0)
        var b = rotate(second &+ a &+ z, 21)
        let c = a
        a = a &+ fetch64(s, 8) &+ fetch64(s, 16)
        b = b &+ rotate(a, 44)
        return (a &+ z, b &+ c)
    }

    /// One step; `factor` is 1 in the loop and 9 in the last one.
    @inline(__always)
    mutating func mix(_ s: UnsafePointer<UInt8>, multiplier: UInt64, factor: UInt64) {
        x = rotate(x &+ y &+ v.0 &+ fetch64(s, 8), 37) &* multiplier
        y = rotate(y &+ v.1 &+ fetch64(s, 48), 42) &* multiplier
        x ^= w.1 &* factor
        y = y &+ v.0 &* factor &+ fetch64(s, 40)
        z = rotate(z &+ w.0, 33) &* multiplier
        v = LongState.weakHash(s, v.1 &* multiplier, x &+ w.0)
        w = LongState.weakHash(s + 32, z &+ w.1, y &+ fetch64(s, 16))
        (z, x) = (x, z)
    }
}

private func longFingerprint(_ text: JoinedText) -> UInt64 {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { buffer in
        let block = buffer.baseAddress.unsafelyUnwrapped
        let count = text.count
        let seed: UInt64 = 81
        let y = seed &* k1 &+ 113
        text.copy(from: 0, count: 64, to: block)
        var state = LongState(
            x: seed &* k2 &+ fetch64(block, 0), y: y, z: shiftMix(y &* k2 &+ 113) &* k2)
        let end = (count &- 1) / 64 &* 64
        var offset = 0
        while offset < end {
            text.copy(from: offset, count: 64, to: block)
            state.mix(block, multiplier: k1, factor: 1)
            offset &+= 64
        }
        let multiplier = k1 &+ (state.z & 0xff) &<< 1
        text.copy(from: count &- 64, count: 64, to: block)
        state.w.0 = state.w.0 &+ UInt64(truncatingIfNeeded: (count &- 1) & 63)
        state.v.0 = state.v.0 &+ state.w.0
        state.w.0 = state.w.0 &+ state.v.0
        state.mix(block, multiplier: multiplier, factor: 9)
        return hashLength16(
            hashLength16(state.v.0, state.w.0, multiplier) &+ shiftMix(state.y) &* k0 &+ state.z,
            hashLength16(state.v.1, state.w.1, multiplier) &+ state.x, multiplier)
    }
}
