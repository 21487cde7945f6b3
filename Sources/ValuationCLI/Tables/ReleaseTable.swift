// SPDX-License-Identifier: Apache-2.0

/// Releases for people: a heading, then a line for each.
struct ReleaseTable {
    private let releases: [ReleaseSummary]
    private let root: String

    init(_ releases: [ReleaseSummary], root: String) {
        self.releases = releases
        self.root = root
    }

    func lines(limit: Int?, paint: Paint) -> [String] {
        let size = releases.reduce(0) { $0 + ($1.bytes ?? 0) }
        let title = paint(DisplayText.printable(root), .bold)
        let remark = NumberText.counted(releases.count, "release") + ", \(NumberText.bytes(size))"
        let heading = title + paint("  " + remark, .faint)
        return releases.isEmpty ? [heading] : [heading] + table.lines(limit: limit, paint: paint)
    }

    private var table: Table {
        Table(
            columns: [
                .init(title: "release"),
                .init(title: "live"),
                .init(title: "age", alignment: .right),
                .init(title: "created", dropOrder: 1),
                .init(title: "size", alignment: .right, dropOrder: 7),
                .init(title: "campaigns", alignment: .right, dropOrder: 2),
                .init(title: "click", alignment: .right, dropOrder: 5),
                .init(title: "conversion", alignment: .right, dropOrder: 4),
                .init(title: "weights", alignment: .right, dropOrder: 6),
                .init(title: "compiled", dropOrder: 3),
            ],
            rows: releases.map { release in
                Table.Row(
                    cells: [
                        release.id, release.latest ? "live" : "", Age.text(since: release.created) ?? NumberText.absent,
                        release.created.map(Age.toTheSecond) ?? NumberText.absent,
                        text(release.bytes, NumberText.bytes),
                        text(release.campaigns, NumberText.count), text(release.clickModels, NumberText.count),
                        text(release.conversionModels, NumberText.count), text(release.weights, NumberText.count),
                        text(release.compiled) { $0 ? "yes" : "no" },
                    ],
                    note: release.problem ?? "",
                    attribute: release.latest ? .green : release.problem == nil ? nil : .red)
            })
    }

    private func text<Value>(_ value: Value?, _ written: (Value) -> String) -> String {
        value.map(written) ?? NumberText.absent
    }
}
