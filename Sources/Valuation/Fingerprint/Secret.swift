// SPDX-License-Identifier: Apache-2.0

/// The secret of keys: 256 random bits that belong to a directory of releases, so that nobody who chooses a field's
/// value or a campaign's name can aim at a key. Documentation/keys.md has the function and test vectors.
///
/// A key is a polynomial over the integers modulo 2^61 − 1, whose coefficients are the text's words, at a secret point
/// (Carter & Wegman, "Universal classes of hash functions", 1979). Two different texts of at most n words have the same
/// key with a probability of at most n / 2^61, whoever chose them, as long as he does not know the secret. The key of a
/// cross is linear in the two keys, with secret factors: 1 / 2^61. A bijection of 61 bits makes keys look random, for
/// the tables; it does not weaken the bound.
struct Secret: Equatable {
    /// Modulo 2^61 − 1.
    fileprivate static let prime: UInt64 = (1 &<< 61) &- 1

    /// In the order of the file.
    let words: (UInt64, UInt64, UInt64, UInt64)

    /// For models outside a directory of releases: the first 256 fractional bits of π. It is public.
    static var standard: Secret {
        Secret(words: (0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344, 0xa409_3822_299f_31d0, 0x082e_fa98_ec4e_6c89))
    }

    static func == (first: Secret, second: Secret) -> Bool { first.words == second.words }

    /// The point at which the polynomials are evaluated.
    @inline(__always)
    fileprivate var point: UInt64 { words.0 & Secret.prime }

    /// The failure for models under another secret than the engine's.
    static var another: Failure {
        Failure(
            .secret, "The engine's keys are under another secret than this; load it into an engine of its own, first.")
    }

    // MARK: Keys

    /// The key of a category. - Complexity: O(text).
    func category(field: Text, value: Text) -> UInt64 {
        prefix(field: field).key(value, readableTo: value.end)
    }

    /// The state with which the keys of all categories of a field begin. - Complexity: O(field).
    func prefix(field: Text) -> KeyPrefix {
        KeyPrefix(state: state(field, kind: 1), point: point)
    }

    /// The key of a number's field, and of a field. - Complexity: O(field).
    func number(field: Text) -> UInt64 {
        Secret.key(state(field, kind: 2))
    }

    /// The key of a campaign or an advertiser. - Complexity: O(id).
    func campaign(_ id: Text) -> UInt64 {
        Secret.key(state(id, kind: 3))
    }

    /// The key of the default model's campaign, "*".
    var defaultCampaign: UInt64 { campaign(Text("*")) }

    /// The key of a cross: of two categories, in either order. Of a number that is not a key, the lowest 61 bits count.
    @inline(__always)
    func cross(_ first: UInt64, _ second: UInt64) -> UInt64 {
        let (one, other) = (first & Secret.prime, second & Secret.prime)
        let smaller = Secret.multiply(min(one, other), words.1 & Secret.prime)
        let larger = Secret.multiply(max(one, other), words.2 & Secret.prime)
        return Secret.key(smaller &+ larger &+ (words.3 & Secret.prime))
    }

    /// The polynomial of a text. The first word contains the type of key and the text's length, so the end is
    /// unambiguous.
    private func state(_ text: Text, kind: UInt64) -> UInt64 {
        var state = UInt64(truncatingIfNeeded: text.count) &<< 2 | kind
        var offset = 0
        while offset < text.count {
            let count = min(7, text.count &- offset)
            state = Secret.step(state, Secret.word(text, offset, count, readableTo: text.end), point)
            offset &+= 7
        }
        return state
    }

    // MARK: Arithmetic

    /// `state × point + word`, congruent modulo the prime. - Precondition: `state` and `word` below 2^62 and 2^57; then so is the
    /// result.
    @inline(__always)
    fileprivate static func step(_ state: UInt64, _ word: UInt64, _ point: UInt64) -> UInt64 {
        multiply(state, point) &+ word
    }

    /// The product, congruent modulo the prime and below 2^61 + 8. - Parameter second: below 2^61.
    @inline(__always)
    private static func multiply(_ first: UInt64, _ second: UInt64) -> UInt64 {
        let product = first.multipliedFullWidth(by: second)
        let sum = (product.low & prime) &+ (product.high &<< 3 | product.low &>> 61)
        return (sum & prime) &+ (sum &>> 61)
    }

    /// The key from a polynomial's value: reduced, and mixed by a bijection of 61 bits.
    @inline(__always)
    fileprivate static func key(_ state: UInt64) -> UInt64 {
        var key = (state & prime) &+ (state &>> 61)
        if key >= prime { key &-= prime }
        key ^= key &>> 32
        key = (key &* 0xd6e8_feb8_6659_fd93) & prime
        key ^= key &>> 29
        key = (key &* 0xff51_afd7_ed55_8ccd) & prime
        return key ^ key &>> 32
    }

    /// Up to seven bytes of a text, the first in the lowest bits.
    ///
    /// - Parameter end: the end of the memory that contains the text.
    @inline(__always)
    fileprivate static func word(
        _ text: Text, _ offset: Int, _ count: Int, readableTo end: UnsafePointer<UInt8>
    ) -> UInt64 {
        let place = UnsafeRawPointer(text.start + offset)
        let bits = UInt64(truncatingIfNeeded: count &* 8)
        if end - text.start &- offset >= 8 {
            return UInt64(littleEndian: place.loadUnaligned(as: UInt64.self)) & ((1 &<< bits) &- 1)
        }
        if offset &+ count >= 8 {
            // The last eight bytes, of which the first ones are cut off.
            let last = UInt64(littleEndian: (place + (count &- 8)).loadUnaligned(as: UInt64.self))
            return count == 0 ? 0 : last &>> (64 &- bits)
        }
        return shortWord(place, count)
    }

    /// Reads that may overlap; none goes beyond the bytes.
    @inline(__always)
    private static func shortWord(_ place: UnsafeRawPointer, _ count: Int) -> UInt64 {
        if count >= 4 {
            let first = UInt64(UInt32(littleEndian: place.loadUnaligned(as: UInt32.self)))
            let last = UInt64(UInt32(littleEndian: (place + (count &- 4)).loadUnaligned(as: UInt32.self)))
            return first | last &<< UInt64(truncatingIfNeeded: (count &- 4) &* 8)
        }
        if count == 0 { return 0 }
        func byte(_ index: Int) -> UInt64 {
            UInt64(place.load(fromByteOffset: index, as: UInt8.self)) &<< UInt64(truncatingIfNeeded: index &* 8)
        }
        return byte(0) | byte(count &>> 1) | byte(count &- 1)
    }
}

/// A field, prepared for the keys of its categories.
struct KeyPrefix {
    fileprivate let state: UInt64
    fileprivate let point: UInt64

    /// The key of a category. A byte 1 marks the value's end.
    ///
    /// - Parameter end: the end of the memory that contains the value.
    /// - Complexity: O(value), 3 to 4 ns for each seven bytes.
    @inline(__always)
    func key(_ value: Text, readableTo end: UnsafePointer<UInt8>) -> UInt64 {
        var state = state
        var offset = 0
        var rest = value.count
        while rest >= 7 {
            state = Secret.step(state, Secret.word(value, offset, 7, readableTo: end), point)
            offset &+= 7
            rest &-= 7
        }
        let last = Secret.word(value, offset, rest, readableTo: end)
        let mark = UInt64(1) &<< UInt64(truncatingIfNeeded: rest &* 8)
        return Secret.key(Secret.step(state, last | mark, point))
    }
}
