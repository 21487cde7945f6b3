// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation
import Testing

@testable import Valuation

/// The loops for one instruction set, as a test's argument. Sendable because what its pointer leads to is constant.
struct Kernels: CustomTestStringConvertible, @unchecked Sendable {
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
        sigmoid(logits, bound: Sigmoid.bound).probabilities
    }

    /// The same, and whether any logit was clamped.
    func sigmoid(_ logits: [Double], bound: Double) -> (probabilities: [Float], wasCut: Bool) {
        let width = RowPlaces.roundedUp(logits.count)
        let padded = logits + Array(repeating: 0, count: width - logits.count)
        var probabilities = [Float](repeating: .nan, count: width)
        let wasCut = loops.sigmoid(padded, width, bound, &probabilities) != 0
        return (probabilities: Array(probabilities.prefix(logits.count)), wasCut: wasCut)
    }

    /// The rows of the features at some positions, and the candidates with an unusual feature there, for each position.
    func resolve(
        _ features: [[valuation_feature]], at positions: Range<Int>, in index: UnsafePointer<Index>
    ) -> [(click: [Index.Row], conversion: [Index.Row], unusual: Set<Int>)] {
        let width = RowPlaces.roundedUp(features.count)
        let memory = features.map { list in
            let memory = UnsafeMutableBufferPointer<valuation_feature>.allocate(capacity: max(1, list.count))
            _ = memory.initialize(from: list)
            return memory
        }
        defer { for list in memory { list.deallocate() } }
        var starts = memory.map { UnsafeRawPointer($0.baseAddress)?.assumingMemoryBound(to: UInt64.self) }
        starts += Array(repeating: nil, count: width - starts.count)
        let lengths = features.map { UInt32($0.count) } + Array(repeating: 0, count: width - features.count)
        var table = valuation_labels(
            hash: index.pointee.hashes.labels.function, pilots: index.pointee.labelPilots,
            slots: index.pointee.labelSlots)
        let block = Int(VALUATION_KERNELS_BLOCK)
        let unwritten = [Index.Row](repeating: Index.Row(start: 77, shape: 77), count: positions.count * block)
        var (click, conversion) = (unwritten, unwritten)
        var any: Int32 = -1
        let masks = written(over: UInt16.max, positions.count * block / 16) { unusual in
            any = loops.resolve(
                &table, starts, lengths, positions.lowerBound, positions.count, features.count, &click, &conversion,
                unusual)
        }
        let found = positions.indices.map { position in
            let first = (position - positions.lowerBound) * block
            let places = first..<(first + (features.count + 15) / 16 * 16)
            let unusual = Set(places.filter { masks[$0 / 16] >> UInt16($0 % 16) & 1 != 0 }.map { $0 - first })
            let lanes = level == VALUATION_KERNELS_AVX512 ? 16 : 8
            let rows = first..<(first + (features.count + lanes - 1) / lanes * lanes)
            return (click: Array(click[rows]), conversion: Array(conversion[rows]), unusual: unusual)
        }
        #expect((any != 0) == found.contains { !$0.unusual.isEmpty })
        return found
    }

    /// `sums`, each with its model's weights in its rows added.
    ///
    /// - Parameters:
    ///   - rows: one row for each model, then another one for each, and so on.
    ///   - models: at most as many as a block has.
    func lookUp(
        _ rows: [[Index.Row]], of models: [UInt32], to sums: [Int64], in memory: valuation_rows
    ) -> [Int64] {
        let block = Int(VALUATION_KERNELS_BLOCK)
        let width = RowPlaces.roundedUp(models.count)
        let padded = models + [UInt32](repeating: 0, count: width - models.count)
        let list = rows.flatMap { $0 + [Index.Row](repeating: Index.Row(), count: block - $0.count) }
        let added = written(over: Int64(0), width) { memoryOfSums in
            memoryOfSums.update(from: sums, count: sums.count)
            withUnsafePointer(to: memory) {
                loops.look_up($0, list, rows.count, padded, models.count, memoryOfSums, nil)
            }
        }
        return Array(added.prefix(models.count))
    }

    /// `lookUp` from 0, with what it records: the place of each weight, and its row and sum.
    func lookUpNoting(
        _ rows: [[Index.Row]], of models: [UInt32], in memory: valuation_rows
    ) -> (sums: [Int64], found: [(place: UInt32, row: Int, sum: Int)]) {
        let block = Int(VALUATION_KERNELS_BLOCK)
        let width = RowPlaces.roundedUp(models.count)
        let padded = models + [UInt32](repeating: 0, count: width - models.count)
        let list = rows.flatMap { $0 + [Index.Row](repeating: Index.Row(), count: block - $0.count) }
        var (count, owners) = (0, [UInt32]())
        var sums: [Int64] = []
        let places = written(over: UInt32(77), rows.count * width) { places in
            owners = written(over: UInt32(77), rows.count * width) { owners in
                sums = written(over: Int64(0), width) { sums in
                    var found = valuation_found(places: places, sums: owners, count: 0)
                    withUnsafePointer(to: memory) {
                        loops.look_up($0, list, rows.count, padded, models.count, sums, &found)
                    }
                    count = found.count
                }
            }
        }
        let found = zip(places, owners).prefix(count).map { ($0, Int($1) / block, Int($1) % block) }
        return (Array(sums.prefix(models.count)), found)
    }

    /// `sums`, each with its model's weights in all the rows added, block by block.
    func addRows(_ rows: [Index.Row], of models: [UInt32], to sums: [Int64], in memory: valuation_rows) -> [Int64] {
        let list = rows + [Index.Row](repeating: Index.Row(), count: RowPlaces.roundedUp(rows.count) - rows.count)
        let width = RowPlaces.roundedUp(models.count)
        let padded = models + [UInt32](repeating: 0, count: width - models.count)
        let added = written(over: Int64(0), width) { memoryOfSums in
            memoryOfSums.update(from: sums, count: sums.count)
            for start in stride(from: 0, to: models.count, by: Scratch.blockSize) {
                let count = min(Scratch.blockSize, models.count - start)
                withUnsafePointer(to: memory) { memory in
                    padded.withUnsafeBufferPointer { padded in
                        guard let models = padded.baseAddress else { return }
                        loops.add_rows(memory, list, rows.count, models + start, count, memoryOfSums + start)
                    }
                }
            }
        }
        return Array(added.prefix(models.count))
    }

    /// The sum of a model's weights in rows, for a model and its rows of each target. - Parameter rows: at most as many as
    /// a pair has of each.
    func addPair(_ rows: [[Index.Row]], of models: [UInt32], in memory: valuation_rows) -> [Int64] {
        let room = Int(VALUATION_KERNELS_PAIR)
        let list = rows.flatMap { $0 + [Index.Row](repeating: Index.Row(), count: room - $0.count) }
        let counts = valuation_pair(click: Int64(rows[0].count), conversion: Int64(rows[1].count))
        let own = valuation_pair(click: Int64(models[0]), conversion: Int64(models[1]))
        let sums = withUnsafePointer(to: memory) { loops.add_pair($0, list, counts, own) }
        return [sums.click, sums.conversion]
    }

    /// The sums of rows of equal width; the first ones are read from pairs. - Parameter width: a multiple of 16.
    func sumRows(_ rows: [[Int32]], paired: Int = 0, width: Int) -> [Int64] {
        let together = Int(VALUATION_ROW_TOGETHER)
        let memory = rows.enumerated().map { position, row in
            let memory = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 2 * width)
            memory.initialize(repeating: .max)
            for (model, weight) in row.enumerated() {
                memory[position < paired ? model / together * 2 * together + model % together : model] = weight
            }
            return memory
        }
        defer { for row in memory { row.deallocate() } }
        let starts = memory.map { row in row.baseAddress.map { UnsafePointer($0) } }
        return written(over: Int64(-1), width) { loops.sum_rows(starts, paired, rows.count, width, $0) }
    }

    /// The logits of sums, scaled by each sum's model or by the scale in its position. - Parameter sums: a multiple of
    /// 16 of them.
    func scale(_ sums: [Int64], _ scales: [valuation_scale], models: [UInt32]? = nil) -> [Double] {
        written(over: -1.0, sums.count) { logits in
            if let models {
                loops.scale(sums, scales, models, sums.count, logits)
            } else {
                loops.scale(sums, scales, nil, sums.count, logits)
            }
        }
    }

    /// The means of the members' probabilities. - Parameter members: as many probabilities and models each, a multiple of
    /// eight, and the number that stands for no model.
    func average(_ members: [(probabilities: [Float], models: [UInt32], absent: UInt32)]) -> [Float] {
        let probabilities = members.map { member in
            let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: member.probabilities.count)
            _ = memory.initialize(from: member.probabilities)
            return memory
        }
        let models = members.map { member in
            let memory = UnsafeMutableBufferPointer<UInt32>.allocate(capacity: member.models.count)
            _ = memory.initialize(from: member.models)
            return memory
        }
        defer {
            for memory in probabilities { memory.deallocate() }
            for memory in models { memory.deallocate() }
        }
        let starts = probabilities.map { memory in memory.baseAddress.map { UnsafePointer($0) } }
        let modelStarts = models.map { memory in memory.baseAddress.map { UnsafePointer($0) } }
        let width = members[0].models.count
        let bits = written(over: UInt32(77), width) { means in
            means.withMemoryRebound(to: Float.self, capacity: width) { means in
                loops.average(starts, modelStarts, members.map(\.absent), members.count, width, means)
            }
        }
        return bits.map { Float(bitPattern: $0) }
    }

    /// By how much weights move the logits of lanes, and the variances of that, added to what was there before.
    ///
    /// - Parameters:
    ///   - rows: deviations, with the labels for their draws.
    ///   - places: the lanes' places in the rows; nil if they are consecutive.
    ///   - campaigns: the lower halves of the lanes' keys, a multiple of eight of them.
    ///   - count: of how many lanes the draws are wanted; all by default.
    ///   - notesVariances: if false, the variances stay unchanged.
    func draw(
        _ rows: [(deviations: [Float], label: UInt32)], at places: [UInt32]?, arePaired: Bool = false,
        _ campaigns: [UInt32], count: Int? = nil, notesVariances: Bool = true, onTopOf before: Double
    ) -> (moved: [Double], variances: [Double]) {
        let memory = rows.map { row in
            let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: row.deviations.count)
            _ = memory.initialize(from: row.deviations)
            return memory
        }
        defer { for row in memory { row.deallocate() } }
        let starts = memory.map { row in row.baseAddress.map { UnsafePointer($0) } }
        var variances: [Double] = []
        let moved = written(over: before, campaigns.count) { moved in
            variances = written(over: before, campaigns.count) { variances in
                let (labels, noted) = (rows.map(\.label), notesVariances ? variances : nil)
                let count = count ?? campaigns.count
                if let places {
                    loops.draw(starts, labels, rows.count, places, 0, campaigns, count, moved, noted)
                } else {
                    loops.draw(starts, labels, rows.count, nil, arePaired ? 1 : 0, campaigns, count, moved, noted)
                }
            }
        }
        return (moved: moved, variances: variances)
    }

    /// What `body` writes into memory of `count` elements; it must write nothing outside.
    func written<Element: Equatable>(
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
