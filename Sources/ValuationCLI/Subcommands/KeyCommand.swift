// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `valuation key`: the numbers that stand for features and campaigns.
struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Compute the 64-bit keys of features and campaigns.",
        discussion: """
            A key is a keyed hash of a text, below 2^61, under the secret of a directory of releases: nobody \
            without the secret can aim at one. With --models the keys are those of an ad server that loads the \
            same path. Without it, and for models outside a directory of releases, they are under the standard \
            secret, which is public.

            A fingerprint is not a key: it is FarmHash's Fingerprint64, which gives seeds, sources and the buckets \
            of experiments. It is printed unsigned, and signed as BigQuery's FARM_FINGERPRINT returns it.

            In JSON Lines the numbers are strings, because many JSON readers cannot hold 64 bits.

            EXAMPLES
              valuation key --models models slot=12 os=ios
              valuation key --models models --number days_since_visit --campaign 1042
              valuation key --format jsonl slot=12
              valuation key --fingerprint imp-1
            """)

    @Option(
        help: ArgumentHelp(
            "The models whose secret to use: any path that an ad server may load. (default: the standard secret)",
            valueName: "path"), completion: .file())
    var models: String?

    @Option(help: ArgumentHelp("The key of a number: its field; may be given several times.", valueName: "field"))
    var number: [String] = []

    @Option(help: ArgumentHelp("The key of a campaign: its id; may be given several times.", valueName: "id"))
    var campaign: [String] = []

    @Option(help: ArgumentHelp("The fingerprint of a text; may be given several times.", valueName: "text"))
    var fingerprint: [String] = []

    @Option(help: .tableFormat)
    var format: TableFormat?

    @Argument(help: ArgumentHelp("Categories. All after the first = is the value.", valueName: "field=value"))
    var features: [String] = []

    func validate() throws {
        if number.isEmpty && campaign.isEmpty && fingerprint.isEmpty && features.isEmpty {
            throw ValidationError("Name a feature as field=value, or give --number, --campaign or --fingerprint.")
        }
        for text in features + number + campaign + fingerprint where !ArgumentText.isUTF8(text) {
            throw ValidationError("'\(text)' is not UTF-8, so no model and no request can contain it.")
        }
        for feature in features where (feature.firstIndex(of: "=") ?? feature.startIndex) == feature.startIndex {
            throw ValidationError("'\(feature)' is not field=value. The key of a number is --number \(feature).")
        }
        for field in number where field.isEmpty || field.contains("=") {
            throw ValidationError("'\(field)' is not a field's name: names are not empty and contain no =.")
        }
    }

    func run() throws {
        try Library.requireMatchingInterface()
        let keys = Keys(models: try models.map { try Models(path: $0) })
        let output = Output()
        let names =
            features.map { Name(kind: "category", text: $0, number: Self.key(ofFeature: $0, keys)) }
            + number.map { Name(kind: "number", text: $0, number: keys.number(field: $0)) }
            + campaign.map { Name(kind: "campaign", text: $0, number: keys.campaign(id: $0)) }
            + fingerprint.map { Name(fingerprintOf: $0) }
        switch TableFormat.chosen(format) {
        case .table:
            try output.write(lines: table(of: names).lines(limit: output.terminal.columns, paint: output.paint))
        case .jsonl:
            for name in names { try output.write(line: jsonLine(name)) }
        }
        try output.close()
    }

    private static func key(ofFeature feature: String, _ keys: Keys) -> UInt64 {
        let equals = feature.firstIndex(of: "=") ?? feature.endIndex
        return keys.feature(field: String(feature[..<equals]), value: String(feature[equals...].dropFirst()))
    }

    private func table(of names: [Name]) -> Table {
        var columns: [Table.Column] = [
            .init(title: "kind", dropOrder: 1), .init(title: "text", mayBeCut: true),
            .init(title: "unsigned", alignment: .right), .init(title: "hexadecimal"),
        ]
        if !fingerprint.isEmpty { columns.append(.init(title: "signed", alignment: .right)) }
        return Table(
            columns: columns,
            rows: names.map { .init(cells: [$0.kind, $0.text, $0.unsigned, $0.hexadecimal, $0.signed ?? ""]) })
    }
}

/// The numbers of a text, in the notations that people encounter.
private struct Name: Encodable {
    let kind: String
    let text: String
    let unsigned: String
    let hexadecimal: String
    /// For fingerprints; a key is the same in both notations.
    var signed: String?

    init(kind: String, text: String, number: UInt64) {
        self.kind = kind
        self.text = text
        unsigned = "\(number)"
        let digits = String(number, radix: 16)
        hexadecimal = "0x" + String(repeating: "0", count: 16 - digits.count) + digits
    }

    init(fingerprintOf text: String) {
        let fingerprint = Library.fingerprint(text)
        self.init(kind: "fingerprint", text: text, number: fingerprint)
        signed = "\(Int64(bitPattern: fingerprint))"
    }
}
