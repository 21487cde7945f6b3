// SPDX-License-Identifier: Apache-2.0

/// Rows of text under titles, laid out in columns of one width.
struct Table {
    enum Alignment { case left, right }

    struct Column {
        let title: String
        var alignment = Alignment.left
        /// If the screen is too narrow: whether the cells may be cut.
        var mayBeCut = false
        /// The least width of a cut cell.
        var narrowest = 8
        /// If it is still too narrow: columns with a number are left out, the smallest first.
        var dropOrder: Int?
    }

    struct Row {
        let cells: [String]
        /// Printed below the row, if not empty.
        var note = ""
        var noteAttribute = Paint.Attribute.yellow
        var attribute: Paint.Attribute?
    }

    private var columns: [Column]
    private var rows: [Row]

    private static let gap = 2

    /// Each row must have one cell a column.
    init(columns: [Column], rows: [Row]) {
        self.columns = columns
        self.rows = rows.map { row in
            var cells = row.cells.map(DisplayText.name)
            cells += Array(repeating: "", count: max(0, columns.count - cells.count))
            return Row(
                cells: cells, note: DisplayText.printable(row.note), noteAttribute: row.noteAttribute,
                attribute: row.attribute)
        }
    }

    /// The columns of the screen that the table needs if nothing is cut.
    var width: Int { Self.width(of: naturalWidths) }

    /// The table's lines, in at most `limit` columns if that can be done; nil for no limit.
    func lines(limit: Int?, paint: Paint) -> [String] {
        guard let limit else { return lines(widths: naturalWidths, paint: paint) }
        let widths = cutWidths(limit: limit)
        if Self.width(of: widths) > limit, let least = leastImportantColumn {
            return without(least).lines(limit: limit, paint: paint)
        }
        return lines(widths: widths, paint: paint)
    }

    private var naturalWidths: [Int] {
        columns.indices.map { index in
            rows.reduce(DisplayText.width(columns[index].title)) { max($0, DisplayText.width($1.cells[index])) }
        }
    }

    private static func width(of widths: [Int]) -> Int {
        widths.reduce(0, +) + gap * max(0, widths.count - 1)
    }

    private var leastImportantColumn: Int? {
        columns.indices.filter { columns[$0].dropOrder != nil }
            .min { (columns[$0].dropOrder ?? 0) < (columns[$1].dropOrder ?? 0) }
    }

    private func without(_ index: Int) -> Table {
        var table = self
        table.columns.remove(at: index)
        table.rows = rows.map { row in
            var cells = row.cells
            cells.remove(at: index)
            return Row(cells: cells, note: row.note, noteAttribute: row.noteAttribute, attribute: row.attribute)
        }
        return table
    }

    private func cutWidths(limit: Int) -> [Int] {
        var widths = naturalWidths
        while Self.width(of: widths) > limit {
            let cuttable = columns.indices.filter { columns[$0].mayBeCut && widths[$0] > columns[$0].narrowest }
            guard let widest = cuttable.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
        }
        return widths
    }

    private func lines(widths: [Int], paint: Paint) -> [String] {
        let titles = line(of: columns.map(\.title), widths: widths)
        let rule = String(repeating: "─", count: Self.width(of: widths))
        var lines = [paint(titles, .bold), paint(rule, .faint)]
        for row in rows {
            lines.append(paint(line(of: row.cells, widths: widths), row.attribute))
            if !row.note.isEmpty { lines.append("    " + paint(row.note, row.noteAttribute)) }
        }
        return lines
    }

    private func line(of cells: [String], widths: [Int]) -> String {
        var line = ""
        for index in columns.indices {
            let cell = DisplayText.truncated(cells[index], to: widths[index])
            switch columns[index].alignment {
            case .left: line += DisplayText.leftAligned(cell, in: widths[index])
            case .right: line += DisplayText.rightAligned(cell, in: widths[index])
            }
            line += DisplayText.spaces(Self.gap)
        }
        while line.last == " " { line.removeLast() }
        return line
    }
}
