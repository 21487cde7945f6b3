// SPDX-License-Identifier: Apache-2.0

/// Signed numbers as horizontal bars to the left and right of one axis.
struct Bars {
    struct Row {
        let label: String
        /// Shown beside the label if it fits.
        let remark: String
        let number: String
        /// The bar's length; nil for a row without a bar.
        let value: Double?
        /// Shown at the end if it fits.
        let consequence: String
    }

    let titles: Row
    let rows: [Row]

    /// The number of characters of a bar of 1, and the width of a picture on either side of the axis. All bars that are
    /// to be compared are drawn on one scale.
    struct Scale {
        let left: Int
        let right: Int
        let perUnit: Double

        /// The scale on which the longest bars fill `width` characters, including the axis.
        init(values: [Double], width: Int) {
            let negative = -min(0, values.min() ?? 0)
            let positive = max(0, values.max() ?? 0)
            let room = max(2, width - 1)
            let share = negative + positive > 0 ? negative / (negative + positive) : 0
            left = min(room - 1, max(negative > 0 ? 1 : 0, Int((share * Double(room)).rounded())))
            right = room - left
            let unit = min(
                negative > 0 ? Double(left) / negative : .infinity, positive > 0 ? Double(right) / positive : .infinity)
            perUnit = unit.isFinite ? unit : 0
        }
    }

    /// The widths of the columns on a screen; 0 for one that is left out.
    struct Layout {
        let label: Int
        let remark: Int
        let number: Int
        let consequence: Int
        let bar: Int

        static let gap = 2
        static let shortestBar = 15

        /// Gives the bars at least `shortestBar`: first the labels are cut, then the remarks and consequences left out.
        init(for rows: [Row], width: Int) {
            func widest(_ text: (Row) -> String) -> Int { rows.reduce(0) { max($0, DisplayText.width(text($1))) } }
            func room(_ others: Int...) -> Int {
                width - others.reduce(0) { $1 > 0 ? $0 + $1 + Self.gap : $0 } - Self.shortestBar - Self.gap
            }
            number = widest(\.number)
            var (remark, consequence) = (min(widest(\.remark), 12), widest(\.consequence))
            let enough = min(widest(\.label), 16)
            if room(number, remark, consequence) < enough { remark = 0 }
            if room(number, remark, consequence) < enough { consequence = 0 }
            label = max(4, min(widest(\.label), room(number, remark, consequence), max(24, width / 3)))
            bar = max(3, room(number, remark, consequence) + Self.shortestBar - label)
            (self.remark, self.consequence) = (remark, consequence)
        }
    }

    func lines(layout: Layout, scale: Scale, paint: Paint) -> [String] {
        [paint(line(titles, layout: layout, bar: DisplayText.spaces(layout.bar)), .faint)]
            + rows.map { row in
                guard let value = row.value else {
                    return paint(line(row, layout: layout, bar: DisplayText.spaces(layout.bar)), .faint)
                }
                return line(row, layout: layout, bar: Self.bar(value, scale: scale, paint: paint))
            }
    }

    private func line(_ row: Row, layout: Layout, bar: String) -> String {
        let gap = DisplayText.spaces(Layout.gap)
        var line = DisplayText.leftAligned(DisplayText.truncated(row.label, to: layout.label), in: layout.label)
        if layout.remark > 0 {
            let remark = DisplayText.truncated(row.remark, to: layout.remark)
            line += gap + DisplayText.leftAligned(remark, in: layout.remark)
        }
        line += gap + DisplayText.rightAligned(row.number, in: layout.number) + gap + bar
        if layout.consequence > 0 { line += gap + DisplayText.rightAligned(row.consequence, in: layout.consequence) }
        while line.last == " " { line.removeLast() }
        return line
    }

    /// The bar in halves of a character: blocks, and a half block at its end.
    private static func bar(_ value: Double, scale: Scale, paint: Paint) -> String {
        let limit = 2 * (value < 0 ? scale.left : scale.right)
        let exact = (abs(value) * scale.perUnit * 2).rounded()
        let halves = exact.isFinite ? min(limit, max(value == 0 ? 0 : 1, Int(min(exact, Double(limit))))) : limit
        let full = String(repeating: "█", count: halves / 2)
        if value < 0 {
            let blocks = (halves.isMultiple(of: 2) ? "" : "▐") + full
            return DisplayText.spaces(scale.left - (halves + 1) / 2) + paint(blocks, .red) + "│"
                + DisplayText.spaces(scale.right)
        }
        let blocks = full + (halves.isMultiple(of: 2) ? "" : "▌")
        return DisplayText.spaces(scale.left) + "│" + paint(blocks, .green)
            + DisplayText.spaces(scale.right - (halves + 1) / 2)
    }
}
