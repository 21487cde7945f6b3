// SPDX-License-Identifier: Apache-2.0

/// What is loaded, for people.
struct DescriptionTables {
    private let description: ModelsDescription
    private let path: String
    /// Those that are really models.
    private let models: [ModelDescription]

    init(_ description: ModelsDescription, path: String) {
        self.description = description
        self.path = path
        models = description.list.filter { !$0.prior }
    }

    /// Totals, then a line for each model.
    func overview(limit: Int?, paint: Paint) -> [String] {
        [
            paint(DisplayText.printable(path), .bold) + paint(origin, .faint),
            NumberText.counted(models.count, "model") + " of "
                + NumberText.counted(Set(models.map(\.campaign)).count, "campaign")
                + ": \(NumberText.count(count(of: "click"))) click, "
                + "\(NumberText.count(count(of: "conversion"))) conversion" + priors,
            NumberText.counted(description.weights, "weight") + ", " + NumberText.counted(description.labels, "label")
                + ", index \(NumberText.bytes(description.indexBytes))",
            "",
        ] + table.lines(limit: limit, paint: paint)
    }

    private func count(of target: String) -> Int { models.count { $0.target == target } }

    /// The stand-ins for missing models, if any; not those of single campaigns.
    private var priors: String {
        let rates = description.list.filter { $0.prior && $0.campaign == "*" }
        func rate(of target: String) -> Double? { rates.first { $0.target == target }?.probabilityOfIntercept }
        if rates.isEmpty { return "" }
        return "; priors: " + NumberText.priors(click: rate(of: "click"), conversion: rate(of: "conversion"))
    }

    /// The text after the path.
    private var origin: String {
        var remarks: [String] = []
        if let release = description.release {
            remarks.append("release \(release.id)")
            if let age = Age.text(since: release.created) { remarks.append("\(age) old") }
        }
        if description.compiled { remarks.append("compiled") }
        return remarks.isEmpty ? "" : DisplayText.printable("  " + remarks.joined(separator: ", "))
    }

    /// Everything known about one model, one item a line.
    func details(of model: ModelDescription, paint: Paint) -> [String] {
        let title = DisplayText.printable("campaign \(model.campaign), \(model.target)" + (model.prior ? " prior" : ""))
        let facts =
            model.prior ? [("rate", NumberText.percentage(model.probabilityOfIntercept))] : Self.facts(of: model)
        let lines = facts.compactMap { name, value in
            guard let value, !value.isEmpty else { return String?.none }
            return DisplayText.leftAligned("  " + name, in: 26) + DisplayText.printable(value)
        }
        return [paint(title, .bold)] + lines + [""]
    }

    private static func facts(of model: ModelDescription) -> [(name: String, value: String?)] {
        let training = model.training
        return [
            ("extends", model.extends),
            ("version", model.version),
            ("intercept", model.intercept.map(NumberText.plain)),
            ("negative sampling rate", NumberText.plain(model.negativeSamplingRate)),
            ("categorical weights", NumberText.count(model.categoricalWeights)),
            ("numeric weights", NumberText.count(model.numericWeights)),
            ("cross weights", NumberText.count(model.crossWeights)),
            ("self-tests", NumberText.count(model.selfTests)),
            ("trainer", training?.trainer),
            ("rows", count(training?.rows)),
            ("positives", count(training?.positives)),
            ("base rate", training?.baseRate.map { NumberText.percentage($0) }),
            ("AUC", training?.auc.map { "\($0)" }),
            ("log loss", training?.logLoss.map { "\($0)" }),
        ]
    }

    private var table: Table {
        let list = models
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
