// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Where the weights of each label will lie in the index, and in which shape.
struct RowPlaces: ~Copyable {
    /// A dense row holds so many places for a weight at most: beyond, a list takes less time and memory.
    private static let densePlacesPerWeight = 4
    /// A dense row is paired with one of the other target that holds so many at most: it costs memory, but saves a cache line.
    private static let pairedPlacesPerWeight = 8
    /// A directory has so many weights between two entries at most, on average.
    private static let weightsPerEntry = 10

    private var clicks = Buffer<Index.Row>()
    private var conversions = Buffer<Index.Row>()

    /// Lays rows end to end, in the order of the labels, and counts places in `counts`.
    init(_ labels: borrowing Buffer<IndexBuilder.LabelState>, _ counts: inout Index.Counts) throws(Failure) {
        try clicks.reserve(labels.count)
        try conversions.reserve(labels.count)
        var numbers = 0
        // The first four belong to no list, so that no directory begins at 0.
        counts.directoryEntries = 4
        for label in 0..<labels.count {
            let state = labels[label]
            if state.kind == .number {
                try clicks.append(Index.Row(start: UInt32(numbers), shape: state.clickCount))
                numbers += Int(state.clickCount)
                try conversions.append(Index.Row(start: UInt32(numbers), shape: state.conversionCount))
                numbers += Int(state.conversionCount)
            } else {
                let (click, conversion) = RowPlaces.place(Int(state.clickCount), Int(state.conversionCount), &counts)
                try clicks.append(click)
                try conversions.append(conversion)
            }
        }
        // Dense rows lie behind all lists, on cache lines of their own. There is a place 0 even if there is no weight.
        counts.listPlaces = RowPlaces.roundedUp(max(1, counts.listPlaces))
        // A place may be asked for as far behind the last row as rows are rounded up.
        let places = counts.listPlaces + counts.densePlaces + 2 * VALUATION_KERNELS_WIDTH
        if places > Int(UInt32.max) || counts.directoryEntries >> 29 > 0 {
            throw Failure(.limitExceeded, "The weights need more than 4,294,967,295 places; load fewer models.")
        }
        for label in 0..<labels.count {
            if clicks[label].isDense && labels[label].kind != .number {
                clicks[label].start += UInt32(counts.listPlaces)
            }
            if conversions[label].isDense && labels[label].kind != .number {
                conversions[label].start += UInt32(counts.listPlaces)
            }
        }
    }

    subscript(label: Int, target: Target) -> Index.Row {
        get { target == .click ? clicks[label] : conversions[label] }
        set { if target == .click { clicks[label] = newValue } else { conversions[label] = newValue } }
    }

    /// The next place of a number's row.
    mutating func takePlace(_ label: Int, _ target: Target) -> Int {
        let place = self[label, target].start
        self[label, target].start = place + 1
        return Int(place)
    }

    private static func place(
        _ clicks: Int, _ conversions: Int, _ counts: inout Index.Counts
    ) -> (click: Index.Row, conversion: Index.Row) {
        let models = (click: counts.clickModels, conversion: counts.conversionModels)
        let isDense = (click: isDense(clicks, models.click), conversion: isDense(conversions, models.conversion))
        let width = roundedUp(max(models.click, models.conversion))
        if (isDense.click || isDense.conversion) && width <= min(clicks, conversions) * pairedPlacesPerWeight {
            defer { counts.densePlaces += 2 * width }
            let start = UInt32(truncatingIfNeeded: counts.densePlaces)
            return (
                Index.Row.dense(start: start, isPaired: true),
                Index.Row.dense(start: start &+ UInt32(VALUATION_ROW_TOGETHER), isPaired: true)
            )
        }
        return (
            place(clicks, models: models.click, &counts), place(conversions, models: models.conversion, &counts)
        )
    }

    private static func isDense(_ count: Int, _ models: Int) -> Bool {
        count > 0 && roundedUp(models) <= count * densePlacesPerWeight
    }

    private static func place(_ count: Int, models: Int, _ counts: inout Index.Counts) -> Index.Row {
        if isDense(count, models) {
            defer { counts.densePlaces += roundedUp(models) }
            return Index.Row.dense(start: UInt32(truncatingIfNeeded: counts.densePlaces), isPaired: false)
        }
        defer { counts.listPlaces += count }
        let start = UInt32(truncatingIfNeeded: counts.listPlaces)
        if count <= Index.Row.shortest { return Index.Row.list(start: start, length: count) }
        let shift = shift(count, models)
        let directory = counts.directoryEntries
        counts.directoryEntries += ((models - 1) >> shift + 2 + 3) & ~3
        return Index.Row.list(start: start, directory: directory, shift: shift)
    }

    /// By how many bits a model's number is shifted to find its bucket in a list's directory.
    private static func shift(_ count: Int, _ models: Int) -> Int {
        max(0, bits(models) - bits((count + weightsPerEntry - 1) / weightsPerEntry))
    }

    /// About how many weights a list with a directory has, without a look at the directory.
    @inline(__always)
    static func estimatedLength(_ row: Index.Row, _ models: Int) -> Int {
        (models &>> row.shift &+ 1) &* (weightsPerEntry &* 3 / 4)
    }

    /// The smallest number of bits with which `count` things can be told apart.
    private static func bits(_ count: Int) -> Int {
        Int.bitWidth - max(0, count - 1).leadingZeroBitCount
    }

    /// The number of places in a dense row of so many models.
    static func roundedUp(_ count: Int) -> Int {
        let width = VALUATION_KERNELS_WIDTH
        return (count + width - 1) / width * width
    }
}
