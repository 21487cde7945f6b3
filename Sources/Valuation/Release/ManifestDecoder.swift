// SPDX-License-Identifier: Apache-2.0
import CChecksum
import CKernels

/// Reads a manifest and refuses what is not sound, with its JSON path.
struct ManifestDecoder: ~Copyable {
    /// The last member: the checksum of the bytes before it.
    static let checksumMember: StaticString = "\"checksum\""

    private var problems: Problems
    private var manifest = Manifest()

    /// - Parameters:
    ///   - text: the file's whole content.
    ///   - id: the name of the release's directory.
    static func decode(_ text: Text, id: Text, note: Note) throws(Failure) -> Manifest {
        let document = try JSONDocument(text, note: note)
        var decoder = ManifestDecoder(problems: Problems(note: note))
        try decoder.decode(document.root, text, id)
        return decoder.manifest
    }

    private init(problems: consuming Problems) {
        self.problems = problems
    }

    private mutating func decode(_ root: JSONValue, _ text: Text, _ id: Text) throws(Failure) {
        guard root.isObject else { throw problems.failure(.invalidValue, "A manifest is a JSON object.") }
        guard let format = root.member("format")?.text else {
            throw try problems.failure(
                .invalidValue, at: "format", "Missing or not a string; it must be \"valuation-release/1\".")
        }
        if format != Text(Manifest.format) {
            throw try problems.failure(.format, at: "format", "This library reads \"valuation-release/1\" alone.")
        }
        try check(root.member("checksum")?.text, of: text)
        let named = try string(root, "id")
        if !ReleaseID.isSound(named) || named != id {
            throw try problems.failure(
                .invalidValue, at: "id", "It must be what the release's directory is called; do not rename those.")
        }
        manifest.id = try manifest.keep(named)
        manifest.created = try manifest.keep(try string(root, "created"))
        if let trainer = root.member("trainer")?.text { manifest.trainer = try manifest.keep(trainer) }
        try decodeFiles(root)
        if let compiled = try problems.enter(root, "compiled", .object, orNull: true, "It must be an object.") {
            manifest.compiled = try file(compiled)
            manifest.compiledFormat = try count(compiled, "format")
            problems.path.pop()
        }
        try decodeCounts(root)
        try decodePriors(root)
        if let secret = root.member("secret"), !secret.isNull {
            manifest.secret = secret.text.flatMap { Checksum(hexadecimal: $0) }
            if manifest.secret == nil {
                throw try problems.failure(
                    .invalidValue, at: "secret",
                    "It must be 32 hexadecimal digits or null; publish the release again.")
            }
        }
    }

    /// Keeps the checksum.
    private mutating func check(_ expected: Text?, of text: Text) throws(Failure) {
        guard let expected, let checksum = Checksum(hexadecimal: expected),
            let end = text.last(Text(ManifestDecoder.checksumMember)), isLast(text.slice(end, text.count))
        else {
            throw try problems.failure(
                .invalidValue, at: "checksum",
                "Missing, not 32 hexadecimal digits or not the last member; publish the release again.")
        }
        if valuation_checksum_of(text.start, end) != checksum {
            throw try problems.failure(
                .checksum, at: "checksum",
                "The manifest is not as it was published; copy or publish the release again.")
        }
        manifest.checksum = checksum
    }

    /// Whether the manifest ends with nothing but the checksum itself, because the end is not covered by it.
    private func isLast(_ end: Text) -> Bool {
        var quotes = 0
        for index in 0..<end.count where end[index] == UInt8(ascii: "\"") { quotes += 1 }
        return quotes == 4
    }

    // The problems of a manifest throw at the first one, so what stands after `else` and `??` is never reached.

    private mutating func decodeFiles(_ root: JSONValue) throws(Failure) {
        guard
            let files = try problems.enter(
                root, "files", .array, isRequired: true,
                "Missing or not an array; it lists the release's model files.")
        else { return }
        if files.count > Manifest.maximumFiles {
            throw problems.failure(.limitExceeded, "More than 500,000 model files; join them as .jsonl.")
        }
        for index in 0..<files.count {
            try problems.path.push(index: index)
            guard let element = files.element(index), element.isObject else {
                throw problems.failure(.invalidValue, "It must be an object.")
            }
            let found = try file(element)
            if FileKind(name: manifest.text(found.name)) == nil {
                throw try problems.failure(
                    .invalidValue, at: "name", "A model file's name ends in .json, .json.gz, .jsonl or .jsonl.gz.")
            }
            try manifest.files.append(found)
            problems.path.pop()
        }
        problems.path.pop()
    }

    /// A file with its expected size and checksum.
    private mutating func file(_ object: JSONValue) throws(Failure) -> Manifest.File {
        let name = try string(object, "name")
        if !Release.isFileName(name) {
            throw try problems.failure(
                .invalidValue, at: "name",
                "\"\(name)\" is no name of a file in the release's own directory; it has no \"/\" and no leading dot.")
        }
        let bytes = try count(object, "bytes")
        guard let checksum = Checksum(hexadecimal: try string(object, "xxh128")) else {
            throw try problems.failure(
                .invalidValue, at: "xxh128", "It must be 32 hexadecimal digits, as xxh128sum prints them.")
        }
        return Manifest.File(name: try manifest.keep(name), sum: FileSum(bytes: bytes, checksum: checksum))
    }

    private mutating func decodeCounts(_ root: JSONValue) throws(Failure) {
        guard
            let counts = try problems.enter(
                root, "counts", .object, isRequired: true,
                "Missing or not an object; it counts what is in the release.")
        else { return }
        manifest.counts.campaigns = try count(counts, "campaigns")
        manifest.counts.models.click = try count(counts, "click_models")
        manifest.counts.models.conversion = try count(counts, "conversion_models")
        manifest.counts.weights = try count(counts, "weights")
        problems.path.pop()
    }

    private mutating func decodePriors(_ root: JSONValue) throws(Failure) {
        guard
            let priors = try problems.enter(root, "priors", .object, orNull: true, "It must be an object or null.")
        else { return }
        manifest.priors.click = try prior(priors, "click")
        manifest.priors.conversion = try prior(priors, "conversion")
        problems.path.pop()
    }

    private mutating func prior(_ object: JSONValue, _ name: StaticString) throws(Failure) -> Double {
        guard let value = object.member(name), !value.isNull else { return 0 }
        if let number = value.numberValue(), number > 0, number <= 1 { return number }
        throw try problems.failure(
            .invalidValue, at: name, "A prior is a probability above 0 and at most 1, or null.")
    }

    private mutating func string(_ object: JSONValue, _ name: StaticString) throws(Failure) -> Text {
        if let text = object.member(name)?.text { return text }
        throw try problems.failure(
            .invalidValue, at: name, "The string is missing; publish the release again.")
    }

    private mutating func count(_ object: JSONValue, _ name: StaticString) throws(Failure) -> Int {
        try problems.whole(
            object, name, to: 1e15, "It must be a whole number that is not negative; publish the release again.") ?? 0
    }
}
