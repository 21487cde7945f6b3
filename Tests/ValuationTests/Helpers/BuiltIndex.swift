// SPDX-License-Identifier: Apache-2.0
import CValuation

@testable import Valuation

/// The weights of one label for the models of one target, as integers.
typealias Column = [UInt32: Int32]

/// An index of models without names, numbers or crosses, built from the columns that it must then return.
///
/// A model's weight is given in the units of its index, 2^-30, so that a test can compare bit by bit.
final class BuiltIndex: @unchecked Sendable {
    /// Never written after the build.
    let pointer: UnsafeMutablePointer<Index>

    /// - Parameters:
    ///   - models: the number of models for each target.
    ///   - columns: the labels' weights for each target; the label of a column is its position.
    init(models: (click: Int, conversion: Int), columns: [(click: Column, conversion: Column)]) throws {
        var builder = IndexBuilder(.standard)
        let clicks = BuiltIndex.weightsByModel(columns.map(\.click), models.click)
        let conversions = BuiltIndex.weightsByModel(columns.map(\.conversion), models.conversion)
        for number in 0..<max(models.click, models.conversion) {
            // Conversion models come first and last, so that a model's number within its target differs from the order
            // of adding.
            if number < models.conversion {
                try BuiltIndex.add(number, .conversion, conversions[number], to: &builder)
            }
            if number < models.click { try BuiltIndex.add(number, .click, clicks[number], to: &builder) }
        }
        pointer = try BuiltIndex.finish(&builder)
    }

    /// Takes ownership of an index.
    private init(_ pointer: UnsafeMutablePointer<Index>) {
        self.pointer = pointer
    }

    /// The index of everything that the builder has collected.
    convenience init(_ builder: inout IndexBuilder) throws {
        self.init(try BuiltIndex.finish(&builder))
    }

    deinit {
        pointer.deinitialize(count: 1)
        pointer.deallocate()
    }

    private static let keys: [UInt64] = {
        var generator = SeededGenerator(seed: 11)
        return (0..<20_000).map { _ in generator.next() }
    }()

    /// The key of a column's label. - Parameter label: its position, below 20,000.
    static func key(of label: Int) -> UInt64 { keys[label] }

    /// The weight that is `mantissa` units of 2^-30 in the index.
    static func weight(of mantissa: Int32) -> Double {
        // 2 would take a larger unit; the value just below rounds to it.
        mantissa == .min ? -(2.0.nextDown) : Double(mantissa) * 0x1p-30
    }

    func slot(of label: Int) -> UnsafePointer<Index.LabelSlot>? {
        pointer.pointee.label(BuiltIndex.key(of: label))
    }

    /// The row of a label's weights; nil if the index does not know the label.
    func row(of label: Int, _ target: Target) -> Index.Row? {
        slot(of: label)?.pointee.row(target)
    }

    /// Adds a model with weights for categories only to a builder.
    static func add(
        _ number: Int, _ target: Target, _ weights: [(label: Int, mantissa: Int32)], to builder: inout IndexBuilder
    ) throws {
        var model = Model()
        for byte in "\(number)".utf8 { try model.campaign.append(byte) }
        model.target = target
        try model.categories.reserve(weights.count)
        for (label, mantissa) in weights {
            let key = key(of: label)
            try model.categories.append(
                Model.CategoryWeight(
                    label: Model.Label(key: key, check: ~key), weight: weight(of: mantissa), field: Text("label"),
                    value: Text("")))
        }
        var error = valuation_error()
        try withUnsafeMutablePointer(to: &error) { error in
            try builder.add(model, origin: IndexBuilder.Origin(file: 0, line: 0), note: Note(error: error))
        }
    }

    private static func finish(_ builder: inout IndexBuilder) throws -> UnsafeMutablePointer<Index> {
        let numbering = try ModelNumbering(builder)
        let pointer = UnsafeMutablePointer<Index>.allocate(capacity: 1)
        do {
            pointer.initialize(to: try builder.finish(numbering))
        } catch {
            pointer.deallocate()
            throw error
        }
        return pointer
    }

    private static func weightsByModel(_ columns: [Column], _ models: Int) -> [[(label: Int, mantissa: Int32)]] {
        var weights = [[(label: Int, mantissa: Int32)]](repeating: [], count: models)
        for (label, column) in columns.enumerated() {
            for (model, mantissa) in column { weights[Int(model)].append((label: label, mantissa: mantissa)) }
        }
        return weights
    }
}
