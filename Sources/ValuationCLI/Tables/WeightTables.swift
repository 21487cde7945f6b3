// SPDX-License-Identifier: Apache-2.0

/// Which weights changed, for people.
struct WeightTables {
    /// At most this many models are listed.
    private static let mostModels = 30

    private let comparison: WeightComparison
    private let most: Int
    /// Those that moved farthest first.
    private let models: [WeightComparison.Model]

    /// - Parameter most: how many weights to name.
    init(_ comparison: WeightComparison, most: Int) {
        self.comparison = comparison
        self.most = most
        models = comparison.models.sorted { first, second in
            let (left, right) = (first.distance ?? .infinity, second.distance ?? .infinity)
            return left == right ? abs(first.constant.difference) > abs(second.constant.difference) : left > right
        }
    }

    /// Totals, a line for each model that differs, and a line for each weight that moved far.
    func lines(limit: Int?, paint: Paint) -> [String] {
        var lines = totals
        if !models.isEmpty { lines += [""] + modelTable.lines(limit: limit, paint: paint) }
        if models.count > Self.mostModels {
            let left = NumberText.counted(models.count - Self.mostModels, "model")
            lines.append(paint("… and \(left) more, of which --format jsonl tells", .faint))
        }
        let moves = moves
        if !moves.isEmpty {
            let total = comparison.added + comparison.dropped + comparison.moved
            let which =
                moves.count < total ? "the \(NumberText.counted(moves.count, "weight")) that moved farthest" : "weights"
            lines += ["", which] + moveTable(moves).lines(limit: limit, paint: paint)
        }
        return lines
    }

    private var totals: [String] {
        [
            "models   \(NumberText.count(comparison.changedModels)) changed, "
                + "\(NumberText.count(comparison.addedModels)) added, "
                + "\(NumberText.count(comparison.droppedModels)) dropped, "
                + "\(NumberText.count(comparison.unchangedModels)) unchanged",
            "weights  \(NumberText.count(comparison.moved)) moved, \(NumberText.count(comparison.added)) added, "
                + "\(NumberText.count(comparison.dropped)) dropped",
        ]
    }

    private var modelTable: Table {
        let distances = NumberText.column(models.map(\.distance), minimumDecimals: 3, maximumDecimals: 4)
        let (before, after) = Self.columns(models.map(\.constant.before), models.map(\.constant.after))
        return Table(
            columns: [
                .init(title: "campaign", mayBeCut: true),
                .init(title: "target"),
                .init(title: "moved", alignment: .right),
                .init(title: "added", alignment: .right),
                .init(title: "dropped", alignment: .right),
                .init(title: "distance", alignment: .right),
                .init(title: "constant", alignment: .right),
                .init(title: "after", alignment: .right),
            ],
            rows: models.indices.prefix(Self.mostModels).map { index in
                let model = models[index]
                return Table.Row(
                    cells: [
                        model.campaign, model.target, NumberText.count(model.moved),
                        NumberText.count(model.added), NumberText.count(model.dropped), distances[index],
                        before[index], after[index],
                    ],
                    note: model.extends.map {
                        "extends \($0.before ?? "nothing") before, \($0.after ?? "nothing") after"
                    } ?? "",
                    attribute: Self.attribute(of: model.change))
            })
    }

    private struct Move {
        let model: WeightComparison.Model
        let weight: WeightComparison.Weight
    }

    /// The weights that moved farthest, of all models.
    private var moves: [Move] {
        let named = models.flatMap { model in model.most.map { Move(model: model, weight: $0) } }
        return Array(named.sorted { abs($0.weight.change) > abs($1.weight.change) }.prefix(most))
    }

    private func moveTable(_ moves: [Move]) -> Table {
        let (before, after) = Self.columns(moves.map(\.weight.before), moves.map(\.weight.after))
        let change = NumberText.column(
            moves.map(\.weight.change), minimumDecimals: 3, maximumDecimals: 4, signed: true)
        return Table(
            columns: [
                .init(title: "campaign", mayBeCut: true),
                .init(title: "target"),
                .init(title: "weight", mayBeCut: true),
                .init(title: "before", alignment: .right),
                .init(title: "after", alignment: .right),
                .init(title: "change", alignment: .right),
            ],
            rows: moves.indices.map { index in
                let move = moves[index]
                return Table.Row(cells: [
                    move.model.campaign, move.model.target, move.weight.weight, before[index], after[index],
                    change[index],
                ])
            })
    }

    /// Two columns with the same number of decimals.
    private static func columns(_ before: [Double?], _ after: [Double?]) -> (before: [String], after: [String]) {
        let both = NumberText.column(before + after, minimumDecimals: 3, maximumDecimals: 4)
        return (Array(both.prefix(before.count)), Array(both.suffix(after.count)))
    }

    private static func attribute(of change: String) -> Paint.Attribute? {
        switch change {
        case "added": .green
        case "dropped": .red
        default: nil
        }
    }
}
