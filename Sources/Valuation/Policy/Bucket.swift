// SPDX-License-Identifier: Apache-2.0

/// The bucket of a unit in an experiment.
enum Bucket {
    /// Shares are in units of one bucket, 1/100 %.
    static let count = 10_000
    /// Separates the salt from the unit.
    static let separator: StaticString = ":"

    /// `Fingerprint64(salt + ":" + unit) mod 10,000`, which SQL and Python compute in the same way. - Complexity:
    /// O(text).
    static func of(salt: Text, unit: Text) -> Int {
        Int(fingerprint64(salt, Text(separator), unit) % UInt64(count))
    }

    /// The same. - Parameter prefix: the salt, followed by the separator.
    @inline(__always)
    static func of(prefix: Text, unit: Text) -> Int {
        Int(fingerprint64(prefix, unit) % UInt64(count))
    }
}
