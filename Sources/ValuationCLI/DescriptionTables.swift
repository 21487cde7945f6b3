// SPDX-License-Identifier: Apache-2.0

/// What is loaded, for people.
struct DescriptionTables {
    private let description: ModelsDescription
    private let path: String

    init(_ description: ModelsDescription, path: String) {
        self.description = description
        self.path = path
    }

    /// Totals, then a line for each model.
    func overview(limit: Int?, paint: Paint) -> [String] {
        [
            paint(DisplayText.printable(path), .bold),
            NumberText.counted(description.models, "model") + " of "
                + NumberText.counted(description.campaigns, "campaign")
                + ": \(NumberText.count(description.clickModels)) click, "
                + "\(NumberText.count(description.conversionModels)) conversion",
            NumberText.counted(description.weights, "weight") + ", " + NumberText.counted(description.labels, "label")
                + ", index \(NumberText.bytes(description.indexBytes))",
            "",
        ] + table.lines(limit: limit, paint: paint)
    }

    /// All that is known of one model, one thing a line.
    func details(of model: ModelDescription, paint: Paint) -> [String] {
        let training = model.training
        let facts: [(String, String?)] = [
            ("extends", model.extends),
            ("version", model.version),
            ("intercept", NumberText.plain(model.intercept)),
            ("negative sampling rate", NumberText.plain(model.negativeSamplingRate)),
            ("categorical weights", NumberText.count(model.categoricalWeights)),
            ("numeric weights", NumberText.count(model.numericWeights)),
            ("cross weights", NumberText.count(model.crossWeights)),
            ("self-tests", NumberText.count(model.selfTests)),
            ("trainer", training?.trainer),
            ("trained from", training?.from),
            ("trained to", training?.to),
            ("rows", Self.count(training?.rows)),
            ("positives", Self.count(training?.positives)),
            ("base rate", training?.baseRate.map { NumberText.percentage($0) }),
            ("AUC", training?.auc.map { "\($0)" }),
            ("log loss", training?.logLoss.map { "\($0)" }),
        ]
        let title = DisplayText.printable("campaign \(model.campaign), \(model.target)")
        let lines = facts.compactMap { name, value in
            guard let value, !value.isEmpty else { return String?.none }
            return DisplayText.leftAligned("  " + name, in: 26) + DisplayText.printable(value)
        }
        return [paint(title, .bold)] + lines + [""]
    }

    private var table: Table {
        let list = description.list
        let rates = NumberText.column(
            list.map { $0.training?.baseRate.map { $0 * 100 } }, minimumDecimals: 2, suffix: "%")
        let auc = NumberText.column(list.map { $0.training?.auc }, minimumDecimals: 3)
        let losses = NumberText.column(list.map { $0.training?.logLoss }, minimumDecimals: 4)
        return Table(
            columns: [
                .init(title: "campaign", mayBeCut: true),
                .init(title: "target"),
                .init(title: "extends", mayBeCut: true, dropOrder: 5),
                .init(title: "weights", alignment: .right),
                .init(title: "rows", alignment: .right),
                .init(title: "positives", alignment: .right, dropOrder: 3),
                .init(title: "base rate", alignment: .right, dropOrder: 4),
                .init(title: "AUC", alignment: .right),
                .init(title: "log loss", alignment: .right, dropOrder: 2),
                .init(title: "version", dropOrder: 1),
            ],
            rows: list.indices.map { index in
                let model = list[index]
                return Table.Row(cells: [
                    model.campaign, model.target, model.extends ?? NumberText.absent, NumberText.count(model.weights),
                    Self.count(model.training?.rows) ?? NumberText.absent,
                    Self.count(model.training?.positives) ?? NumberText.absent,
                    rates[index], auc[index], losses[index], model.version ?? NumberText.absent,
                ])
            })
    }

    /// Counts come from a file and may be any number.
    private static func count(_ value: Double?) -> String? {
        value.map { value in Int(exactly: value).map { NumberText.count($0) } ?? "\(value)" }
    }
}
