// SPDX-License-Identifier: Apache-2.0

/// The history of an engine's loads, for going back and for detecting changes.
struct History: ~Copyable {
    /// The snapshot that serves; nil if nothing is loaded.
    var serving: UnsafeMutablePointer<Snapshot>?
    /// The previous snapshot, kept for going back; nil if there is none.
    var previous: UnsafeMutablePointer<Snapshot>?
    /// The snapshot before that, freed as soon as nobody reads it; nil once that has been done.
    var leaving: UnsafeMutablePointer<Snapshot>?
    /// The directory of releases last loaded from, as it was given; empty if there is none.
    var root = Buffer<UInt8>()
    /// The id that its LATEST named then, and the checksum of what determines that release's index.
    var latest = Buffer<UInt8>()
    var latestContents = Checksum(high: 0, low: 0)
    /// The stamp of LATEST at that time.
    var stamp: FileStamp?
    var refusals = Refusals()
    /// The policy's file as it was given, its contents, and its stamp at that time; empty if there is none.
    var policyPath = Buffer<UInt8>()
    var policyText = Buffer<UInt8>()
    var policyStamp: FileStamp?
}
