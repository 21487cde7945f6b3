// SPDX-License-Identifier: Apache-2.0
import CChecksum
import CValuation
import Testing

@testable import Valuation

@Suite struct ManifestTests {
    /// Why a manifest of release "a" is refused, or nil if it is accepted.
    private func complaint(_ text: String) -> Complaint? {
        complaintOf { note throws(Failure) in
            try withText(text) { text throws(Failure) in
                do throws(Failure) {
                    _ = try ManifestDecoder.decode(text, id: Text("a"), note: note)
                } catch {
                    throw note.located(error, Text("manifest.json"))
                }
            }
        }
    }

    /// A sound manifest with a part replaced and the checksum updated.
    private func manifest(_ part: String = "", _ replacement: String = "") throws -> String {
        var text = """
            {"format": "valuation-release/1", "id": "a", "created": "2026-11-21T03:00:00Z", "trainer": null,
             "files": [{"name": "click.jsonl", "bytes": 12, "xxh128": "0123456789abcdef0123456789abcdef"}],
             "compiled": {"name": "index.valuation", "bytes": 4096, "xxh128": "0123456789abcdef0123456789abcdef", "format": 1},
             "counts": {"campaigns": 1, "click_models": 1, "conversion_models": 0, "weights": 3},
             "priors": {"click": 0.01, "conversion": null},

            """
        if !part.isEmpty {
            try #require(text.contains(part))
            text = text.replacing(part, with: replacement)
        }
        var bytes = Array(text.utf8)
        let sum = valuation_checksum_of(&bytes, bytes.count)
        var digits = Buffer<UInt8>()
        try digits.append(hexadecimal: sum)
        return text + "\"checksum\": \"" + String(decoding: digits.elements, as: UTF8.self) + "\"}"
    }

    @Test func whatIsWrittenIsReadBack() throws {
        var manifest = Manifest()
        manifest.id = try manifest.keep(Text("2026-11-21T030000Z"))
        manifest.created = try manifest.keep(Text("2026-11-21T03:00:00Z"))
        manifest.trainer = try manifest.keep(Text("a \"trainer\"\n"))
        let sum = FileSum(bytes: 123, checksum: Checksum(high: 0xfedc_ba98_7654_3210, low: 7))
        try manifest.files.append(Manifest.File(name: try manifest.keep(Text("click.jsonl.gz")), sum: sum))
        manifest.counts = Manifest.Counts(campaigns: 1, models: ByTarget(click: 2, conversion: 3), weights: 4)
        manifest.priors = Priors(click: 0.0041, conversion: 0)
        var text = Buffer<UInt8>()
        try manifest.write(to: &text)
        let id = Text("2026-11-21T030000Z")
        try Note.withTemporary { (note: Note) throws(Failure) in
            let read = try ManifestDecoder.decode(text.text, id: id, note: note)
            #expect(read.text(read.id) == id && read.text(read.trainer) == Text("a \"trainer\"\n"))
            #expect(read.files.count == 1 && read.files[0].sum == sum && read.compiled == nil)
            #expect(read.text(read.files[0].name) == Text("click.jsonl.gz"))
            #expect(read.counts.models.conversion == 3 && read.counts.weights == 4)
            #expect(read.priors.click == 0.0041 && read.priors.conversion == 0)
        }
    }

    @Test func aSoundManifestIsAccepted() throws {
        #expect(complaint(try manifest()) == nil)
    }

    @Test(arguments: [
        ("\"valuation-release/1\"", "\"valuation-release/2\"", Status.format, "$.format"),
        ("\"id\": \"a\"", "\"id\": \"b\"", .invalidValue, "$.id"),
        ("\"created\": \"2026-11-21T03:00:00Z\"", "\"created\": 3", .invalidValue, "$.created"),
        ("click.jsonl\"", "../click.jsonl\"", .invalidValue, "$.files[0].name"),
        ("click.jsonl\"", "/etc/passwd\"", .invalidValue, "$.files[0].name"),
        ("click.jsonl\"", "..\"", .invalidValue, "$.files[0].name"),
        ("click.jsonl\"", "\"", .invalidValue, "$.files[0].name"),
        ("click.jsonl\"", "notes.txt\"", .invalidValue, "$.files[0].name"),
        ("\"bytes\": 12,", "\"bytes\": -1,", .invalidValue, "$.files[0].bytes"),
        ("\"bytes\": 12,", "\"bytes\": 1.5,", .invalidValue, "$.files[0].bytes"),
        ("\"bytes\": 12,", "\"bytes\": 1e300,", .invalidValue, "$.files[0].bytes"),
        ("\"bytes\": 12, \"xxh128\": \"0", "\"bytes\": 12, \"xxh128\": \"A", .invalidValue, "$.files[0].xxh128"),
        ("\"name\": \"index.valuation\"", "\"name\": \"../x\"", .invalidValue, "$.compiled.name"),
        ("\"format\": 1}", "\"format\": \"1\"}", .invalidValue, "$.compiled.format"),
        ("\"weights\": 3", "\"weight\": 3", .invalidValue, "$.counts.weights"),
        ("0.01", "1.5", .invalidValue, "$.priors.click"), ("0.01", "0", .invalidValue, "$.priors.click"),
        ("\"trainer\": null", "\"id\": null", .duplicateKey, ""),
    ])
    func whatIsNotSoundIsRefusedWithItsPath(_ part: String, _ other: String, _ status: Status, _ path: String) throws {
        let found = try #require(complaint(try manifest(part, other)))
        #expect(found.status == status && found.jsonPath == path, "\(found)")
    }

    @Test func theChecksumIsTheLastMember() throws {
        let text = try manifest()
        #expect(complaint(text + "\n") == nil)
        let found = try #require(complaint(text.dropLast() + ", \"priors\": null}"))
        #expect(found.status == .duplicateKey)
        #expect(complaint(text.dropLast() + ", \"more\": null}")?.jsonPath == "$.checksum")
    }

    @Test func everyChangeOfAByteIsDetected() throws {
        let sound = Array(try manifest().utf8)
        for place in sound.indices {
            for change in [UInt8(1), 32, 128] {
                var bytes = sound
                bytes[place] ^= change
                let text = String(decoding: bytes, as: UTF8.self)
                // Only white space could change between the checksum and the end, and there is none.
                #expect(complaint(text) != nil, "byte \(place)")
            }
        }
        for length in 0..<sound.count {
            #expect(complaint(String(decoding: sound[..<length], as: UTF8.self)) != nil)
        }
    }
}

/// The library's error for an operation.
private func complaintOf(_ body: (Note) throws(Failure) -> Void) -> Complaint? {
    complaint { () throws(Complaint) in
        try checked { error in callWithNote(error) { note throws(Failure) in try body(note) } }
    }
}
