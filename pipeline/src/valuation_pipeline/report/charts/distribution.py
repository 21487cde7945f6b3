# SPDX-License-Identifier: Apache-2.0
"""How values are distributed."""

from __future__ import annotations

import math
from typing import Literal

import altair as alt
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from valuation_pipeline.report.charts.encoding import NUMBER_FORMATS, axis_format, chart_of
from valuation_pipeline.report.charts.rows import many, nothing, sentences, span
from valuation_pipeline.report.formats import as_number, write_alone
from valuation_pipeline.report.page import Chart, Kind, Paragraph, Rows


def histogram(
    rows: Rows,
    title: str,
    *,
    value: str,
    kind: Kind = "number",
    unit: str = "",
    scale: Literal["linear", "log"] = "linear",
) -> Chart | Paragraph:
    """Draw how the values of a member are distributed; only the counts of the bins go into the page.

    Parameters
    ----------
    rows : sequence of mappings, or Arrow table
        One a value. An Arrow table of a million rows takes a fraction of a second.
    title : str
        What the chart shows.
    value : str
        The member with the value.
    kind, unit : str
        As for a `Column`.
    scale : {"linear", "log"}
        With "log", bins are equally wide in the logarithm, and values that are not positive are left out.

    Notes
    -----
    Bins have the width of Freedman and Diaconis' rule [1]_, but there are 10 to 60 of them.

    References
    ----------
    .. [1] Freedman, D. and Diaconis, P. (1981). On the histogram as a density estimator: L2 theory. Zeitschrift für
       Wahrscheinlichkeitstheorie und verwandte Gebiete 57, 453-476.
    """
    values = _column(rows, value)
    finite = values[np.isfinite(values) & ((values > 0) | (scale == "linear"))]
    left_out = len(values) - len(finite)
    if len(finite) == 0:
        return nothing(title, left_out)
    edges, counts = _bins(finite, scale)
    bins = [
        {"from": float(start), "to": float(end), "count": int(count)}
        for start, end, count in zip(edges[:-1], edges[1:], counts, strict=True)
        if count
    ]
    number_format = NUMBER_FORMATS.get(kind, "")
    chart = (
        chart_of(bins)
        .mark_bar(binSpacing=0.5)
        .encode(
            x=alt.X(
                "from",
                type="quantitative",
                bin=alt.BinParams(binned=True),
                scale=alt.Scale(type="log", nice=False) if scale == "log" else alt.Scale(zero=False, nice=False),
                axis=alt.Axis(format=axis_format(kind)),
                title=unit or None,
            ),
            x2="to",
            y=alt.Y("count", type="quantitative", axis=alt.Axis(format=",f"), title=None),
            tooltip=[
                alt.Tooltip("from", type="quantitative", format=number_format),
                alt.Tooltip("to", type="quantitative", format=number_format),
                alt.Tooltip("count", type="quantitative", format=",d"),
            ],
        )
    )
    description = (
        f"Distribution of {many(len(finite), 'value')}, from {span(finite.tolist(), kind)}; the median is "
        f"{write_alone(float(np.median(finite)), kind)}."
    )
    note = sentences(
        f"{len(finite):,} values; the median is {write_alone(float(np.median(finite)), kind)}.",
        "Logarithmic axis." if scale == "log" else "",
    )
    return Chart(title, chart, description, note=note, left_out=left_out)


def _column(rows: Rows, name: str) -> npt.NDArray[np.float64]:
    if isinstance(rows, pa.Table):
        values: npt.NDArray[np.float64] = rows[name].cast(pa.float64()).to_numpy()
        return values
    return np.array([number if (number := as_number(row[name])) is not None else math.nan for row in rows])


def _bins(
    values: npt.NDArray[np.float64], scale: Literal["linear", "log"]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return the edges and counts of the bins."""
    transformed = np.log(values) if scale == "log" else values
    least, most = float(transformed.min()), float(transformed.max())
    if least == most:
        margin = max(abs(least), 1.0) / 20
        least, most = least - margin, most + margin
    lower, upper = np.quantile(transformed, [0.25, 0.75])
    width = 2 * (upper - lower) / len(values) ** (1 / 3)
    number = int(min(max((most - least) / width, 10), 60)) if width > 0 else 10
    counts, edges = np.histogram(transformed, bins=number, range=(least, most))
    return (np.exp(edges) if scale == "log" else edges), counts
