// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation
import Foundation
import Testing

@testable import Valuation

@Suite struct CompiledFileTests {
    /// Models with rows of every kind, compiled, and the file's path.
    private static func compiled(_ folder: TemporaryFolder, hasBases: Bool = true) throws -> (ManyModels, String) {
        let generated = ManyModels(campaigns: 120, hasBases: hasBases, hasCrosses: true, seed: 81)
        let models = try folder.write("models.jsonl", generated.documents.map(\.json).joined(separator: "\n"))
        let file = "\(folder.path)/all.valuation"
        try checked { error in valuation_compile(models, models.utf8.count, file, file.utf8.count, error) }
        return (generated, file)
    }

    @Test(arguments: [false, true]) func mappedModelsGiveTheBitsOfTheirFiles(hasBases: Bool) throws {
        let folder = try TemporaryFolder()
        var (generated, file) = try Self.compiled(folder, hasBases: hasBases)
        let models = try LoadedModels(generated.documents)
        let mapped = try LoadedModels(compiled: file)
        for count in [1, 20, 700] {
            let request = generated.features()
            let ads = generated.ads(count)
            let difference = firstDifference(
                mapped.score(request, ads).map(\.all), models.score(request, ads).map(\.all))
            #expect(difference == nil)
        }
    }

    @Test(arguments: 0..<6 as Range<UInt64>) func theOtherFactsAreMappedAsWell(seed: UInt64) throws {
        let folder = try TemporaryFolder()
        let world = RandomModels(seed: seed)
        let lines = world.documents.map(\.json) + world.entries.map(\.json)
        let path = try folder.write("models.jsonl", lines.joined(separator: "\n"))
        let file = "\(folder.path)/all.valuation"
        try checked { error in valuation_compile(path, path.utf8.count, file, file.utf8.count, error) }
        let read = try LoadedModels(world.documents, world.entries)
        let mapped = try LoadedModels(compiled: file)
        read.withIndex { read in
            mapped.withIndex { mapped in
                #expect(read.pointee.hasObserved && mapped.pointee.hasObserved && mapped.pointee.hasVariances)
                #expect(mapped.pointee.overall.click > 0)
                for target in Target.allCases {
                    #expect(read.pointee.overall[target] == mapped.pointee.overall[target])
                }
                for campaign in world.campaigns + ["new-0", "new-1", "unheard-of", "*"] {
                    let key = valuation_campaign_key(nil, campaign, campaign.utf8.count)
                    let found = [read, mapped].map { $0.pointee.observed(key) }
                    #expect(found[0].bytes == found[1].bytes, "\(campaign)")
                }
                var known = 0
                for place in 0..<read.pointee.hashes.labels.slotCount {
                    let key = read.pointee.labelSlots[place].key
                    for model in 0..<UInt32(read.pointee.counts.modelCount) {
                        let deviation = read.pointee.deviation(ofLabel: key, model: model)
                        #expect(mapped.pointee.deviation(ofLabel: key, model: model) == deviation)
                        if deviation > 0 { known += 1 }
                    }
                }
                #expect(known > 100)
            }
        }
    }

    @Test func theSameModelsGiveTheSameBytes() throws {
        let folder = try TemporaryFolder()
        let (_, file) = try Self.compiled(folder)
        let first = try Data(contentsOf: URL(filePath: file))
        let (_, again) = try Self.compiled(folder)
        #expect(try Data(contentsOf: URL(filePath: again)) == first)
        // Compiling a compiled file gives the same bytes, too.
        let copy = "\(folder.path)/copy.valuation"
        try checked { error in valuation_compile(file, file.utf8.count, copy, copy.utf8.count, error) }
        #expect(try Data(contentsOf: URL(filePath: copy)) == first)
    }

    @Test func everyChangeOfAByteIsRefused() throws {
        let folder = try TemporaryFolder()
        let (_, file) = try Self.compiled(folder)
        let sound = Array(try Data(contentsOf: URL(filePath: file)))
        let header = Array(0..<MemoryLayout<valuation_compiled_header>.size) + [1000, 4095]
        let others = stride(from: 4096, to: sound.count, by: 997)
        for place in header + others {
            var bytes = sound
            bytes[place] ^= 1 << UInt8(place % 8)
            let damaged = try folder.write("damaged.valuation", bytes)
            let found = try #require(loadComplaint(atPath: damaged), "byte \(place)")
            #expect(found.status == .checksum || found.status == .format, "byte \(place): \(found)")
            #expect(found.file == damaged)
        }
        for length in [0, 1, 7, 8, 200, 4095, 4096, 4097, sound.count - 1] {
            let cut = try folder.write("cut.valuation", Array(sound[..<length]))
            let found = try #require(loadComplaint(atPath: cut), "\(length) bytes")
            #expect(found.status == .checksum || found.status == .format, "\(length) bytes: \(found)")
        }
        let longer = try folder.write("longer.valuation", sound + [0])
        #expect(loadComplaint(atPath: longer)?.status == .checksum)
    }

    @Test func theErrorSaysWhatIsWrong() throws {
        let folder = try TemporaryFolder()
        let (_, file) = try Self.compiled(folder)
        let sound = Array(try Data(contentsOf: URL(filePath: file)))
        func message(_ change: (inout [UInt8]) -> Void) throws -> String {
            var bytes = sound
            change(&bytes)
            return try #require(loadComplaint(atPath: try folder.write("changed.valuation", bytes))).message
        }
        #expect(try message { $0.replaceSubrange(0..<4, with: "JSON".utf8) }.contains("no compiled file"))
        #expect(try message { $0[8..<12].reverse() }.contains("byte order"))
        #expect(try message { $0[12] = 1 }.contains("valuation-compiled/4"))
        #expect(try message { $0.removeLast() }.contains("damaged or cut"))
    }

    @Test func aTrustedFileIsMappedWithoutBeingRead() throws {
        let folder = try TemporaryFolder()
        let (_, file) = try Self.compiled(folder)
        var bytes = Array(try Data(contentsOf: URL(filePath: file)))
        bytes[bytes.count - 1] ^= 1
        let damaged = try folder.write("damaged.valuation", bytes)
        #expect(loadComplaint(atPath: damaged)?.status == .checksum)
        var options = valuation_options(
            struct_size: UInt32(MemoryLayout<valuation_options>.size),
            switches: UInt32(VALUATION_SWITCH_TRUST_COMPILED),
            maximum_input_bytes: 0)
        var engine: OpaquePointer?
        try checked { error in valuation_engine_create(&options, &engine, error) }
        defer { valuation_engine_destroy(engine) }
        try checked { error in valuation_engine_load(engine, damaged, damaged.utf8.count, error) }
    }
}

extension Index.Observed {
    /// Treats NaN as equal to NaN.
    fileprivate var bytes: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }
}
