// SPDX-License-Identifier: Apache-2.0
import CChecksum
import CKernels

/// Reads a manifest and refuses what is not sound, with its JSON path.
struct ManifestDecoder: ~Copyable {
    /// The last member: the checksum of the bytes before it.
    static let checksumMember: StaticString = "\"checksum\""

    private let note: Note
    private var manifest = Manifest()

    /// - Parameters:
    ///   - text: the file's whole content.
    ///   - id: the name of the release's directory.
    static func decode(_ text: Text, id: Text, note: Note) throws(Failure) -> Manifest {
        let document = try JSONDocument(text, note: note)
        var decoder = ManifestDecoder(note: note)
        try decoder.decode(document.root, text, id)
        return decoder.manifest
    }

    private init(note: Note) {
        self.note = note
    }

    private func failure(_ status: Status, _ path: Message, _ message: Message) -> Failure {
        note.setJSONPath(path)
        note.setMessage(message)
        return .noted(status)
    }

    private mutating func decode(_ root: JSONValue, _ text: Text, _ id: Text) throws(Failure) {
        guard root.isObject else { throw failure(.invalidValue, "$", "A manifest is a JSON object.") }
        guard let format = root.member("format")?.text else {
            throw failure(.invalidValue, "$.format", "Missing or not a string; it must be \"valuation-release/1\".")
        }
        if format != Text(Manifest.format) {
            throw failure(.format, "$.format", "This library reads \"valuation-release/1\" alone.")
        }
        try check(root.member("checksum")?.text, of: text)
        let named = try string(root, "id", "$")
        if !ReleaseID.isSound(named) || named != id {
            throw failure(
                .invalidValue, "$.id", "It must be what the release's directory is called; do not rename those.")
        }
        manifest.id = try manifest.keep(named)
        manifest.created = try manifest.keep(try string(root, "created", "$"))
        if let trainer = root.member("trainer")?.text { manifest.trainer = try manifest.keep(trainer) }
        try decodeFiles(root.member("files"))
        if let compiled = root.member("compiled"), !compiled.isNull {
            guard compiled.isObject else { throw failure(.invalidValue, "$.compiled", "It must be an object.") }
            manifest.compiled = try file(compiled, "$.compiled")
            manifest.compiledFormat = try count(compiled, "format", "$.compiled")
        }
        try decodeCounts(root.member("counts"))
        try decodePriors(root.member("priors"))
        if let secret = root.member("secret"), !secret.isNull {
            manifest.secret = secret.text.flatMap { Checksum(hexadecimal: $0) }
            if manifest.secret == nil {
                throw failure(
                    .invalidValue, "$.secret", "It must be 32 hexadecimal digits or null; publish the release again.")
            }
        }
    }

    private func check(_ expected: Text?, of text: Text) throws(Failure) {
        guard let expected, let checksum = Checksum(hexadecimal: expected),
            let end = text.last(Text(ManifestDecoder.checksumMember)), isLast(text.slice(end, text.count))
        else {
            throw failure(
                .invalidValue, "$.checksum",
                "Missing, not 32 hexadecimal digits or not the last member; publish the release again.")
        }
        if valuation_checksum_of(text.start, end) != checksum {
            throw failure(
                .checksum, "$.checksum", "The manifest is not as it was published; copy or publish the release again.")
        }
    }

    /// Whether the manifest ends with nothing but the checksum itself, because the end is not covered by it.
    private func isLast(_ end: Text) -> Bool {
        var quotes = 0
        for index in 0..<end.count where end[index] == UInt8(ascii: "\"") { quotes += 1 }
        return quotes == 4
    }

    private mutating func decodeFiles(_ files: JSONValue?) throws(Failure) {
        guard let files, files.isArray else {
            throw failure(.invalidValue, "$.files", "Missing or not an array; it lists the release's model files.")
        }
        if files.count > Manifest.maximumFiles {
            throw failure(.limitExceeded, "$.files", "More than 500,000 model files; join them as .jsonl.")
        }
        for index in 0..<files.count {
            guard let element = files.element(index), element.isObject else {
                throw failure(.invalidValue, "$.files[\(index)]", "It must be an object.")
            }
            let found = try file(element, "$.files[\(index)]")
            if FileKind(name: manifest.text(found.name)) == nil {
                throw failure(
                    .invalidValue, "$.files[\(index)].name",
                    "A model file's name ends in .json, .json.gz, .jsonl or .jsonl.gz.")
            }
            try manifest.files.append(found)
        }
    }

    /// A file with its expected size and checksum.
    private mutating func file(_ object: JSONValue, _ path: Message) throws(Failure) -> Manifest.File {
        let name = try string(object, "name", path)
        if !Release.isFileName(name) {
            note.setMessage(
                "\"\(name)\" is no name of a file in the release's own directory; it has no \"/\" and no leading dot.")
            note.setJSONPath(path, "name")
            throw .noted(.invalidValue)
        }
        let bytes = try count(object, "bytes", path)
        guard let checksum = Checksum(hexadecimal: try string(object, "xxh128", path)) else {
            note.setMessage("It must be 32 hexadecimal digits, as xxh128sum prints them.")
            note.setJSONPath(path, "xxh128")
            throw .noted(.invalidValue)
        }
        return Manifest.File(name: try manifest.keep(name), sum: FileSum(bytes: bytes, checksum: checksum))
    }

    private mutating func decodeCounts(_ counts: JSONValue?) throws(Failure) {
        guard let counts, counts.isObject else {
            throw failure(.invalidValue, "$.counts", "Missing or not an object; it counts what is in the release.")
        }
        manifest.counts.campaigns = try count(counts, "campaigns", "$.counts")
        manifest.counts.clickModels = try count(counts, "click_models", "$.counts")
        manifest.counts.conversionModels = try count(counts, "conversion_models", "$.counts")
        manifest.counts.weights = try count(counts, "weights", "$.counts")
    }

    private mutating func decodePriors(_ priors: JSONValue?) throws(Failure) {
        guard let priors, !priors.isNull else { return }
        guard priors.isObject else { throw failure(.invalidValue, "$.priors", "It must be an object or null.") }
        manifest.priors.click = try prior(priors.member("click"), "$.priors.click")
        manifest.priors.conversion = try prior(priors.member("conversion"), "$.priors.conversion")
    }

    private func prior(_ value: JSONValue?, _ path: Message) throws(Failure) -> Double {
        guard let value, !value.isNull else { return 0 }
        if let number = value.number, number > 0, number <= 1 { return number }
        throw failure(.invalidValue, path, "A prior is a probability above 0 and at most 1, or null.")
    }

    private func string(_ object: JSONValue, _ name: StaticString, _ path: Message) throws(Failure) -> Text {
        if let text = object.member(name)?.text { return text }
        note.setMessage("The string is missing; publish the release again.")
        note.setJSONPath(path, name)
        throw .noted(.invalidValue)
    }

    private func count(_ object: JSONValue, _ name: StaticString, _ path: Message) throws(Failure) -> Int {
        if let number = object.member(name)?.number, number >= 0, number <= 1e15, let count = Int(exactly: number) {
            return count
        }
        note.setMessage("It must be a whole number that is not negative; publish the release again.")
        note.setJSONPath(path, name)
        throw .noted(.invalidValue)
    }
}
