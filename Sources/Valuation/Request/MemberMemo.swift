// SPDX-License-Identifier: Apache-2.0

/// What the members of the objects before meant. Programs write one candidate like the other, with the same members in the same
/// order, so the bytes between two values are compared with those remembered, and a name is neither read nor looked up again.
///
/// Equal bytes mean the same: what is remembered runs from the object's "{", or from the end of a value, to where the next value
/// may begin, and the two kinds are kept apart.
struct MemberMemo<Meaning: BitwiseCopyable>: ~Copyable {
    /// As many objects' first members as members of other places are remembered.
    private static var capacity: Int { 16 }

    /// Gaps and their meanings.
    struct List: ~Copyable {
        var gaps = Buffer<Text>()
        /// As long as `gaps`; behind them there is a place for a meaning that is not remembered.
        var meanings = Buffer<Meaning>()
    }

    private var first = List()
    private var following = List()
    /// Which of `following` is next if this object is like the one before.
    private var next = 0

    /// Forgets all: the gaps are parts of the text being read.
    mutating func removeAll() {
        first.gaps.removeAll()
        first.meanings.removeAll()
        following.gaps.removeAll()
        following.meanings.removeAll()
    }

    /// Goes from an object's "{" to its first value, if that member is likely and comes.
    ///
    /// - Returns: the member's meaning; valid until the next call of any method.
    @inline(always)
    mutating func takeFirst(_ cursor: inout JSONCursor) -> UnsafePointer<Meaning>? {
        next = 0
        if first.gaps.count == 0 || !cursor.take(first.gaps[0]) { return nil }
        return UnsafePointer(first.meanings.base)
    }

    /// Goes from behind a value to the next one, if that member is likely and comes.
    ///
    /// - Returns: the member's meaning; valid until the next call of any method.
    @inline(always)
    mutating func takeNext(_ cursor: inout JSONCursor) -> UnsafePointer<Meaning>? {
        let place = next
        if place >= following.gaps.count || !cursor.take(following.gaps[place]) { return nil }
        next = place &+ 1
        return UnsafePointer(following.meanings.base.unsafelyUnwrapped + place)
    }

    /// Does as `takeFirst` or `takeNext` for any member that is remembered.
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

    /// Takes in what a gap means, and remembers it if it is `lasting` and there is room.
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
