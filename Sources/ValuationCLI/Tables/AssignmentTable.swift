// SPDX-License-Identifier: Apache-2.0

/// The result of each experiment of a policy for a unit, for people.
struct AssignmentTable {
    private let experiments: [Assignment.Experiment]
    /// The texts of the known units, by field.
    private let units: [String: String]

    init(_ experiments: [Assignment.Experiment], units: [String: String] = [:]) {
        self.experiments = experiments
        self.units = units
    }

    func lines(limit: Int?, paint: Paint) -> [String] {
        if experiments.isEmpty { return ["the policy has no experiments"] }
        let wide = table(reasonsInColumn: true)
        let fits = limit.map { wide.width <= $0 } ?? true
        return (fits ? wide : table(reasonsInColumn: false)).lines(limit: limit, paint: paint)
    }

    private func table(reasonsInColumn: Bool) -> Table {
        let columns: [Table.Column] = [
            .init(title: "experiment", mayBeCut: true),
            .init(title: "layer", mayBeCut: true, dropOrder: 1),
            .init(title: "unit", mayBeCut: true, dropOrder: 2),
            .init(title: "bucket", alignment: .right),
            .init(title: "variant", mayBeCut: true),
        ]
        let rows = experiments.map { experiment in
            let unit = experiment.unit + (units[experiment.unit].map { "=\($0)" } ?? "")
            let cells = [
                experiment.experiment, experiment.layer, unit,
                experiment.bucket.map { "\($0)" } ?? NumberText.absent, experiment.variant ?? NumberText.absent,
            ]
            return Table.Row(
                cells: reasonsInColumn ? cells + [experiment.why] : cells,
                note: reasonsInColumn ? "" : experiment.why, noteAttribute: .faint,
                attribute: experiment.variant == nil ? .faint : nil)
        }
        return Table(columns: reasonsInColumn ? columns + [.init(title: "why")] : columns, rows: rows)
    }
}
