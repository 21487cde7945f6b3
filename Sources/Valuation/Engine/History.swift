// SPDX-License-Identifier: Apache-2.0

/// The history of an engine's loads, for going back and for detecting changes.
struct History: ~Copyable {
    var state: State
    /// Snapshots that no longer serve and are not kept, each freed as soon as nobody reads it: the newest, which leads
    /// to the others.
    var retired: UnsafeMutablePointer<Snapshot>?
    /// What was followed before, likewise.
    var retiredFollowed: UnsafeMutablePointer<Followed>?
    /// The newest generation, which leads to those before.
    var newest: UnsafeMutablePointer<Generation>?
    var generationCount = 0
    var attempt = Attempt()
    var refusals = Refusals()

    /// What the next change depends on.
    struct State {
        /// The snapshot that serves; nil if nothing is loaded.
        var serving: UnsafeMutablePointer<Snapshot>?
        /// The previous snapshot, kept for going back; nil if there is none.
        var previous: UnsafeMutablePointer<Snapshot>?
        var followed: UnsafeMutablePointer<Followed>
        /// Rises with each change of the three above.
        var edition: UInt64 = 0
        /// What the next commit puts into service.
        var prepared: Draft?
    }

    /// The outcome of the last call that looked for new models or a new policy.
    struct Attempt {
        /// Milliseconds since 1970; 0 if there was none.
        var time: Int64 = 0
        var status = Status.ok
        /// How many failed since one succeeded.
        var failures: UInt64 = 0
        /// The message of a failure, NUL-terminated.
        var message = InlineArray<32, UInt64>(repeating: 0)

        /// Calls `body` with the message.
        func withMessage(_ body: (Text) -> Void) {
            withUnsafePointer(to: message) { message in
                body(Text(cString: UnsafeRawPointer(message).assumingMemoryBound(to: CChar.self)))
            }
        }
    }

    /// Puts a snapshot aside to be freed. It keeps the members that its readers use.
    mutating func retire(_ snapshot: UnsafeMutablePointer<Snapshot>?) {
        guard let snapshot else { return }
        snapshot.pointee.nextRetired = retired
        retired = snapshot
    }

    mutating func retire(_ followed: UnsafeMutablePointer<Followed>?) {
        guard let followed else { return }
        followed.pointee.nextRetired = retiredFollowed
        retiredFollowed = followed
    }

    /// Takes out what was put aside. Each step leaves the list whole.
    mutating func take(_ snapshot: UnsafeMutablePointer<Snapshot>) {
        let next = snapshot.pointee.nextRetired
        if retired == snapshot { return retired = next }
        var before = retired
        while let other = before, other.pointee.nextRetired != snapshot { before = other.pointee.nextRetired }
        before?.pointee.nextRetired = next
    }

    mutating func take(_ followed: UnsafeMutablePointer<Followed>) {
        let next = followed.pointee.nextRetired
        if retiredFollowed == followed { return retiredFollowed = next }
        var before = retiredFollowed
        while let other = before, other.pointee.nextRetired != followed { before = other.pointee.nextRetired }
        before?.pointee.nextRetired = next
    }

    /// Puts a draft aside to be freed.
    mutating func retire(_ draft: Draft) {
        retire(draft.snapshot)
        retire(draft.followed)
    }
}

/// What an engine follows. Once it is in the history, only its stamps change, while the history is locked.
struct Followed: ~Copyable {
    /// The directory of releases last loaded from, as it was given; empty if there is none.
    var root = Buffer<UInt8>()
    /// The id that its LATEST named then, and the checksum of what determines that release's index.
    var latest = Buffer<UInt8>()
    var latestContents = Checksum(high: 0, low: 0)
    /// The policy's file as it was given, and its contents at that time; empty if there is none.
    var policyPath = Buffer<UInt8>()
    var policyText = Buffer<UInt8>()
    /// The stamps of LATEST and of the policy's file when they were last read. A child that finds them half changed
    /// reads both files again.
    var latestStamp: FileStamp?
    var policyStamp: FileStamp?
    /// Among those that wait to be freed.
    var nextRetired: UnsafeMutablePointer<Followed>?

    init() {}

    /// What is followed, with another policy.
    @inline(never)
    static func make(
        _ other: UnsafeMutablePointer<Followed>, policyPath: Text, policyText: Text, stamp: FileStamp?
    ) throws(Failure) -> UnsafeMutablePointer<Followed> {
        var followed = Followed()
        try followed.copyReleases(of: other)
        try followed.policyPath.append(policyPath)
        try followed.policyText.append(policyText)
        followed.policyStamp = stamp
        return try Memory.place(followed)
    }

    /// What is followed, with another directory of releases, or another release that its LATEST names.
    @inline(never)
    static func make(
        _ other: UnsafeMutablePointer<Followed>, root: Text, latest: Text, _ contents: Checksum, stamp: FileStamp?
    ) throws(Failure) -> UnsafeMutablePointer<Followed> {
        var followed = Followed()
        try followed.root.append(root)
        try followed.latest.append(latest)
        (followed.latestContents, followed.latestStamp) = (contents, stamp)
        try followed.policyPath.append(other.pointee.policyPath.text)
        try followed.policyText.append(other.pointee.policyText.text)
        followed.policyStamp = other.pointee.policyStamp
        return try Memory.place(followed)
    }

    private mutating func copyReleases(of other: UnsafeMutablePointer<Followed>) throws(Failure) {
        try root.append(other.pointee.root.text)
        try latest.append(other.pointee.latest.text)
        (latestContents, latestStamp) = (other.pointee.latestContents, other.pointee.latestStamp)
    }

    // Not inlined, like everything here that many calls need.
    @inline(never)
    deinit {}

    @inline(never)
    func hasPolicy(of other: UnsafeMutablePointer<Followed>) -> Bool {
        policyPath.text == other.pointee.policyPath.text && policyText.text == other.pointee.policyText.text
    }

    @inline(never)
    func isSame(root: Text, latest: Text, _ contents: Checksum) -> Bool {
        self.root.text == root && self.latest.text == latest && latestContents == contents
    }
}

/// A change of an engine that has been made ready: it only has to be put into the history.
struct Draft {
    /// The edition of the state that it changes.
    let edition: UInt64
    /// nil if the same models go on under the same policy.
    var snapshot: UnsafeMutablePointer<Snapshot>?
    /// nil if the same is followed.
    var followed: UnsafeMutablePointer<Followed>?
    /// Whether the models that serve become the previous ones, because other models replace them.
    var keepsFormer = true

    init(_ state: History.State) {
        edition = state.edition
    }

    var isEmpty: Bool { snapshot == nil && followed == nil }

    /// Frees a draft that was never in the history.
    @inline(never)
    func discard() {
        if let snapshot { Memory.destroy(snapshot) }
        if let followed { Memory.destroy(followed) }
    }
}

/// A snapshot that could not be put into the history, because the engine had changed meanwhile. Its models may be used
/// again.
struct Spare: ~Copyable {
    private(set) var snapshot: UnsafeMutablePointer<Snapshot>?

    @inline(never)
    deinit {
        if let snapshot { Memory.destroy(snapshot) }
    }

    /// Keeps the snapshot of a draft instead of the last one, and frees the rest.
    @inline(never)
    mutating func keep(_ draft: Draft) {
        if let followed = draft.followed { Memory.destroy(followed) }
        guard let made = draft.snapshot else { return }
        if let snapshot { Memory.destroy(snapshot) }
        snapshot = made
    }
}
