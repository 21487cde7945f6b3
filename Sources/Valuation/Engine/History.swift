// SPDX-License-Identifier: Apache-2.0

/// What an engine remembers of its loads, to go back and to see what is new.
struct History: ~Copyable {
    /// What served before, kept to go back to; nil where there is none.
    var previous: UnsafeMutablePointer<Snapshot>?
    /// The directory of releases last loaded from, as it was given; empty where there is none.
    var root = Buffer<UInt8>()
    /// The id that its LATEST named then, and what the index of that release depends on.
    var latest = Buffer<UInt8>()
    var latestContents = Checksum(high: 0, low: 0)
    /// How LATEST stood then.
    var stamp: FileStamp?
}
