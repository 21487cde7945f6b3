// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation
import Testing

@testable import Valuation

/// Compiled files with correct checksums and wrong contents.
@Suite struct ForgedFileTests {
    private static let request = """
        {"features": {"popular": ["0", "1", "2"], "common": ["1", "2"], "rare": "3", "age": 31.5, "slot": "1",
         "os": ["1", "2"], "price": 3}, "candidates": [
          {"campaign": "campaign-1", "pricing": "cpa", "bid": 3, "features": {"creative": ["1", "2"], "city": "3"}},
          {"campaign": "campaign-30", "pricing": "cpa", "bid": 3, "features": {"rare": "3", "common": "3"}},
          {"campaign": "new-0", "pricing": "cpc", "bid": 0.5}, {"campaign": "*", "pricing": "cpa", "bid": 0.5}]}
        """

    /// A file with rows of every kind, chains, counts and variances, with fewer conversion models than click models.
    private static func compiled(_ folder: TemporaryFolder) throws -> CompiledBytes {
        let many = ManyModels(campaigns: 80, hasBases: true, hasCrosses: true, seed: 5)
        let random = RandomModels(seed: 3)
        let documents = many.documents.enumerated().filter { $0.offset < 110 }.map(\.element)
            .filter { many in !random.documents.contains { $0.campaign == many.campaign && $0.campaign != "*" } }
        let others = random.documents.filter { $0.campaign != "*" }
        let lines = (documents + others).map(\.json) + random.entries.map(\.json)
        let models = try folder.write("models.jsonl", lines.joined(separator: "\n"))
        let file = "\(folder.path)/sound.valuation"
        try checked { error in valuation_compile(models, models.utf8.count, file, file.utf8.count, error) }
        return try CompiledBytes(contentsOf: file)
    }

    /// Loads a file and scores with everything in it. - Returns: why it is refused, or nil.
    private static func use(_ bytes: [UInt8], _ folder: TemporaryFolder) throws -> Complaint? {
        let path = try folder.write("forged.valuation", bytes)
        let engine = try EngineHandle(switches: UInt32(VALUATION_SWITCH_COPY_COMPILED))
        if let refusal = complaint(of: { () throws(Complaint) in try engine.load(path) }) { return refusal }
        try ask(engine)
        let text = policy(
            #""curious": {"release": "LATEST", "exploration": 1}, "safe": {"naive": {"impressions": 9}}"#,
            default: "curious", ", \"overrides\": [\(override("safe", scope: #"{"advertisers": ["77"]}"#))]")
        let policyPath = try folder.write("policy.json", text)
        // If the counts are forged, those needed here may not exist.
        if let refusal = complaint(of: { () throws(Complaint) in try engine.loadPolicy(policyPath) }) {
            #expect(refusal.status == .invalidValue)
            return nil
        }
        try ask(engine)
        let ads = ["campaign-1", "campaign-30", "new-0", "*"].map { Ad(campaign: $0, pricing: .cpa, bid: 1) }
        let explored = try engine.scorer().explore(
            [.category("popular", "1"), .number("age", 3)], ads, Circumstances())
        #expect(explored.propensities.allSatisfy { $0 >= 0 && $0 <= 1 })
        return nil
    }

    private static func ask(_ engine: EngineHandle) throws {
        let scorer = try engine.scorer()
        _ = try engine.description()
        _ = try JSONTree(parsing: try scorer.explainJSON(request))
        for value in try JSONTree(parsing: try scorer.scoreJSON(request)).values {
            for member in ["pctr", "pcvr"] {
                guard let probability = value[member]?.number else { continue }
                #expect(probability >= 0 && probability <= 1)
            }
        }
    }

    /// Other values of a field of this width.
    private static func extremes(_ field: CompiledBytes.Field, _ found: UInt64) -> Set<UInt64> {
        let all = field.width == 8 ? UInt64.max : 1 << UInt64(8 * field.width) - 1
        let top = (all >> 1) + 1
        var extremes: Set<UInt64> = [0, 1, all, all - 1, top, top - 1, found &+ 1 & all, found &- 1 & all, found ^ top]
        if field.isFloating {
            // Infinity, NaN, minus one, large and tiny.
            extremes =
                field.width == 8
                ? [0x7ff0 << 48, 0x7ff8 << 48, 0xbff0 << 48, 0x7fe0 << 48, 0xffe0 << 48, 1, 0]
                : [0x7f80 << 16, 0x7fc0 << 16, 0xbf80 << 16, 0x7f00 << 16, 0xff00 << 16, 1, 0]
        }
        if field.name.hasSuffix("shape") {
            extremes.formUnion([0, 5, 29, 30, 31, 63].map { kind in found & ~31 | kind })
            extremes.formUnion([0, 5, 29, 30, 31, 63].map { kind in all & ~31 | kind })
        }
        if field.name == "label.bits" { extremes.formUnion((0..<4).map { found & (1 << 62 - 1) | $0 << 62 }) }
        extremes.remove(found)
        return extremes
    }

