# SPDX-License-Identifier: Apache-2.0
"""Values of many subjects with their intervals, by rank."""

from __future__ import annotations

import math
from typing import Any

import altair as alt

from valuation_pipeline.report.charts.encoding import NUMBER_FORMATS, axis_format, chart_of, field, given, names
from valuation_pipeline.report.charts.rows import complete, many, nothing, sentences
from valuation_pipeline.report.formats import write_alone
from valuation_pipeline.report.page import Chart, Kind, Paragraph, Rows


def ranked_dots(
    rows: Rows,
    title: str,
    *,
    label: str,
    value: str,
    low: str | None = None,
    high: str | None = None,
    reference: float | None = None,
    kind: Kind = "number",
    unit: str = "",
    limit: int = 40,
) -> Chart | Paragraph:
    """Draw one dot a row, the highest on top, with its interval if it has one.

    Parameters
    ----------
    rows : sequence of mappings, or Arrow table
        One a dot.
    title : str
        What the chart shows.
    label, value, low, high : str
        The members with the name, the value, and the ends of its interval.
    reference : float, optional
        A value to compare with, drawn as a dashed line.
    kind, unit : str
        As for a `Column`.
    limit : int
        With more rows, this many are drawn: half from the top and half from the bottom.
    """
    numbers = (value, *given(low, high))
    kept, left_out = complete(rows, numbers, (label,))
    if not kept:
        return nothing(title, left_out)
    kept = sorted(kept, key=lambda row: -row[value])
    top, bottom = (len(kept), 0) if len(kept) <= limit else (limit - limit // 2, limit // 2)
    between = len(kept) - top - bottom
    shown = kept[:top] + kept[len(kept) - bottom :]
    labels = [*(row[label] for row in kept[:top]), *([f"… {between:,} between"] if between else [])]
    labels += [row[label] for row in kept[len(kept) - bottom :]]
    for place, row in enumerate(shown):
        row["_rank"] = place if place < top else place + 1
    number_format = NUMBER_FORMATS.get(kind, "")
    scale = alt.Scale(zero=False, nice=True)
    # Rows are identified by rank, because two may have one name; the axis writes the names.
    axis = alt.Axis(labelExpr=names(labels), grid=True, gridOpacity=0.6, ticks=False, domain=False)
    ranks = alt.Scale(domain=list(range(len(labels))))
    y = alt.Y("_rank", type="ordinal", scale=ranks, axis=axis, title=None)
    x_axis = alt.Axis(format=axis_format(kind), grid=False, domain=True, ticks=True)
    x = alt.X(field(value), type="quantitative", scale=scale, axis=x_axis, title=unit or None)
    tooltip = [
        alt.Tooltip(field(label), type="nominal", title=label),
        alt.Tooltip(field(value), type="quantitative", title=value, format=number_format),
    ]
    base = chart_of(shown).encode(y=y)
    layers: list[Any] = []
    if reference is not None and math.isfinite(reference):
        layers.append(
            chart_of([{"reference": reference}])
            .mark_rule(strokeDash=[4, 4])
            .encode(x=alt.X("reference", type="quantitative", scale=scale, axis=x_axis, title=unit or None))
        )
    if low is not None and high is not None:
        tooltip += [
            alt.Tooltip(field(low), type="quantitative", title="from", format=number_format),
            alt.Tooltip(field(high), type="quantitative", title="to", format=number_format),
        ]
        whiskers = base.mark_rule(color="var(--accent)", strokeWidth=1.5, opacity=0.55)
        layers.append(
            whiskers.encode(
                x=alt.X(field(low), type="quantitative", scale=scale, axis=x_axis, title=unit or None), x2=field(high)
            )
        )
    layers.append(base.mark_point(opacity=1).encode(x=x, tooltip=tooltip))
    note = sentences(
        f"Dashed: {write_alone(reference, kind)}." if reference is not None else "",
        f"The {top} highest and the {bottom} lowest of {len(kept):,}." if between else "",
    )
    description = (
        f"{many(len(kept), 'row')} by {value}, from {write_alone(kept[-1][value], kind)} ({kept[-1][label]}) to "
        f"{write_alone(kept[0][value], kind)} ({kept[0][label]})."
    )
    chart = alt.layer(*layers).properties(height=16 * len(labels))
    return Chart(title, chart, description, note=note, left_out=left_out)
