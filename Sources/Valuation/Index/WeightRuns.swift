// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// The weights of all models, added model by model and returned label by label: an external sort whose runs stay in
/// memory. They are compressed to less than 6 bytes a weight, and their memory returns to the system while they are
/// read.
///
/// - Complexity: O(weights) to add, O(weights + rows × runs) to read; runs grow with what was added, so there are few
///   of them.
struct WeightRuns: ~Copyable {
    struct Weight {
        /// Twice the label's number, and 1 more for conversions.
        var row: UInt32
        /// The model's number in the order of adding.
        var model: UInt32
        var mantissa: Int32
    }

    /// Weights sorted by row and then by model, encoded: for each row its distance from the previous one, its number of
    /// weights, and for each weight the distance of its model from the previous one and the mantissa. Distances are in
    /// bytes of seven bits, the lowest first, the last one below 128 (LEB128).
    private struct Run {
        let start: UnsafeMutablePointer<UInt8>
        var next: UnsafeMutablePointer<UInt8>
        let end: UnsafeMutablePointer<UInt8>
        /// The end of the memory that was returned to the system.
        var discarded: UnsafeMutablePointer<UInt8>
        /// The next row.
        var row: UInt32
        var hasEnded: Bool
    }

    private static let smallestRun = 1 << 18
    /// A run is at least this share of everything added before.
    private static let share = 16
    private static let discardedAtOnce = 1 << 18

    private var pending = Buffer<Weight>()
    private var runs = Buffer<Run>()
    private var encodedCount = 0

    deinit {
        for position in 0..<runs.count { free(runs[position].start) }
    }

    /// The number of weights.
    var count: Int { encodedCount &+ pending.count }

    mutating func append(_ weight: Weight) throws(Failure) {
        try pending.append(weight)
    }

    /// The number of last weights that can still be removed: those since the last call of `settle`.
    var unsettledCount: Int { pending.count }

    func unsettled(_ position: Int) -> Weight { pending[position] }

    mutating func truncateUnsettled(_ count: Int) {
        pending.truncate(count)
    }

    /// Sorts weights into a run if there are many: must be called between models.
    mutating func settle() throws(Failure) {
        if pending.count >= max(WeightRuns.smallestRun, encodedCount / WeightRuns.share) { try encodePending() }
    }

    /// Ends the adding. After this, each row is read once, in ascending order.
    mutating func finish() throws(Failure) {
        try encodePending()
        pending = Buffer()
        for position in 0..<runs.count {
            var run = runs[position]
            WeightRuns.advance(&run)
            runs[position] = run
        }
    }

    /// Passes `body` the weights of a row, in the order of their models.
    mutating func take(row: UInt32, _ body: (_ model: UInt32, _ mantissa: Int32) -> Void) {
        for position in 0..<runs.count where runs[position].row == row && !runs[position].hasEnded {
            var run = runs[position]
            var model: UInt32 = 0
            for _ in 0..<WeightRuns.distance(&run) {
                model &+= WeightRuns.distance(&run)
                let mantissa = UnsafeRawPointer(run.next).loadUnaligned(as: Int32.self)
                run.next += 4
                body(model, mantissa)
            }
            WeightRuns.advance(&run)
            WeightRuns.discard(&run)
            runs[position] = run
        }
    }

    private static func advance(_ run: inout Run) {
        run.hasEnded = run.next == run.end
        if !run.hasEnded { run.row &+= distance(&run) }
    }

    /// Returns the memory of what was read to the system, in pieces worth a system call.
    private static func discard(_ run: inout Run) {
        let length = run.next - run.discarded
        if length < discardedAtOnce { return }
        valuation_platform_discard(run.discarded, length)
        run.discarded = run.next
    }

    private static func distance(_ run: inout Run) -> UInt32 {
        var distance: UInt32 = 0
        var shift: UInt32 = 0
        while true {
            let byte = run.next.pointee
            run.next += 1
            distance |= UInt32(byte & 127) &<< shift
            if byte < 128 { return distance }
            shift &+= 7
        }
    }

    // MARK: Encoding

    private mutating func encodePending() throws(Failure) {
        if pending.count == 0 { return }
        try sortPending()
        var bytes = Buffer<UInt8>()
        try bytes.reserve(pending.count &* 6)
        var position = 0
        var previousRow: UInt32 = 0
        while position < pending.count {
            let row = pending[position].row
            var end = position &+ 1
            while end < pending.count && pending[end].row == row { end &+= 1 }
            try WeightRuns.append(row &- previousRow, to: &bytes)
            try WeightRuns.append(UInt32(end &- position), to: &bytes)
            var previousModel: UInt32 = 0
            while position < end {
                let weight = pending[position]
                try WeightRuns.append(weight.model &- previousModel, to: &bytes)
                try bytes.append(mantissa: weight.mantissa)
                previousModel = weight.model
                position &+= 1
            }
            previousRow = row
        }
        try runs.reserve(runs.count &+ 1)
        let start = try Room<UInt8>(count: bytes.count).take()
        memcpy(start, bytes.text.start, bytes.count)
        try runs.append(
            Run(start: start, next: start, end: start + bytes.count, discarded: start, row: 0, hasEnded: false))
        encodedCount &+= pending.count
        pending.removeAll()
    }

    private static func append(_ distance: UInt32, to bytes: inout Buffer<UInt8>) throws(Failure) {
        var rest = distance
        while rest >= 128 {
            try bytes.append(UInt8(truncatingIfNeeded: rest) | 128)
            rest &>>= 7
        }
        try bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Radix sort by row from the lowest digit, which keeps the order of the models (Knuth, "The Art of Computer
    /// Programming", vol. 3, 5.2.5).
    @_optimize(speed)
    private mutating func sortPending() throws(Failure) {
        let digitBits: UInt32 = 11
        var largest: UInt32 = 0
        for position in 0..<pending.count { largest = max(largest, pending[position].row) }
        var sorted = Buffer<Weight>()
        try sorted.resize(pending.count, filling: Weight(row: 0, model: 0, mantissa: 0))
        var places = Buffer<Int>()
        try places.resize(1 << Int(digitBits), filling: 0)
        var shift: UInt32 = 0
        while shift < 32 && largest &>> shift > 0 {
            func digit(_ weight: Weight) -> Int { Int(weight.row &>> shift & (1 &<< digitBits &- 1)) }
            for place in 0..<places.count { places[place] = 0 }
            for position in 0..<pending.count { places[digit(pending[position])] &+= 1 }
            var start = 0
            for place in 0..<places.count {
                let length = places[place]
                places[place] = start
                start &+= length
            }
            for position in 0..<pending.count {
                let weight = pending[position]
                sorted[places[digit(weight)]] = weight
                places[digit(weight)] &+= 1
            }
            swap(&pending, &sorted)
            shift &+= digitBits
        }
    }
}

extension Buffer where Element == UInt8 {
    fileprivate mutating func append(mantissa: Int32) throws(Failure) {
        try reserve(count &+ 4)
        UnsafeMutableRawPointer(spare).storeBytes(of: mantissa, as: Int32.self)
        appendWritten(4)
    }
}
