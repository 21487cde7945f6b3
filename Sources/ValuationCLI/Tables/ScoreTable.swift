// SPDX-License-Identifier: Apache-2.0

/// The answer to one request for people: a heading, then the ads by rank.
struct ScoreTable {
    private let heading: String
    private let place: String
    private let ads: [RankedAd]
    private let total: Int
    private let chosen: AdValue?

    /// - Parameters:
    ///   - answer: of all ads
    ///   - top: how many of the best to show; nil for as many as the request asks for
    init(answer: RequestAnswer, request: RequestText, place: String, top: Int?) {
        heading = answer.id.map(\.text) ?? place
        self.place = place
        total = answer.values.count
        chosen = answer.chosen
        ads = Array(RankedAd.ranked(answer, of: request).prefix(max(0, top ?? request.top ?? total)))
    }

    /// The lines to print, with an empty one at the end.
    func lines(limit: Int?, paint: Paint) -> [String] {
        var lines = [title(paint: paint)]
        if !ads.isEmpty {
            let wide = table(flagsInColumn: true)
            let fits = limit.map { wide.width <= $0 } ?? true
            lines += (fits ? wide : table(flagsInColumn: false)).lines(limit: limit, paint: paint)
        }
        if !commonFlags.isEmpty { lines.append(paint("every ad: \(commonFlags.joined(separator: ", "))", .yellow)) }
        if let choice { lines.append(choice) }
        return lines + [""]
    }

    /// The ad to show, if chance chose another ad than the best.
    private var choice: String? {
        guard let chosen, let best = ads.first?.value, chosen.expectedRevenue < best.expectedRevenue else { return nil }
        let name = DisplayText.name(chosen.ad?.text ?? NumberText.absent)
        let propensity = NumberText.column([chosen.propensity], minimumDecimals: 3, maximumDecimals: 3)[0]
        return "chosen instead of the best, by chance: ad \(name), propensity \(propensity)"
    }

    private func title(paint: Paint) -> String {
        var title = paint(DisplayText.name(heading), .bold)
        var remarks = [NumberText.counted(total, "ad")]
        if ads.count < total { remarks.append("the best \(NumberText.count(ads.count)) shown") }
        if heading != place { remarks.append(DisplayText.printable(place)) }
        title += paint("  " + remarks.joined(separator: ", "), .faint)
        return title
    }

    /// Flags that every ad has, usually because of the request's features; printed once, not in each row.
    private var commonFlags: [String] {
        guard ads.count > 1, let first = ads.first else { return [] }
        return first.value.notes.filter { note in ads.allSatisfy { $0.value.notes.contains(note) } }
    }

    private func table(flagsInColumn: Bool) -> Table {
        let common = Set(commonFlags)
        let flags = ads.map { $0.value.notes.filter { !common.contains($0) }.joined(separator: ", ") }
        let showsFlags = flagsInColumn && flags.contains { !$0.isEmpty }
        let policy = policyColumns
        var columns: [Table.Column] = [
            .init(title: "#", alignment: .right, dropOrder: 4),
            .init(title: "ad", mayBeCut: true),
            .init(title: "campaign", mayBeCut: true),
            .init(title: "pricing", dropOrder: 2),
            .init(title: "bid", alignment: .right, dropOrder: 5),
            .init(title: "pCTR", alignment: .right),
            .init(title: "pCVR", alignment: .right, dropOrder: 3),
            .init(title: "expected revenue", alignment: .right, dropOrder: 1),
            .init(title: "eCPM", alignment: .right),
        ]
        columns += policy.map(\.column)
        if showsFlags { columns.append(.init(title: "flags")) }
        let pCTR = NumberText.column(ads.map { $0.value.pctr.map { $0 * 100 } }, minimumDecimals: 2, suffix: "%")
        let pCVR = NumberText.column(ads.map { $0.value.pcvr.map { $0 * 100 } }, minimumDecimals: 2, suffix: "%")
        let revenue = NumberText.column(ads.map(\.value.expectedRevenue), minimumDecimals: 5)
        let eCPM = NumberText.column(ads.map(\.eCPM), minimumDecimals: 2)
        let bid = NumberText.amounts(ads.map(\.bid))
        let rows = ads.indices.map { rank in
            let ad = ads[rank]
            var cells = [
                "\(rank + 1)", ad.name, ad.campaign, ad.pricing, bid[rank], pCTR[rank], pCVR[rank], revenue[rank],
                eCPM[rank],
            ]
            cells += policy.map { $0.cells[rank] }
            if showsFlags { cells.append(flags[rank]) }
            return Table.Row(
                cells: cells, note: showsFlags ? "" : flags[rank],
                attribute: ad.value.expectedRevenue == 0 ? .faint : nil)
        }
        return Table(columns: columns, rows: rows)
    }

    /// The sources of the values, each with its cells by rank; empty without a policy.
    private var policyColumns: [(column: Table.Column, cells: [String])] {
        var columns: [(column: Table.Column, cells: [String])] = []
        let values = ads.map(\.value)
        if values.contains(where: { $0.propensity != nil }) {
            // Propensities are known to a hundredth.
            let rounded = values.map { $0.propensity.map { ($0 * 1000).rounded() / 1000 } }
            let cells = NumberText.column(rounded, minimumDecimals: 3, maximumDecimals: 3)
            columns.append((.init(title: "propensity", alignment: .right, dropOrder: 6), cells))
        }
        if values.contains(where: { $0.predictor != nil }) {
            let predictors = values.map { $0.predictor ?? NumberText.absent }
            columns.append((.init(title: "predictor", mayBeCut: true, narrowest: 12), predictors))
        }
        if values.contains(where: { $0.experiment != nil }) {
            columns.append(
                (
                    .init(title: "experiment", mayBeCut: true, narrowest: 16),
                    values.map { $0.assignment ?? NumberText.absent }
                ))
        }
        return columns
    }
}
