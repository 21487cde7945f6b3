// SPDX-License-Identifier: Apache-2.0
import CKernels

/// The position of each label's weights in the index, and the layout of its rows.
struct RowPlaces: ~Copyable {
    /// A dense row has at most this many elements for a weight; beyond that, a list takes less time and memory.
    private static let densePlacesPerWeight = 4
    /// A dense row is paired with one of the other target that has at most this many elements for a weight: pairing
    /// costs memory, but saves a cache line.
    private static let pairedPlacesPerWeight = 8
    /// A directory has at most this many weights between two entries, on average.
    private static let weightsPerEntry = 10

    private var rows = Buffer<ByTarget<Index.Row>>()

    /// Lays rows end to end, in the order of the labels, and sums their elements in `counts`.
    init(_ labels: borrowing Buffer<IndexBuilder.LabelState>, _ counts: inout Index.Counts) throws(Failure) {
        try rows.reserve(labels.count)
        var numbers = 0
        // The first four belong to no list, so that no directory begins at 0.
        counts.directoryEntries = 4
        for label in 0..<labels.count {
            let state = labels[label]
            if state.kind == .number {
                let click = Index.Row(start: UInt32(numbers), shape: state.clickCount)
                numbers += Int(state.clickCount)
                let conversion = Index.Row(start: UInt32(numbers), shape: state.conversionCount)
                numbers += Int(state.conversionCount)
                try rows.append(ByTarget(click: click, conversion: conversion))
            } else {
                try rows.append(RowPlaces.place(Int(state.clickCount), Int(state.conversionCount), &counts))
            }
        }
        // Dense rows come after all lists, on cache lines of their own. Element 0 exists even without weights.
        counts.listPlaces = RowPlaces.roundedUp(max(1, counts.listPlaces))
        // Reads may go as far beyond the last row as rows are rounded up.
        let places = counts.listPlaces + counts.densePlaces + 2 * VALUATION_KERNELS_WIDTH
        if places > Int(UInt32.max) || counts.directoryEntries >> 29 > 0 {
            throw Failure(.limitExceeded, "The weights need more than 4,294,967,295 places; load fewer models.")
        }
        for label in 0..<labels.count {
            for target in Target.allCases where self[label, target].isDense && labels[label].kind != .number {
                self[label, target].start += UInt32(counts.listPlaces)
            }
        }
    }

    subscript(label: Int, target: Target) -> Index.Row {
        get { rows[label][target] }
        set { rows[label][target] = newValue }
    }

    /// The next element of a number's row.
    mutating func takePlace(_ label: Int, _ target: Target) -> Int {
        let place = self[label, target].start
        self[label, target].start = place + 1
        return Int(place)
    }

    private static func place(
        _ clicks: Int, _ conversions: Int, _ counts: inout Index.Counts
    ) -> ByTarget<Index.Row> {
        let models = counts.models
        let isAnyDense = isDense(clicks, models.click) || isDense(conversions, models.conversion)
        let width = roundedUp(max(models.click, models.conversion))
        if isAnyDense && width <= min(clicks, conversions) * pairedPlacesPerWeight {
            defer { counts.densePlaces += 2 * width }
            let start = UInt32(truncatingIfNeeded: counts.densePlaces)
            return ByTarget(
                click: Index.Row.dense(start: start, isPaired: true),
                conversion: Index.Row.dense(start: start &+ UInt32(VALUATION_ROW_TOGETHER), isPaired: true))
        }
        return ByTarget(
            click: place(clicks, models: models.click, &counts),
            conversion: place(conversions, models: models.conversion, &counts))
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

    /// The number of bits by which a model's number is shifted to give its bucket in a list's directory.
    private static func shift(_ count: Int, _ models: Int) -> Int {
        max(0, bits(models) - bits((count + weightsPerEntry - 1) / weightsPerEntry))
    }

    /// The approximate number of weights of a list with a directory, without reading the directory.
    @inline(__always)
    static func estimatedLength(_ row: Index.Row, _ models: Int) -> Int {
        (models &>> row.shift &+ 1) &* (weightsPerEntry &* 3 / 4)
    }

    /// The smallest number of bits that distinguish `count` values.
    private static func bits(_ count: Int) -> Int {
        Int.bitWidth - max(0, count - 1).leadingZeroBitCount
    }

    /// The number of elements in a dense row of `count` models.
    static func roundedUp(_ count: Int) -> Int {
        let width = VALUATION_KERNELS_WIDTH
        return (count + width - 1) / width * width
    }
}
