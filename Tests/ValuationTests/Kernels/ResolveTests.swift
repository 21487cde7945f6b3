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
        for position in 0..<4 {
            let found = kernels.resolve(features, at: position, in: index.pointer)
            for place in 0..<RowPlaces.roundedUp(count) {
                let isPresent = place < count && position < labels[place].count
                let label = isPresent ? labels[place][position] : nil
                let click = label.flatMap { index.row(of: $0, .click) } ?? Index.Row()
                let conversion = label.flatMap { index.row(of: $0, .conversion) } ?? Index.Row()
                #expect(found.click[place].shape == click.shape && found.conversion[place].shape == conversion.shape)
                if label != nil {
                    #expect(found.click[place].start == click.start)
                    #expect(found.conversion[place].start == conversion.start)
                }
                #expect(found.unusual.contains(place) == (isPresent && label == nil), "candidate \(place)")
            }
        }
    }
}
