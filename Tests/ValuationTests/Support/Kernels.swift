// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

@testable import Valuation

/// The loops for one instruction set, as a test's argument.
struct Kernels: CustomTestStringConvertible {
    let level: valuation_kernels_level
    let loops: valuation_kernels

    /// Those that this machine can run; the baseline is always among them.
    static var all: [Kernels] {
        [VALUATION_KERNELS_BASELINE, VALUATION_KERNELS_AVX2, VALUATION_KERNELS_AVX512].compactMap { level in
            valuation_kernels_for(level).map { Kernels(level: level, loops: $0.pointee) }
        }
    }

    var testDescription: String {
        switch level {
        case VALUATION_KERNELS_BASELINE: "baseline"
        case VALUATION_KERNELS_AVX2: "AVX2"
        default: "AVX-512"
        }
    }

    /// The probabilities of any number of logits.
    func sigmoid(_ logits: [Double]) -> [Float] {
        let width = RowPlaces.roundedUp(logits.count)
        let padded = logits + Array(repeating: 0, count: width - logits.count)
        var probabilities = [Float](repeating: .nan, count: width)
        loops.sigmoid(padded, width, &probabilities)
        return Array(probabilities.prefix(logits.count))
    }

    /// `sums`, those of the entries with the weights of their models in the rows added, each row being that of the entry in the same
    /// position. - Parameter entries: positions in `models` and `sums`.
    func lookUp(
        _ rows: [Index.Row], _ entries: [UInt32], of models: [UInt32], to sums: [Int64], in memory: valuation_rows
    ) -> [Int64] {
        written(over: Int64(0), sums.count) { memoryOfSums in
            memoryOfSums.update(from: sums, count: sums.count)
            // As many at once as may be.
            for start in stride(from: 0, to: max(1, rows.count), by: Int(VALUATION_KERNELS_LOOKUPS)) {
                let end = min(rows.count, start + Int(VALUATION_KERNELS_LOOKUPS))
                withUnsafePointer(to: memory) {
                    loops.look_up(
                        $0, Array(rows[start..<end]), Array(entries[start..<end]), models, end - start, memoryOfSums)
                }
            }
        }
    }

    /// `sums`, each with the weight of its model in the row added.
    func addRow(_ row: Index.Row, of models: [UInt32], to sums: [Int64], in memory: valuation_rows) -> [Int64] {
        let width = RowPlaces.roundedUp(models.count)
        let padded = models + [UInt32](repeating: 0, count: width - models.count)
        let added = written(over: Int64(0), width) { memoryOfSums in
            memoryOfSums.update(from: sums, count: sums.count)
            withUnsafePointer(to: memory) { loops.add_row($0, row, padded, models.count, memoryOfSums) }
        }
        return Array(added.prefix(models.count))
    }

    /// The sums of rows of equal width. - Parameter width: a multiple of 16.
    func sumRows(_ rows: [[Int32]], width: Int) -> [Int64] {
        let memory = rows.map { row in
            let memory = UnsafeMutableBufferPointer<Int32>.allocate(capacity: width)
            _ = memory.initialize(from: row)
            return memory
        }
        defer { for row in memory { row.deallocate() } }
        let starts = memory.map { row in row.baseAddress.map { UnsafePointer($0) } }
        return written(over: Int64(-1), width) { loops.sum_rows(starts, rows.count, width, $0) }
    }

    /// The logits of sums, and whether any was cut. - Parameter sums: a multiple of 16 of them.
    func scale(_ sums: [Int64], _ scales: [valuation_scale], bound: Double) -> (logits: [Double], wasCut: Bool) {
        var wasCut = false
        let logits = written(over: -1.0, sums.count) { logits in
            wasCut = loops.scale(sums, scales, sums.count, bound, logits) != 0
        }
        return (logits: logits, wasCut: wasCut)
    }

    /// What `body` writes into memory of `count` elements; nothing may be written beside.
    private func written<Element: Equatable>(
        over unwritten: Element, _ count: Int, _ body: (UnsafeMutablePointer<Element>) -> Void
    ) -> [Element] {
        let margin = 64
        var memory = [Element](repeating: unwritten, count: margin + count + margin)
        memory.withUnsafeMutableBufferPointer { memory in
            if let start = memory.baseAddress { body(start + margin) }
        }
        let beside = memory.prefix(margin) + memory.suffix(margin)
        #expect(beside.allSatisfy { $0 == unwritten }, "written beside the \(count) elements")
        return Array(memory.dropFirst(margin).dropLast(margin))
    }
}
