// SPDX-License-Identifier: Apache-2.0

/// Remembers the meaning of members in earlier objects. Programs write all candidates alike, with the same members in
/// the same order. So the bytes between two values are compared with remembered ones, and the name is not read and
/// looked up again.
///
/// Equal bytes mean the same: a remembered gap goes from the object's "{", or from the end of a value, to the earliest
/// start of the next value, and the two types are kept apart.
struct MemberMemo<Meaning: BitwiseCopyable>: ~Copyable {
    /// The number of remembered first members of objects, and of remembered other members.
    private static var capacity: Int { 16 }

    /// Gaps and their meanings.
    struct List: ~Copyable {
        var gaps = Buffer<Text>()
        /// As long as `gaps`, and one more element for a meaning that is not remembered.
        var meanings = Buffer<Meaning>()
    }

    private var first = List()
    private var following = List()
    /// The index in `following` of the expected next gap, if this object is like the previous one.
    private var next = 0

    /// Removes everything: the gaps are parts of the text being read.
    mutating func removeAll() {
        first.gaps.removeAll()
        first.meanings.removeAll()
        following.gaps.removeAll()
        following.meanings.removeAll()
    }

    /// Goes from an object's "{" to its first value, if it is the expected member.
    ///
    /// - Returns: the member's meaning; valid until the next call of any method.
    @inline(always)
    mutating func takeFirst(_ cursor: inout JSONCursor) -> UnsafePointer<Meaning>? {
        next = 0
        if first.gaps.count == 0 || !cursor.take(first.gaps[0]) { return nil }
        return UnsafePointer(first.meanings.base)
    }

    /// Goes from the end of a value to the next one, if it is the expected member.
    ///
    /// - Returns: the member's meaning; valid until the next call of any method.
    @inline(always)
    mutating func takeNext(_ cursor: inout JSONCursor) -> UnsafePointer<Meaning>? {
        let place = next
        if place >= following.gaps.count || !cursor.take(following.gaps[place]) { return nil }
        next = place &+ 1
        return UnsafePointer(following.meanings.base.unsafelyUnwrapped + place)
    }

    /// Like `takeFirst` or `takeNext`, for any remembered member.
    mutating func find(_ cursor: inout JSONCursor, isFirst: Bool) -> UnsafePointer<Meaning>? {
        isFirst ? MemberMemo.find(first, &cursor)?.meaning : findNext(&cursor)
    }

    private mutating func findNext(_ cursor: inout JSONCursor) -> UnsafePointer<Meaning>? {
        guard let (meaning, place) = MemberMemo.find(following, &cursor) else { return nil }
        next = place &+ 1
        return meaning
    }

    private static func find(
        _ list: borrowing List, _ cursor: inout JSONCursor
    ) -> (meaning: UnsafePointer<Meaning>, place: Int)? {
        for place in 0..<list.gaps.count where cursor.take(list.gaps[place]) {
            return (UnsafePointer(list.meanings.base.unsafelyUnwrapped + place), place)
        }
        return nil
    }

    /// Stores the meaning of a gap, and remembers it if it is `lasting` and there is capacity.
    ///
    /// - Returns: the meaning; valid until the next call of any method.
    mutating func add(
        _ gap: Text, _ meaning: Meaning, isFirst: Bool, lasting: Bool
    ) throws(Failure) -> UnsafePointer<Meaning> {
        if isFirst { return try MemberMemo.add(&first, gap, meaning, lasting: lasting) }
        let place = try MemberMemo.add(&following, gap, meaning, lasting: lasting)
        next = following.gaps.count
        return place
    }

    private static func add(
        _ list: inout List, _ gap: Text, _ meaning: Meaning, lasting: Bool
    ) throws(Failure) -> UnsafePointer<Meaning> {
        try list.meanings.reserve(list.gaps.count &+ 1)
        let place = list.meanings.spare
        place.initialize(to: meaning)
        if lasting && list.gaps.count < MemberMemo.capacity {
            try list.gaps.append(gap)
            list.meanings.appendWritten(1)
        }
        return UnsafePointer(place)
    }
}
