// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

/// The keys of valuation.h are the polynomials of Documentation/keys.md, computed here word by word in 128 bits.
@Suite struct KeyTests {
    private static let prime: UInt128 = (1 << 61) - 1

    private func mixed(_ sum: UInt128) -> UInt64 {
        let mask = UInt64(KeyTests.prime)
        var key = UInt64(sum % KeyTests.prime)
        key ^= key >> 32
        key = key.multipliedFullWidth(by: 0xd6e8_feb8_6659_fd93).low & mask
        key ^= key >> 29
        key = key.multipliedFullWidth(by: 0xff51_afd7_ed55_8ccd).low & mask
        return key ^ key >> 32
    }

    private func key(kind: Int, _ text: [UInt8], _ value: [UInt8]? = nil, _ secret: Secret) -> UInt64 {
        var words = [[UInt8]]()
        for start in stride(from: 0, to: text.count, by: 7) {
            words.append(Array(text[start..<min(start + 7, text.count)]))
        }
        if let value {
            for start in stride(from: 0, through: value.count, by: 7) {
                let word = Array(value[start..<min(start + 7, value.count)])
                words.append(word.count == 7 ? word : word + [1])
            }
        }
        var sum = UInt128(4 * text.count + kind)
        for word in words {
            let number = word.reversed().reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
            sum = (sum * (UInt128(secret.words.0) & KeyTests.prime) + number) % KeyTests.prime
        }
        return mixed(sum)
    }

    /// Every length around a word's seven and a load's eight bytes, with as many readable bytes behind the text as a
    /// load may read, and with fewer.
    @Test(arguments: [0, 1, 7, 8, 40])
    func aKeyIsThePolynomialOfItsText(bytesBehind: Int) throws {
        var generator = SeededGenerator(seed: 3)
        let secrets = [Secret.standard, Secret(words: (.max, .max, .max, .max)), try Secret.random()]
        for secret in secrets {
            for fieldLength in 0...20 {
                for valueLength in 0...30 {
                    let field = (0..<fieldLength).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
                    let value = (0..<valueLength).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
                    let behind = (0..<bytesBehind).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
                    let found = withText(field) { field in
                        withText(value + behind) { memory in
                            let text = memory.slice(0, valueLength)
                            #expect(
                                secret.category(field: field, value: text)
                                    == secret.prefix(field: field).key(text, readableTo: memory.end))
                            return secret.category(field: field, value: text)
                        }
                    }
                    #expect(found == key(kind: 1, field, value, secret), "\(fieldLength) and \(valueLength) bytes")
                }
                let field = (0..<fieldLength).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
                #expect(withText(field) { secret.number(field: $0) } == key(kind: 2, field, nil, secret))
                #expect(withText(field) { secret.campaign($0) } == key(kind: 3, field, nil, secret))
            }
        }
    }

    @Test func aCrossIsLinearInItsKeysWithTheSmallerFirst() {
        let words = Secret.standard.words
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<1000 {
            let (first, second) = (UInt64(generator.next()) >> 3, UInt64(generator.next()) >> 3)
            func factor(_ word: UInt64) -> UInt128 { UInt128(word) & KeyTests.prime }
            let sum =
                UInt128(min(first, second)) * factor(words.1) % KeyTests.prime
                + UInt128(max(first, second)) * factor(words.2) % KeyTests.prime + factor(words.3)
            #expect(valuation_cross_key(nil, first, second) == mixed(sum))
            #expect(valuation_cross_key(nil, second, first) == mixed(sum))
        }
    }

    private static let madeForOneFingerprint = [
        "Vh4I4Pl>u_:h<5GHGNTaTzL",
        "ynFDcg6MIE*@?Rxd9YBfIRz",
        "2jrnny9Mc-LQSEwvj35AgRx",
    ]

    /// Printable texts, made so that "creative=" and each of them have the same Fingerprint64.
    @Test func textsMadeForOneFingerprintHaveKeysOfTheirOwn() {
        let made = KeyTests.madeForOneFingerprint
        #expect(Set(made.map { text in withText("creative=" + text) { fingerprint64($0) } }).count == 1)
        let keys = made.map { text in withText(text) { Secret.standard.category(field: Text("creative"), value: $0) } }
        #expect(Set(keys).count == made.count)
    }

    @Test func noTextAtAllIsTheEmptyText() {
        #expect(valuation_number_key(nil, nil, 0) == Secret.standard.number(field: .empty))
        #expect(valuation_feature_key(nil, nil, 0, nil, 0) == Secret.standard.category(field: .empty, value: .empty))
        #expect(valuation_campaign_key(nil, "*", 1) == Secret.standard.defaultCampaign)
    }
}
