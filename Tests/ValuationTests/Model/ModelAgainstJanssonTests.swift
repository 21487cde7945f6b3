// SPDX-License-Identifier: Apache-2.0
import CJansson
import CValuation
import Testing

@testable import Valuation

/// The model reader against jansson: both understand a text in the same way, and both refuse what is not JSON.
@Suite struct ModelAgainstJanssonTests {
    /// The result of reading a document with jansson.
    private struct Verdict {
        var code: json_error_code?
        var line: UInt32
    }

    private func verdict(_ bytes: [UInt8], rejectingDuplicates: Bool = true) -> Verdict {
        var error = json_error_t()
        let flags = JSON_DECODE_ANY | (rejectingDuplicates ? JSON_REJECT_DUPLICATES : 0)
        let root = withText(bytes) { text in
            let start = UnsafeRawPointer(text.start).assumingMemoryBound(to: CChar.self)
            return json_loadb(start, text.count, Int(flags), &error)
        }
        json_decref(root)
        return Verdict(code: root == nil ? json_error_code(&error) : nil, line: UInt32(max(1, error.line)))
    }

    /// Every weight in a document, by its name.
    private func weights(of bytes: [UInt8]) throws -> [String: Double] {
        var description = valuation_error()
        return try withUnsafeMutablePointer(to: &description) { error in
            let note = Note(error: error)
            var problems = Problems(note: note)
            return try withText(bytes) { text throws(Failure) in
                var decoder = ModelDecoder(.standard)
                _ = try decoder.decode(
                    DocumentReader.Document(text: text, firstLine: 1, line: 0), problems: &problems)
                var weights: [String: Double] = [:]
                try WeightNames.forEach(decoder.model, under: .standard) { _, name, value in
                    weights[name.string] = value
                }
                return weights
            }
        }
    }

    private func expectedWeights(of bytes: [UInt8]) throws -> [String: Double] {
        let root = try JSONTree(parsing: String(decoding: bytes, as: UTF8.self))
        var weights: [String: Double] = [:]
        for field in root["categorical"]?.names ?? [] {
            for value in root["categorical"]?[field]?.names ?? [] {
                weights["\(field)=\(value)"] = root["categorical"]?[field]?[value]?.number
            }
        }
        for field in root["numeric"]?.names ?? [] {
            let number = try #require(root["numeric"]?[field])
            weights[field] = try #require(number["weight"]?.number) / (try #require(number["std"]?.number))
        }
        for cross in root["crosses"]?.elements ?? [] {
            let fields = (cross["fields"]?.elements ?? []).compactMap(\.text)
            for entry in cross["weights"]?.elements ?? [] {
                let parts = entry.elements
                let names = zip(fields, parts).map { "\($0)=\($1.text ?? "")" }
                weights[names.joined(separator: " x ")] = parts[2].number
            }
        }
        return weights
    }

    @Test(arguments: 1...30 as ClosedRange<UInt64>)
    func bothUnderstandSoundDocumentsInTheSameWay(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for document in RandomModels(seed: seed).documents {
            let text = spelled(shuffled(document.members, &generator), &generator)
            let bytes = Array(text.utf8)
            #expect(verdict(bytes).code == nil)
            #expect(try weights(of: bytes) == expectedWeights(of: bytes), "\(text)")
        }
    }

    /// The same members in another order.
    private func shuffled(_ members: Members, _ generator: inout SeededGenerator) -> String {
        "{" + members.list.shuffled(using: &generator).map { "\(quoted($0.name)): \($0.json)" }.joined(separator: ", ")
            + "}"
    }

    /// The same text with other white space, and letters as escapes.
    private func spelled(_ text: String, _ generator: inout SeededGenerator) -> String {
        var spelled = ""
        var isInside = false
        for character in text {
            if character == "\"" { isInside.toggle() }
            if isInside, character.isLetter, generator.once(in: 20) {
                spelled += "\\u00" + String(character.asciiValue!, radix: 16)
            } else if !isInside, character == " " {
                spelled += [" ", "", "\n", "\t\r\n  "].randomElement(using: &generator)!
            } else {
                spelled.append(character)
            }
        }
        return spelled
    }

    @Test(arguments: 101...160 as ClosedRange<UInt64>)
    func brokenDocumentsAreRefusedAlike(seed: UInt64) throws {
        var random = RandomJSON(seed: seed)
        let sound = RefusedDocuments.sound.json.replacing(", ", with: ",\n")
        for _ in 0..<100 {
            let bytes = random.damaged(Array(sound.utf8))
            // jansson ignores a NUL behind a number.
            if bytes.contains(0) { continue }
            let found = loadComplaint(bytes, named: "model.json")
            let text = Comment("\(String(reflecting: String(decoding: bytes, as: UTF8.self))): \(found?.message ?? "")")
            // Syntax is checked in the whole text before duplicate members are.
            let expected = verdict(bytes, rejectingDuplicates: false)
            switch expected.code {
            case nil:
                let isOfJSON = [.jsonSyntax, .nonFinite].contains(found?.status)
                #expect(!isOfJSON, text)
                // Duplicates inside unknown members are ignored; besides members, only a pair of a cross can be a
                // duplicate.
                let comesTwice = verdict(bytes).code == json_error_duplicate_key
                #expect(found?.status != .duplicateKey || comesTwice || found!.jsonPath.contains("crosses"), text)
            case json_error_numeric_overflow:
                #expect(found?.status == .nonFinite, text)
                #expect(found?.line == expected.line, text)
            default:
                #expect(found?.status == .jsonSyntax, text)
                // jansson reports the byte behind the one that it does not accept.
                let lines = [expected.line, expected.line - 1]
                #expect(lines.contains(found?.line ?? 0), "\(found?.line ?? 0) and not \(expected.line): \(text)")
            }
        }
    }
}
