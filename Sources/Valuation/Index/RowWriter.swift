// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform

/// Writes one row of the index, weight by weight in the order of the models.
struct RowWriter {
    private var row: Index.Row
    private let models: Int
    private let isWide: Bool
    private let weights: UnsafeMutablePointer<Int32>
    /// nil if no variance is known.
    private let deviations: UnsafeMutablePointer<Float>?
    private let listModels: UnsafeMutableRawPointer
    private let directory: UnsafeMutablePointer<UInt64>
    private var place: Int
    /// The first bucket whose start is not written yet.
    private var nextBucket = 0

    init(_ row: Index.Row, _ target: Target, _ index: borrowing Index) {
        self.row = row
        models = index.counts.models[target]
        isWide = index.counts.isWide
        (weights, listModels, directory) = (index.weights, index.listModels, index.directory)
        deviations = index.hasVariances ? index.deviations : nil
        place = Int(row.start)
        if row.isPaired {
            // Clicks come first, and clear the row of the conversions between them.
            let width = RowPlaces.roundedUp(max(index.counts.models.click, index.counts.models.conversion))
            if target == .click { memset(weights + place, 0, 2 * width * MemoryLayout<Int32>.stride) }
        } else if row.isDense {
            memset(weights + place, 0, RowPlaces.roundedUp(models) * MemoryLayout<Int32>.stride)
        }
    }

    mutating func add(_ weight: RowWeights.Weight) {
        let model = weight.model
        if row.isDense { return write(weight, at: place + Int(valuation_row_dense_place(row, model))) }
        if row.isShort { row.shape |= valuation_row_short_mark(model) }
        if row.hasDirectory {
            beginBuckets(through: Int(model) >> row.shift)
            directory[row.directory + nextBucket - 1] |= valuation_row_mark(row, model)
        }
        write(weight, at: place)
        if isWide {
            listModels.storeBytes(of: model, toByteOffset: place * 4, as: UInt32.self)
        } else {
            listModels.storeBytes(of: UInt16(truncatingIfNeeded: model), toByteOffset: place * 2, as: UInt16.self)
        }
        place += 1
    }

    private func write(_ weight: RowWeights.Weight, at place: Int) {
        weights[place] = weight.mantissa
        if let deviations { deviations[place] = weight.deviation }
    }

    /// Must be called after the last weight. - Returns: the row, with the filter of a short list.
    mutating func finish() -> Index.Row {
        if row.hasDirectory { beginBuckets(through: ((models - 1) >> row.shift) + 1) }
        return row
    }

    private mutating func beginBuckets(through last: Int) {
        while nextBucket <= last {
            directory[row.directory + nextBucket] = UInt64(place - Int(row.start))
            nextBucket += 1
        }
    }
}
