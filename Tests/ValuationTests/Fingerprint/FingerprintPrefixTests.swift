// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

/// A prefix made ready gives the fingerprint of the whole text.
@Suite struct FingerprintPrefixTests {
    /// Every length around 8, 16 and 32 bytes, with as many bytes behind the text as may be read, and with fewer.
    @Test(arguments: [0, 1, 8, 15, 16, 40])
    func itsFingerprintIsThatOfTheWhole(bytesBehind: Int) {
        var generator = SeededGenerator(seed: 3)
        for prefixLength in 0...40 {
            for restLength in 0...40 {
                let prefix = (0..<prefixLength).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
                let rest = (0..<restLength).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
                let behind = (0..<bytesBehind).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
                let whole = withText(prefix + [61] + rest) { fingerprint64($0) }
                let found = withText(prefix) { prefix in
                    withText(rest + behind) { memory in
                        FingerprintPrefix(prefix, 61).fingerprint(memory.slice(0, restLength), readableTo: memory.end)
                    }
                }
                #expect(found == whole, "\(prefixLength) and \(restLength) bytes")
            }
        }
    }
}
