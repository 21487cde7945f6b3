// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `valuation key`: the numbers that stand for features and campaigns.
struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Compute the 64-bit keys of features and campaigns.",
        discussion: """
            A key is FarmHash's Fingerprint64 of a text, the same as BigQuery's FARM_FINGERPRINT, so that an inventory \
            can be keyed in SQL. It is printed unsigned as the C interface has it, signed as BigQuery prints it, and in \
            hexadecimal; in JSON Lines all three are strings, because many JSON readers cannot hold 64 bits.

            EXAMPLES
              valuation key slot=12 os=ios
              valuation key --number days_since_visit --campaign 1042
              valuation key --format jsonl slot=12
            """)

    @Option(help: ArgumentHelp("The key of a number: its field; may be given several times.", valueName: "field"))
    var number: [String] = []

    @Option(help: ArgumentHelp("The key of a campaign: its id; may be given several times.", valueName: "id"))
    var campaign: [String] = []

    @Option(help: .tableFormat)
    var format: TableFormat?

    @Argument(help: ArgumentHelp("Categories. All after the first = is the value.", valueName: "field=value"))
    var features: [String] = []

    func validate() throws {
        if number.isEmpty && campaign.isEmpty && features.isEmpty {
            throw ValidationError("Name a feature as field=value, or give --number or --campaign.")
        }
        for feature in features where (feature.firstIndex(of: "=") ?? feature.startIndex) == feature.startIndex {
            throw ValidationError("'\(feature)' is not field=value. The key of a number is --number \(feature).")
        }
        for field in number where field.isEmpty || field.contains("=") {
            throw ValidationError("'\(field)' is not a field's name: those are not empty and hold no =.")
        }
    }

    func run() throws {
        try Library.requireMatchingInterface()
        let output = Output()
        let keys =
            features.map { Key(kind: "category", text: $0, key: Self.key(ofFeature: $0)) }
            + number.map { Key(kind: "number", text: $0, key: Library.numberKey(field: $0)) }
            + campaign.map { Key(kind: "campaign", text: $0, key: Library.campaignKey(id: $0)) }
        switch TableFormat.chosen(format) {
        case .table:
            let table = Table(
                columns: [
                    .init(title: "kind", dropOrder: 1), .init(title: "text", mayBeCut: true),
                    .init(title: "unsigned", alignment: .right), .init(title: "signed", alignment: .right),
                    .init(title: "hexadecimal"),
                ],
                rows: keys.map { .init(cells: [$0.kind, $0.text, $0.unsigned, $0.signed, $0.hexadecimal]) })
            try output.write(lines: table.lines(limit: output.terminal.columns, paint: output.paint))
        case .jsonl:
            for key in keys { try output.write(line: jsonLine(key)) }
        }
        try output.close()
    }

    private static func key(ofFeature feature: String) -> UInt64 {
        let equals = feature.firstIndex(of: "=") ?? feature.endIndex
        return Library.featureKey(field: String(feature[..<equals]), value: String(feature[equals...].dropFirst()))
    }
}

/// A key in the three notations that people meet it in.
private struct Key: Encodable {
    let kind: String
    let text: String
    let unsigned: String
    let signed: String
    let hexadecimal: String

    init(kind: String, text: String, key: UInt64) {
        self.kind = kind
        self.text = text
        unsigned = "\(key)"
        signed = "\(Int64(bitPattern: key))"
        let digits = String(key, radix: 16)
        hexadecimal = "0x" + String(repeating: "0", count: 16 - digits.count) + digits
    }
}
