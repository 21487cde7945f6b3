# SPDX-License-Identifier: Apache-2.0
"""Counts by reason."""

from __future__ import annotations

import altair as alt

from valuation_pipeline.report.charts.encoding import chart_of, field, names
from valuation_pipeline.report.charts.rows import complete, nothing
from valuation_pipeline.report.page import Chart, Paragraph, Rows


def count_bars(
    rows: Rows, title: str, *, label: str = "reason", count: str = "count", limit: int = 20
) -> Chart | Paragraph:
    """Draw counts as bars, the largest on top.

    Parameters
    ----------
    rows : sequence of mappings, or Arrow table
        One a bar.
    title : str
        What the chart shows.
    label, count : str
        The members with the name and the count.
    limit : int
        If there are more rows, the smallest are added up to one bar.
    """
    kept, left_out = complete(rows, (count,), (label,))
    if not kept:
        return nothing(title, left_out)
    kept = sorted(kept, key=lambda row: -row[count])
    if len(kept) > limit:
        rest = kept[limit - 1 :]
        kept = [*kept[: limit - 1], {label: f"{len(rest):,} others", count: sum(row[count] for row in rest)}]
    for rank, row in enumerate(kept):
        row["_rank"] = rank
    y = alt.Y(
        "_rank",
        type="ordinal",
        sort=None,
        axis=alt.Axis(labelExpr=names([row[label] for row in kept]), ticks=False, domain=False),
        title=None,
    )
    # Room for the numbers after the longest bar.
    longest = max(max(row[count] for row in kept), 1)
    x = alt.X(field(count), type="quantitative", scale=alt.Scale(domain=[0, 1.25 * longest], nice=False), axis=None)
    base = chart_of(kept).encode(y=y, x=x)
    bars = base.mark_bar().encode(
        tooltip=[
            alt.Tooltip(field(label), type="nominal", title=label),
            alt.Tooltip(field(count), type="quantitative", title=count, format=",d"),
        ]
    )
    numbers = base.mark_text(align="left", dx=5, color="var(--text)").encode(
        text=alt.Text(field(count), type="quantitative", format=",d")
    )
    description = "Counts: " + ", ".join(f"{row[label]} {row[count]:,.0f}" for row in kept) + "."
    chart = alt.layer(bars, numbers).properties(height=20 * len(kept))
    return Chart(title, chart, description, left_out=left_out)
