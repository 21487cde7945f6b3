// SPDX-License-Identifier: Apache-2.0

/// What an engine remembers of its loads, to go back and to see what is new.
struct History: ~Copyable {
    /// What serves; nil where nothing is loaded.
    var serving: UnsafeMutablePointer<Snapshot>?
    /// What served before, kept to go back to; nil where there is none.
    var previous: UnsafeMutablePointer<Snapshot>?
    /// What served before that, and is freed as soon as nobody reads it; nil where that has been done.
    var leaving: UnsafeMutablePointer<Snapshot>?
    /// The directory of releases last loaded from, as it was given; empty where there is none.
    var root = Buffer<UInt8>()
    /// The id that its LATEST named then, and what the index of that release depends on.
    var latest = Buffer<UInt8>()
    var latestContents = Checksum(high: 0, low: 0)
    /// How LATEST stood then.
    var stamp: FileStamp?
    var refusals = Refusals()
    /// The policy's file as it was given, what it said, and how it stood then; empty where there is none.
    var policyPath = Buffer<UInt8>()
    var policyText = Buffer<UInt8>()
    var policyStamp: FileStamp?
}
