# SPDX-License-Identifier: Apache-2.0
"""Observed against predicted rates."""

from __future__ import annotations

import altair as alt

from valuation_pipeline.report.charts.encoding import NUMBER_FORMATS, chart_of, colour, field, given, own_colour
from valuation_pipeline.report.charts.rows import complete, many, nothing, span
from valuation_pipeline.report.page import Chart, Paragraph, Rows


def reliability_diagram(
    rows: Rows,
    title: str,
    *,
    predicted: str = "predicted",
    observed: str = "observed",
    low: str = "low",
    high: str = "high",
    count: str = "count",
    series: str | None = None,
) -> Chart | Paragraph:
    """Draw the observed against the predicted rate, bin by bin, with intervals and the diagonal of a calibrated model.

    Parameters
    ----------
    rows : sequence of mappings, or Arrow table
        One a bin.
    title : str
        What the chart shows.
    predicted, observed, low, high : str
        The members with the mean prediction, the observed rate, and the ends of its interval; all shares.
    count : str
        The member with the number of observations.
    series : str, optional
        The member that distinguishes models.

    Notes
    -----
    Both axes are square roots, which separate small rates and have a zero.
    """
    numbers = (predicted, observed, low, high)
    kept, left_out = complete(rows, numbers, (count, *given(series)))
    if not kept:
        return nothing(title, left_out)
    most = max(row[name] for row in kept for name in numbers)
    scale = alt.Scale(type="sqrt", domain=[0, most], nice=True)
    tooltip = [
        *([alt.Tooltip(field(series), type="nominal", title=series)] if series else []),
        alt.Tooltip(field(predicted), type="quantitative", title="predicted", format=NUMBER_FORMATS["rate"]),
        alt.Tooltip(field(observed), type="quantitative", title="observed", format=NUMBER_FORMATS["rate"]),
        alt.Tooltip(field(low), type="quantitative", title="from", format=NUMBER_FORMATS["rate"]),
        alt.Tooltip(field(high), type="quantitative", title="to", format=NUMBER_FORMATS["rate"]),
        alt.Tooltip(field(count), type="quantitative", title="observations", format=",d"),
    ]
    axis = alt.Axis(format="%", grid=True)
    x = alt.X(field(predicted), type="quantitative", scale=scale, axis=axis, title="predicted rate")
    base = chart_of(kept).encode(x=x, **colour(series))
    diagonal = (
        chart_of([{"rate": 0.0}, {"rate": most}])
        .mark_line(strokeDash=[4, 4], color="var(--muted)", strokeWidth=1)
        .encode(x=alt.X("rate", type="quantitative"), y=alt.Y("rate", type="quantitative"))
    )
    whiskers = base.mark_rule(strokeWidth=1.5, **own_colour(series)).encode(
        y=alt.Y(field(low), type="quantitative", scale=scale, axis=axis, title="observed rate"), y2=field(high)
    )
    points = base.mark_point(opacity=1).encode(
        y=alt.Y(field(observed), type="quantitative", scale=scale, axis=axis, title="observed rate"), tooltip=tooltip
    )
    outside = sum(not row[low] <= row[predicted] <= row[high] for row in kept)
    description = (
        f"Observed against predicted rates in {many(len(kept), 'bin')}; predictions from "
        f"{span([row[predicted] for row in kept], 'rate')}. The interval of the observed rate leaves out the mean "
        f"prediction in {many(outside, 'bin')}."
    )
    note = "Dashed: observed as predicted. Both axes are square roots."
    return Chart(title, alt.layer(diagonal, whiskers, points), description, note=note, left_out=left_out)
