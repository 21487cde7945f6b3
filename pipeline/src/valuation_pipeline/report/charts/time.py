# SPDX-License-Identifier: Apache-2.0
"""Values over time."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from valuation_pipeline.report.charts.encoding import NUMBER_FORMATS, axis_format, chart_of, colour, given, own_colour
from valuation_pipeline.report.charts.rows import finite, many, nothing, span
from valuation_pipeline.report.document import rows_of
from valuation_pipeline.report.formats import as_plain, write_alone
from valuation_pipeline.report.page import Chart, Kind, Paragraph, Rows


def time_series(
    rows: Rows,
    title: str,
    *,
    time: str,
    value: str,
    low: str | None = None,
    high: str | None = None,
    series: str | None = None,
    reference: float | None = None,
    kind: Kind = "number",
    unit: str = "",
) -> Chart | Paragraph:
    """Draw values over time (UTC), with a band if they have intervals. A line breaks at a missing value.

    Parameters
    ----------
    rows : sequence of mappings, or Arrow table
        One a point, in any order.
    title : str
        What the chart shows.
    time : str
        The member with the time: a date or a datetime, or its ISO 8601 text; UTC, if it names no zone.
    value, low, high : str
        The members with the value and the ends of its band.
    series : str, optional
        The member that distinguishes lines.
    reference : float, optional
        A value to compare with, drawn as a dashed line.
    kind, unit : str
        As for a `Column`.
    """
    band = given(low, high)
    points = [_point(row, time, value, band, series) for row in rows_of(rows) if row[time] is not None]
    points.sort(key=lambda row: (str(row.get("series")), row["time"]))
    drawn = [row for row in points if row["value"] is not None]
    left_out = len(rows) - len(drawn)
    if not drawn:
        return nothing(title, left_out)
    number_format = NUMBER_FORMATS.get(kind, "")
    days_only = all("T" not in row["time"] for row in points)
    line_name = "series" if series else None
    days = len({row["time"] for row in points})
    x_axis = alt.Axis(format="%b %e", tickCount="day") if days_only and days <= 14 else alt.Axis()
    x = alt.X("time", type="temporal", scale=alt.Scale(type="utc"), axis=x_axis, title=None)
    # A count that hardly changes should look so.
    y_scale = alt.Scale(zero=kind == "count", nice=True)
    y_axis = alt.Axis(format=axis_format(kind), grid=True)
    y = alt.Y("value", type="quantitative", scale=y_scale, axis=y_axis, title=unit or None)
    tooltip = [
        *([alt.Tooltip("series", type="nominal", title=series)] if series else []),
        alt.Tooltip("time", type="temporal", title="time", format="%Y-%m-%d" if days_only else "%Y-%m-%d %H:%M"),
        alt.Tooltip("value", type="quantitative", title=value, format=number_format),
    ]
    base = chart_of(points).encode(x=x, **colour(line_name))
    layers: list[Any] = []
    if len(band) == 2:
        tooltip += [
            alt.Tooltip("low", type="quantitative", title="from", format=number_format),
            alt.Tooltip("high", type="quantitative", title="to", format=number_format),
        ]
        area = base.mark_area(**own_colour(line_name))
        layers.append(
            area.encode(y=alt.Y("low", type="quantitative", scale=y_scale, axis=y_axis, title=unit or None), y2="high")
        )
    if reference is not None and math.isfinite(reference):
        layers.append(
            chart_of([{"reference": reference}])
            .mark_rule(strokeDash=[4, 4])
            .encode(y=alt.Y("reference", type="quantitative", scale=y_scale, axis=y_axis, title=unit or None))
        )
    layers.append(base.mark_line(**own_colour(line_name)).encode(y=y))
    size = 24 if len(drawn) <= 200 else 4
    layers.append(base.mark_point(size=size, opacity=1, **own_colour(line_name)).encode(y=y, tooltip=tooltip))
    times = sorted(row["time"] for row in drawn)
    description = (
        f"{value} over time, {many(len(drawn), 'point')} from {times[0]} to {times[-1]}, with values from "
        f"{span([row['value'] for row in drawn], kind)}."
    )
    note = f"Dashed: {write_alone(reference, kind)}." if reference is not None else ""
    return Chart(title, alt.layer(*layers), description, note=note, left_out=left_out)


def _point(row: Mapping[str, Any], time: str, value: str, band: Sequence[str], series: str | None) -> dict[str, Any]:
    """Return a point of a time series; a value that cannot be drawn is None, at which the line breaks."""
    numbers = [finite(row[name]) for name in (value, *band)]
    if None in numbers:
        numbers = [None] * len(numbers)
    return {
        "time": _utc(row[time]),
        **dict(zip(("value", "low", "high"), numbers, strict=False)),
        **({"series": as_plain(row[series])} if series else {}),
    }


def _utc(time: dt.date | dt.datetime | str) -> str:
    if isinstance(time, str):
        time = dt.date.fromisoformat(time) if len(time) == 10 else dt.datetime.fromisoformat(time)
    if not isinstance(time, dt.datetime):
        return time.isoformat()
    if time.tzinfo is not None:
        time = time.astimezone(dt.UTC).replace(tzinfo=None)
    return time.isoformat(timespec="milliseconds") + "Z"
