// SPDX-License-Identifier: Apache-2.0
import CKernels

/// The changed weights of one model.
struct WeightMoves: ~Copyable {
    private struct Move {
        var name: valuation_name
        /// nil if it was added.
        var before: Double?
        /// nil if it was dropped.
        var after: Double?

        var distance: Double { ((after ?? 0) - (before ?? 0)).magnitude }

        /// Of equal moves, the one that came first.
        func isFarther(than other: Move) -> Bool {
            distance == other.distance ? name.start < other.name.start : distance > other.distance
        }
    }

    private var moves = Buffer<Move>()
    private var names = TextStore()
    private(set) var added = 0
    private(set) var dropped = 0
    private(set) var moved = 0
    private var unchanged = 0
    private var distance = 0.0

    var isEmpty: Bool { moves.count == 0 }

    mutating func removeAll() {
        moves.removeAll()
        names.removeAll()
        (added, dropped, moved, unchanged, distance) = (0, 0, 0, 0, 0)
    }

    mutating func add(name: Text, before: Double?, after: Double?) throws(Failure) {
        let move = Move(name: try names.keep(name), before: before, after: after)
        try moves.append(move)
        distance += move.distance
        if before == nil { added += 1 } else if after == nil { dropped += 1 } else { moved += 1 }
    }

    mutating func countUnchanged() {
        unchanged += 1
    }

    /// The counts as members of a JSON object, and the weights that moved farthest. - Complexity: O(moves + most × log moves).
    mutating func write(most: Int, to output: inout Buffer<UInt8>) throws(Failure) {
        try output.member("added", integer: added)
        try output.member("dropped", integer: dropped)
        try output.member("moved", integer: moved)
        try output.member("unchanged", integer: unchanged)
        try output.member("distance", number: distance)
        try output.member("most", begin: "[")
        let heap = moves.elements
        Heap.make(heap) { $0.isFarther(than: $1) }
        for place in 0..<min(most, moves.count) {
            let move = heap[0]
            heap[0] = heap[moves.count - 1 - place]
            Heap.siftDown(heap, 0, moves.count - 1 - place) { $0.isFarther(than: $1) }
            try output.beginObject()
            try output.member("weight", quoted: names[move.name])
            try output.member("before", number: move.before ?? .nan)
            try output.member("after", number: move.after ?? .nan)
            try output.endObject()
        }
        try output.endArray()
    }
}
