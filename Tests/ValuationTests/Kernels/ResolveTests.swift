// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation
import Testing

@testable import Valuation

/// From features to the rows of their labels, for any number of candidates.
@Suite struct ResolveTests {
    private static let labels = 500
    private static let counts = [0, 1, 7, 8, 9, 15, 16, 17, 100, 127, 128]

    private func index() throws -> BuiltIndex {
        let columns = (0..<Self.labels).map { label -> (click: Column, conversion: Column) in
            let click: Column = [UInt32(label % 3): Int32(label + 1)]
            return (click: click, conversion: [0: Int32(-label - 1)])
        }
        return try BuiltIndex(models: (click: 3, conversion: 1), columns: columns)
    }

    @Test(arguments: Kernels.all, counts)
    func eachFeatureHasTheRowsOfItsLabelAndUnknownOnesAreReported(kernels: Kernels, count: Int) throws {
        let index = try index()
        var generator = SeededGenerator(seed: 62)
        // Candidates with none to four features, some of them unknown, whatever their number says.
        let labels: [[Int?]] = (0..<count).map { _ in
            (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                generator.once(in: 4) ? nil : Int.random(in: 0..<Self.labels, using: &generator)
            }
        }
        let features = labels.map { list in
            list.map { label in
                valuation_feature(key: label.map { BuiltIndex.key(of: $0) } ?? generator.next(), number: .nan)
            }
        }
        for positions in [0..<4, 1..<3, 2..<3] {
            let found = kernels.resolve(features, at: positions, in: index.pointer)
            for (position, found) in zip(positions, found) {
                for place in 0..<count {
                    let isPresent = position < labels[place].count
                    let label = isPresent ? labels[place][position] : nil
                    let click = label.flatMap { index.row(of: $0, .click) } ?? Index.Row()
                    let conversion = label.flatMap { index.row(of: $0, .conversion) } ?? Index.Row()
                    #expect(Self.areSame(found.click[place], click), "candidate \(place)")
                    #expect(Self.areSame(found.conversion[place], conversion), "candidate \(place)")
                    #expect(found.unusual.contains(place) == (isPresent && label == nil), "candidate \(place)")
                }
                // Lookups read whole vectors.
                #expect(found.click.dropFirst(count).allSatisfy { $0.isEmpty })
                #expect(found.conversion.dropFirst(count).allSatisfy { $0.isEmpty })
            }
        }
    }

    /// Whether rows are equal, or both empty, wherever.
    private static func areSame(_ one: Index.Row, _ other: Index.Row) -> Bool {
        one.shape == other.shape && (one.isEmpty || one.start == other.start)
    }

    /// Labels with clicks in dense rows, lists and empty rows, and a conversion each, so that every label is known.
    private func formsIndex(_ generator: inout SeededGenerator) throws -> BuiltIndex {
        let columns = (0..<90).map { label -> (click: Column, conversion: Column) in
            let count = [0, 3, 20, 64][label % 4]
            let models = (0..<64).shuffled(using: &generator).prefix(count)
            return (click: Column(uniqueKeysWithValues: models.map { (UInt32($0), 1) }), conversion: [0: 1])
        }
        return try BuiltIndex(models: (click: 64, conversion: 1), columns: columns)
    }

    @Test func theRowsOfARequestAreListedByTheirForm() throws {
        var generator = SeededGenerator(seed: 63)
        let index = try formsIndex(&generator)
        for count in [0, 1, 2, 15, 16, 17, 30, 64, 90] {
            let labels = (0..<90).shuffled(using: &generator).prefix(count)
            let terms = terms(of: Array(labels), in: index.pointer)
            defer { terms.deallocate() }
            for target in [Target.click, .conversion] {
                let expected = try labels.map { try #require(index.row(of: $0, target)) }.filter { !$0.isEmpty }
                var rows = [Index.Row](repeating: Index.Row(start: 77, shape: 77), count: count + 1)
                let found = valuation_list_rows(terms.baseAddress, count, target == .conversion ? 1 : 0, &rows)
                expect(Array(rows.prefix(found)), are: expected)
            }
            if count > Int(VALUATION_KERNELS_PAIR) { continue }
            let pair = listPair(terms.baseAddress, count, hasNumbers: false)
            for (target, rows) in [(Target.click, pair.click), (.conversion, pair.conversion)] {
                expect(rows, are: try labels.map { try #require(index.row(of: $0, target)) }.filter { !$0.isEmpty })
            }
        }
    }

    /// Numbers have rows of another kind, which are read apart.
    @Test func numbersAreLeftOutOfTheRowsOfACandidateAlone() throws {
        var generator = SeededGenerator(seed: 64)
        let index = try formsIndex(&generator)
        let number = UnsafeMutablePointer<Index.LabelSlot>.allocate(capacity: 1)
        defer { number.deallocate() }
        number.pointee = try #require(index.slot(of: 3)).pointee
        number.pointee.bits = UInt64(VALUATION_LABEL_NUMBER) << UInt64(VALUATION_LABEL_KIND)
        let labels = [3, 2, 1, 7, 0, 11]
        let terms = terms(of: labels, in: index.pointer)
        defer { terms.deallocate() }
        for place in [0, 4, 5] { terms[place].slot = UnsafePointer(number) }
        let expected = try [2, 1, 7].map { try #require(index.row(of: $0, .click)) }
        expect(listPair(terms.baseAddress, labels.count, hasNumbers: true).click, are: expected)
    }

    /// Expects rows in any order, but dense rows before lists.
    private func expect(_ rows: [Index.Row], are expected: [Index.Row]) {
        #expect(rows.map(\.isDense) == rows.map(\.isDense).sorted { $0 && !$1 })
        let words = { (rows: [Index.Row]) in rows.map { UInt64($0.start) &<< 32 | UInt64($0.shape) }.sorted() }
        #expect(words(rows) == words(expected))
    }

    /// The rows of both targets; expects empty ones behind them up to the next vector.
    private func listPair(
        _ terms: UnsafePointer<Term>?, _ count: Int, hasNumbers: Bool
    ) -> (click: [Index.Row], conversion: [Index.Row]) {
        let room = Int(VALUATION_KERNELS_PAIR)
        var rows = [Index.Row](repeating: Index.Row(start: 77, shape: 77), count: 2 * room)
        let counts = valuation_list_pair(terms, count, hasNumbers ? 1 : 0, &rows)
        for (start, count) in [(0, Int(counts.click)), (room, Int(counts.conversion))] {
            #expect(rows[(start + count)..<(start + RowPlaces.roundedUp(count))].allSatisfy { $0.isEmpty })
        }
        return (Array(rows.prefix(Int(counts.click))), Array(rows[room...].prefix(Int(counts.conversion))))
    }

    /// The terms of a request with labels and a feature that no model knows.
    private func terms(of labels: [Int], in index: UnsafePointer<Index>) -> UnsafeMutableBufferPointer<Term> {
        let features =
            labels.map { valuation_feature(key: BuiltIndex.key(of: $0), number: 1) } + [
                valuation_feature(key: 1, number: 1)
            ]
        var (table, found) = (index.pointee.labelTable, valuation_resolved())
        let terms = UnsafeMutableBufferPointer<Term>.allocate(capacity: features.count)
        let known = features.withUnsafeBytes { bytes in
            valuation_resolve(
                &table, bytes.baseAddress?.assumingMemoryBound(to: UInt64.self), features.count, terms.baseAddress,
                &found)
        }
        #expect(known == labels.count && found.has_unknown != 0 && found.has_numbers == 0)
        return terms
    }
}
