// SPDX-License-Identifier: Apache-2.0

/// How values and winners change, for people.
struct RevenueTables {
    /// At most this many campaigns are listed.
    private static let mostCampaigns = 30

    private let summary: RevenueSummary

    init(_ summary: RevenueSummary) {
        self.summary = summary
    }

    /// The changes in total, the values of the winners, and a line for each campaign.
    func lines(limit: Int?, paint: Paint) -> [String] {
        let counts = NumberText.counted(summary.requests, "request") + ", " + NumberText.counted(summary.ads, "ad")
        guard summary.requests > 0 else { return [counts] }
        let share = NumberText.single(summary.changedWinners * 100, minimumDecimals: 1, suffix: "%")
        let places = NumberText.single(summary.meanRankChange)
        return [
            counts, "another ad wins in \(share) of the requests; ads move \(places) places on average",
            change(paint: paint), "",
        ] + winnerTable.lines(limit: limit, paint: paint) + [""] + campaignTable.lines(limit: limit, paint: paint)
            + (summary.campaigns.count > Self.mostCampaigns ? [rest(paint: paint)] : [])
    }

    private func rest(paint: Paint) -> String {
        let left = NumberText.counted(summary.campaigns.count - Self.mostCampaigns, "campaign")
        return paint("… and \(left) more, of which --format jsonl tells", .faint)
    }

    private func change(paint: Paint) -> String {
        let amounts = [summary.revenue.before, summary.revenue.after]
        let money = NumberText.money(amounts, scale: amounts)
        return paint("by their own estimates, the winners of 1,000 requests are worth \(money[0]) → \(money[1])", .bold)
    }

    private var winnerTable: Table {
        let (old, new) = (summary.oldWinners, summary.newWinners)
        let amounts = [old.before, new.before, old.after, new.after]
        let money = NumberText.money(amounts, scale: amounts)
        let changes = [new.before - old.before, new.after - old.after]
        let change = NumberText.money(changes, scale: amounts, signed: true)
        return Table(
            columns: [
                .init(title: "revenue per 1,000 requests"),
                .init(title: "old winners", alignment: .right),
                .init(title: "new winners", alignment: .right),
                .init(title: "change", alignment: .right),
            ],
            rows: [
                .init(cells: ["by the models before", money[0], money[1], change[0]]),
                .init(cells: ["by the models after", money[2], money[3], change[1]]),
            ])
    }

    private var campaignTable: Table {
        let campaigns = summary.campaigns
        let eCPM = Self.columns(campaigns.map(\.ecpm))
        let revenue = Self.columns(campaigns.map(\.revenue))
        let change = NumberText.money(
            campaigns.map(\.revenue.difference), scale: Self.amounts(campaigns.map(\.revenue)), signed: true)
        return Table(
            columns: [
                .init(title: "campaign", mayBeCut: true),
                .init(title: "ads", alignment: .right, dropOrder: 3),
                .init(title: "eCPM", alignment: .right),
                .init(title: "after", alignment: .right),
                .init(title: "wins", alignment: .right),
                .init(title: "after", alignment: .right),
                .init(title: "revenue", alignment: .right, dropOrder: 2),
                .init(title: "after", alignment: .right, dropOrder: 1),
                .init(title: "change", alignment: .right),
            ],
            rows: campaigns.indices.prefix(Self.mostCampaigns).map { index in
                let campaign = campaigns[index]
                return Table.Row(
                    cells: [
                        campaign.campaign ?? NumberText.absent, NumberText.count(campaign.ads), eCPM.before[index],
                        eCPM.after[index], NumberText.count(campaign.wins.before),
                        NumberText.count(campaign.wins.after),
                        revenue.before[index], revenue.after[index], change[index],
                    ], attribute: Self.attribute(of: campaign.revenue.difference))
            })
    }

    private static func columns(_ changes: [Change<Double>]) -> (before: [String], after: [String]) {
        let scale = amounts(changes)
        return (
            NumberText.money(changes.map(\.before), scale: scale), NumberText.money(changes.map(\.after), scale: scale)
        )
    }

    private static func amounts(_ changes: [Change<Double>]) -> [Double] {
        changes.flatMap { [$0.before, $0.after] }
    }

    private static func attribute(of change: Double) -> Paint.Attribute? {
        change > 0 ? .green : change < 0 ? .red : .faint
    }
}
