// SPDX-License-Identifier: Apache-2.0

/// The source of the multipliers for a set of keys. Its numbers depend on every key of the set, so nobody can choose
/// keys to suit a multiplier: choosing them changes it. The same keys in the same order give the same numbers.
///
/// SipHash-2-4 without a secret (Aumasson & Bernstein, "SipHash: a fast short-input PRF", 2012): keys with a wanted
/// outcome can only be found by trial.
struct KeyDigest {
    private var v0: UInt64 = 0x736f_6d65_7073_6575
    private var v1: UInt64 = 0x646f_7261_6e64_6f6d
    private var v2: UInt64 = 0x6c79_6765_6e65_7261
    private var v3: UInt64 = 0x7465_6462_7974_6573

    init(_ keys: borrowing Buffer<UInt64>) {
        for position in 0..<keys.count { add(keys[position]) }
    }

    /// One of any number of derived numbers.
    func number(_ position: Int) -> UInt64 {
        var state = self
        state.add(UInt64(truncatingIfNeeded: position))
        state.v2 ^= 0xff
        for _ in 0..<4 { state.mix() }
        return state.v0 ^ state.v1 ^ state.v2 ^ state.v3
    }

    private mutating func add(_ word: UInt64) {
        v3 ^= word
        mix()
        mix()
        v0 ^= word
    }

    @inline(__always)
    private mutating func mix() {
        v0 &+= v1
        v1 = rotated(v1, 13) ^ v0
        v0 = rotated(v0, 32)
        v2 &+= v3
        v3 = rotated(v3, 16) ^ v2
        v0 &+= v3
        v3 = rotated(v3, 21) ^ v0
        v2 &+= v1
        v1 = rotated(v1, 17) ^ v2
        v2 = rotated(v2, 32)
    }

    @inline(__always)
    private func rotated(_ word: UInt64, _ bits: UInt64) -> UInt64 { word &<< bits | word &>> (64 &- bits) }
}