    /// The elements of an array to forge: the first, some others, the last; of labels, some for each kind of row.
    private static func elements(_ field: CompiledBytes.Field, _ sound: CompiledBytes) -> Set<Int> {
        var elements: Set<Int> = [0, field.count / 3, field.count - 1]
        if field.name.hasPrefix("label.") {
            let kinds: [(valuation_label) -> Bool] = [
                { $0.isNumber }, { $0.isCross }, { $0.isVacant }, { $0.isCategory && $0.click.isPaired },
                { $0.isCategory && $0.click.isDense && !$0.click.isPaired }, { $0.isCategory && $0.click.isShort },
                { $0.isCategory && $0.click.hasDirectory },
            ]
            for kind in kinds { elements.formUnion(sound.labels(where: kind).prefix(1)) }
        }
        return elements
    }

    @Test func noNumberInAFilePointsOutsideIt() throws {
        let folder = try TemporaryFolder()
        let sound = try Self.compiled(folder)
        #expect(try Self.use(sound.summed(), folder) == nil)
        var (refused, used) = (Set<String>(), Set<String>())
        for field in sound.fields {
            for element in Self.elements(field, sound) {
                let byte = field.byte(element)
                for number in Self.extremes(field, sound.number(byte, width: field.width)) {
                    var forged = sound
                    forged.put(number, width: field.width, at: byte)
                    if let refusal = try Self.use(forged.summed(), folder) {
                        let place = Comment("\(field.name) of \(element): \(refusal)")
                        #expect([.checksum, .format, .secret].contains(refusal.status), place)
                        refused.insert(field.name)
                    } else {
                        used.insert(field.name)
                    }
                }
            }
        }
        // No value of these can do harm.
        for name in ["label.key", "label pilot", "campaign.key", "weight", "field.kinds"] {
            #expect(!refused.contains(name) && used.contains(name), Comment(rawValue: name))
        }
        for name in ["deviation", "number deviation", "click.intercept deviation", "conversion.intercept deviation"] {
            #expect(refused.contains(name), Comment(rawValue: name))
        }
    }

    /// A change, and the number in a sound file that it makes wrong.
    private static let forgeries: [(name: String, change: @Sendable (inout CompiledBytes) throws -> Void)] = [
        ("a list names a model that does not exist", { $0.put(700, width: 2, at: $0.byte("list.model", 3)) }),
        (
            "a campaign has a model that does not exist",
            { $0.put(UInt64($0.counts.models.click) + 1, width: 4, at: $0.byte("campaign.click", 3)) }
        ),
        (
            "a model extends itself",
            {
                $0.put(0, width: 4, at: $0.byte("click.base", 0))
                $0.put(0, width: 4, at: $0.byte("description.base", 0))
            }
        ),
        (
            "a dense row ends behind all others",
            {
                let label = try #require($0.labels { $0.isCategory && $0.click.isDense }.first)
                let places = UInt64($0.counts.listPlaces + $0.counts.densePlaces)
                $0.put(places - 16, width: 4, at: $0.byte("label.click.start", label))
            }
        ),
        (
            "a short list ends behind all others",
            {
                let label = try #require($0.labels { $0.isCategory && $0.click.isShort }.first)
                $0.put(UInt64($0.counts.listPlaces), width: 4, at: $0.byte("label.click.start", label))
            }
        ),
        (
            "a part of a list begins behind its end",
            {
                let label = try #require($0.labels { $0.isCategory && $0.click.hasDirectory }.first)
                let shape = $0.number($0.byte("label.click.shape", label), width: 4)
                let entry = $0.byte("directory", Int((shape >> 3) & ~3))
                $0.put($0.number(entry, width: 8) | 0x3ffff, width: 8, at: entry)
            }
        ),
        (
            "a name ends behind all others",
            { $0.put(UInt64($0.counts.nameBytes) + 1, width: 4, at: $0.byte("trainer.end", 1)) }
        ),
        ("a name is no text", { $0.put(0xff, width: 1, at: $0.byte("name", 1)) }),
        (
            "a mark of the library's own is among the flags",
            { $0.put(1 << 31, width: 4, at: $0.byte("campaign.flags", 2)) }
        ),
    ]

    @Test(arguments: forgeries.map(\.name)) func aReferenceToNothingIsRefused(name: String) throws {
        let folder = try TemporaryFolder()
        var forged = try Self.compiled(folder)
        try #require(Self.forgeries.first { $0.name == name }).change(&forged)
        let refusal = try #require(try Self.use(forged.summed(), folder))
        #expect(refusal.status == .checksum)
        #expect(refusal.message.contains("contradicts itself"))
    }
}
