// SPDX-License-Identifier: Apache-2.0

/// The keys of valuation.h: 64-bit names of features and campaigns.
enum Key {
    /// `Fingerprint64(field + "=" + value)`.
    static func category(field: Text, value: Text) -> UInt64 {
        fingerprint64(field, Text("="), value)
    }

    /// What the keys of all categories of a field begin with. - Parameter field: must live as long.
    static func categoryPrefix(field: Text) -> FingerprintPrefix {
        FingerprintPrefix(field, UInt8(ascii: "="))
    }

    /// `Fingerprint64(field)`.
    static func number(field: Text) -> UInt64 {
        fingerprint64(field)
    }

    /// `Fingerprint64(id)`.
    static func campaign(_ id: Text) -> UInt64 {
        fingerprint64(id)
    }

    /// `Fingerprint64` of both keys' 16 bytes, little-endian, the smaller first.
    static func cross(_ first: UInt64, _ second: UInt64) -> UInt64 {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2) { pair in
            pair[0] = min(first, second).littleEndian
            pair[1] = max(first, second).littleEndian
            let bytes = UnsafeRawPointer(pair.baseAddress.unsafelyUnwrapped).assumingMemoryBound(to: UInt8.self)
            return fingerprint64(Text(bytes, 16))
        }
    }

    /// The key of the default model's campaign, "*".
    static var defaultCampaign: UInt64 { fingerprint64(Text("*")) }
}
