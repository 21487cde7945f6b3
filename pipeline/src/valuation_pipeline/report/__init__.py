# SPDX-License-Identifier: Apache-2.0
"""Reports: one page of HTML that needs no network, and the same as JSON.

A `Page` has a title, an outcome, facts, and sections; a section has blocks: `Verdicts`, key `Figures`, a `Table`, a
`Chart` or a `Paragraph`. `write` puts ``report.html`` and ``report.json`` into a folder. The module does not depend on
logs, training or checks: these put their results on a page.

    page = Page(
        title="Training of 2026-11-29",
        outcome=Verdict("release", "2026-11-29", "failed", reason="2 checks failed; yesterday's goes on serving."),
        facts={"Log": "2026-11-15 to 2026-11-29", "Engine": "0.1.0"},
        sections=[
            Section("Checks", [Verdicts(verdicts)]),
            Section("Campaigns", [Table("Click models", [Column("id", "Id"), Column("auc", "AUC", "number")], rows)]),
            Section("Calibration", [reliability_diagram(bins, "Click model, held-out days")]),
        ],
    )
    write(page, folder)

The HTML is for people: verdicts come with a symbol, a word and a colour, failed and warned ones first, the others
folded away; numbers of a column have the same number of decimals; tables sort by a click on a heading; the page is dark
or light as the reader's system is, fits 360 pixels and wide screens, and prints. It shows the first rows of long tables
and says how many more there are. The JSON (format ``valuation-report/1``) is for programs and has every row.

Charts are Altair's; the page draws them with Vega, whose scripts are in the page once (0.9 MB; a page without charts
has none of it). Charts hold their data, so data are aggregated before. NaN and infinities are never drawn; the page
says how many rows it left out. `reliability_diagram`, `ranked_dots`, `histogram`, `count_bars` and `time_series` draw
what every report needs, and give a paragraph where there is nothing to draw.

The page's content security policy forbids every request and lets in only the page's own style and scripts, by their
SHA-256. Neither ``unsafe-inline`` nor ``unsafe-eval`` is needed: Vega interprets its expressions. Texts from logs are
escaped; they can do nothing.
"""

from __future__ import annotations

from valuation_pipeline.report.charts.counts import count_bars
from valuation_pipeline.report.charts.distribution import histogram
from valuation_pipeline.report.charts.ranking import ranked_dots
from valuation_pipeline.report.charts.reliability import reliability_diagram
from valuation_pipeline.report.charts.time import time_series
from valuation_pipeline.report.document import as_json
from valuation_pipeline.report.html import as_html
from valuation_pipeline.report.page import (
    Block,
    Chart,
    Column,
    Figure,
    Figures,
    Kind,
    Page,
    Paragraph,
    Rows,
    Section,
    Status,
    Table,
    Verdict,
    Verdicts,
)
from valuation_pipeline.report.writing import write

__all__ = [
    "Block",
    "Chart",
    "Column",
    "Figure",
    "Figures",
    "Kind",
    "Page",
    "Paragraph",
    "Rows",
    "Section",
    "Status",
    "Table",
    "Verdict",
    "Verdicts",
    "as_html",
    "as_json",
    "count_bars",
    "histogram",
    "ranked_dots",
    "reliability_diagram",
    "time_series",
    "write",
]
