// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

@Suite struct GzipTests {
    private let text = Array(RandomModels(seed: 3).documents[0].json.utf8)

    private func unpacked(_ bytes: [UInt8]) -> Result<[UInt8], Failure> {
        do {
            return .success(try documents(of: bytes, .packedJSON).flatMap(\.bytes))
        } catch {
            return .failure(error)
        }
    }

    @Test func isUnpacked() throws {
        #expect(try unpacked(gzip(text)).get() == text)
        #expect(try unpacked(gzip([UInt8]())).get() == [])
    }

    /// As in gzip(1): several members are one text.
    @Test func severalMembersAreOneText() throws {
        for cuts in [[0], [1], [text.count / 2], [10, 10, 20, text.count]] {
            let bounds = [0] + cuts + [text.count]
            let members = zip(bounds, bounds.dropFirst()).map { gzip(Array(text[$0..<$1])) }
            #expect(try unpacked(Array(members.joined())).get() == text)
        }
    }

    /// Members that end at the edges of the pieces in which a file is read.
    @Test func manyMembersOfAnySizeAreOneText() throws {
        var generator = SeededGenerator(seed: 4)
        var whole: [UInt8] = []
        var packed: [UInt8] = []
        for _ in 0..<40 {
            let count = [0, 1, 100, 65_535, 65_536, 65_537].randomElement(using: &generator)!
            let part = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            whole += part
            packed += gzip(part)
        }
        #expect(whole.count > 300_000)
        #expect(try unpacked(packed).get() == whole)
        let folder = try TemporaryFolder()
        let path = try folder.write("a.json.gz", packed)
        #expect(try documents(ofFile: path, .packedJSON).flatMap(\.bytes) == whole)
    }

    @Test func isRefusedWhereverItIsCutOff() {
        let packed = gzip(text)
        for length in 0..<packed.count {
            let result = unpacked(Array(packed[..<length]))
            #expect(throws: Failure.self, "the first \(length) bytes") { try result.get() }
            if case .failure(let failure) = result { #expect(failure.status == .gzip) }
        }
    }

    @Test func isRefusedWithAnythingBehindIt() {
        let packed = gzip(text)
        for garbage in [
            [0], [0x1f], [0x1f, 0x8b], [0x1f, 0x8b, 8], Array("{}".utf8), [UInt8](repeating: 0, count: 512),
        ] {
            guard case .failure(let failure) = unpacked(packed + garbage) else {
                Issue.record("accepted with \(garbage) behind it")
                continue
            }
            #expect(failure.status == .gzip)
        }
    }

    /// Some bits of the header (time, operating system) have no effect.
    @Test func aFlippedBitIsRefusedOrChangesNothing() {
        let packed = gzip(text)
        var refused = 0
        for position in packed.indices {
            for bit in 0..<8 {
                var damaged = packed
                damaged[position] ^= 1 << UInt8(bit)
                switch unpacked(damaged) {
                case .success(let result): #expect(result == text, "bit \(bit) of byte \(position)")
                case .failure(let failure):
                    refused += 1
                    #expect(failure.status == .gzip)
                }
            }
        }
        // All but the ten bytes of the header.
        #expect(refused >= (packed.count - 10) * 8)
    }

    @Test func plainTextIsNotGzip() {
        guard case .failure(let failure) = unpacked(text) else {
            Issue.record("accepted")
            return
        }
        #expect(failure.status == .gzip)
    }
}
