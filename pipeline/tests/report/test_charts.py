# SPDX-License-Identifier: Apache-2.0
"""The charts that every report needs."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from valuation_pipeline.report import (
    Chart,
    Paragraph,
    Rows,
    count_bars,
    histogram,
    ranked_dots,
    reliability_diagram,
    time_series,
)
from valuation_pipeline.report.page import Kind
from valuation_pipeline.report.vega import specification

Draw = Callable[[Rows], Chart | Paragraph]

CHARTS: dict[str, Draw] = {
    "reliability": lambda rows: reliability_diagram(rows, "Title", predicted="value", observed="value"),
    "ranked": lambda rows: ranked_dots(rows, "Title", label="name", value="value", low="low", high="high"),
    "histogram": lambda rows: histogram(rows, "Title", value="value"),
    "counts": lambda rows: count_bars(rows, "Title", label="name", count="value"),
    "time": lambda rows: time_series(rows, "Title", time="day", value="value", low="low", high="high"),
}
ROWS = [
    {
        "name": f"c-{number}",
        "value": 0.1 * number,
        "low": 0.1 * number - 0.05,
        "high": 0.1 * number + 0.05,
        "count": 100,
        "day": dt.date(2026, 11, 1 + number),
    }
    for number in range(6)
]
TABLE = pa.Table.from_pylist(ROWS)


def _drawn(chart: Chart | Paragraph) -> Chart:
    assert isinstance(chart, Chart)
    return chart


def _data(chart: Chart | Paragraph) -> list[dict[str, Any]]:
    """Return the rows of a chart's largest data set."""
    written, _ = specification(_drawn(chart))
    return max(written["datasets"].values(), key=len)


@pytest.mark.parametrize("draw", CHARTS.values(), ids=CHARTS)
def test_a_chart_without_data_is_a_paragraph(draw: Draw) -> None:
    assert draw([]) == Paragraph("Title: no data.")
    assert draw(TABLE.slice(0, 0)) == Paragraph("Title: no data.")
    bad = [{**ROWS[0], "value": math.nan}, {**ROWS[1], "value": math.inf}, {**ROWS[2], "value": None}]
    assert draw(bad) == Paragraph("Title: no data (3 rows left out: a number is missing or infinite).")


@pytest.mark.parametrize("draw", CHARTS.values(), ids=CHARTS)
def test_rows_with_a_missing_or_infinite_number_are_counted(draw: Draw) -> None:
    bad = [{**ROWS[0], "value": math.nan}, {**ROWS[1], "value": -math.inf}]
    assert _drawn(draw(ROWS + bad)).left_out == 2
    assert _drawn(draw(ROWS)).left_out == 0


@pytest.mark.parametrize("draw", CHARTS.values(), ids=CHARTS)
def test_arrow_tables_and_rows_give_the_same_chart(draw: Draw) -> None:
    from_rows, from_table = _drawn(draw(ROWS)), _drawn(draw(TABLE))
    assert specification(from_rows) == specification(from_table)
    assert from_rows.description == from_table.description


@pytest.mark.parametrize("draw", CHARTS.values(), ids=CHARTS)
def test_one_row_is_enough(draw: Draw) -> None:
    assert len(_data(draw(ROWS[1:2]))) >= 1


def test_calibration_says_how_many_bins_miss_the_prediction() -> None:
    bins = [
        {"predicted": 0.01, "observed": 0.012, "low": 0.009, "high": 0.015, "count": 10},
        {"predicted": 0.02, "observed": 0.03, "low": 0.025, "high": 0.035, "count": 10},
    ]
    chart = _drawn(reliability_diagram(bins, "Title"))
    assert "predictions from 1% to 2%" in chart.description
    assert chart.description.endswith("The interval of the observed rate leaves out the mean prediction in 1 bin.")


def test_ranked_dots_keep_both_ends_of_a_long_list() -> None:
    values = np.random.default_rng(1).permutation(100).tolist()
    rows = [{"name": f"c-{value}", "value": value} for value in values]
    chart = _drawn(ranked_dots(rows, "Title", label="name", value="value", limit=10, reference=50, kind="count"))
    assert [row["value"] for row in _data(chart)] == [99, 98, 97, 96, 95, 4, 3, 2, 1, 0]
    assert chart.note == "Dashed: 50. The 5 highest and the 5 lowest of 100."
    assert chart.description == "100 rows by value, from 0 (c-0) to 99 (c-99)."


def test_ranked_dots_distinguish_rows_with_one_name() -> None:
    rows = [{"name": "c", "value": 1.0}, {"name": "c", "value": 2.0}]
    assert [row["_rank"] for row in _data(ranked_dots(rows, "Title", label="name", value="value"))] == [0, 1]


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_a_histogram_counts_every_value_once(scale: Any) -> None:
    values = np.random.default_rng(2).lognormal(-5, 1, 10_000)
    bins = _data(histogram(pa.table({"p": values}), "Title", value="p", scale=scale))
    assert sum(row["count"] for row in bins) == 10_000
    assert 10 <= len(bins) <= 60
    assert bins[0]["from"] == pytest.approx(values.min())
    assert bins[-1]["to"] == pytest.approx(values.max())
    for row in bins[:-1]:
        assert row["count"] == pytest.approx(np.count_nonzero((values >= row["from"]) & (values < row["to"])), abs=1)


def test_a_logarithmic_histogram_leaves_out_what_is_not_positive() -> None:
    chart = _drawn(histogram([{"p": value} for value in (0.0, -1.0, 0.5, 0.25)], "Title", value="p", scale="log"))
    assert chart.left_out == 2


def test_a_histogram_of_equal_values_has_one_bar() -> None:
    bins = _data(histogram([{"p": 0.0}] * 5, "Title", value="p"))
    assert [row["count"] for row in bins] == [5]


def test_the_smallest_counts_are_added_up() -> None:
    rows = [{"reason": f"r-{number}", "count": number} for number in range(1, 31)]
    bars = _data(count_bars(rows, "Title", limit=5))
    assert [(row["reason"], row["count"]) for row in bars] == [
        ("r-30", 30), ("r-29", 29), ("r-28", 28), ("r-27", 27), ("26 others", sum(range(1, 27))),
    ]  # fmt: skip


def test_a_line_breaks_where_a_value_is_missing() -> None:
    rows = [*ROWS[:2], {**ROWS[2], "value": math.nan}, *ROWS[3:]]
    chart = _drawn(time_series(rows[::-1], "Title", time="day", value="value", low="low", high="high"))
    assert [row["value"] for row in _data(chart)] == pytest.approx([0.0, 0.1, None, 0.3, 0.4, 0.5])
    assert chart.left_out == 1


def test_times_are_utc() -> None:
    east = dt.timezone(dt.timedelta(hours=2))
    rows = [
        {"time": dt.datetime(2026, 11, 29, 1, 0), "value": 1.0},
        {"time": dt.datetime(2026, 11, 29, 4, 0, tzinfo=east), "value": 2.0},
        {"time": "2026-11-29T05:00:00+02:00", "value": 3.0},
        {"time": "2026-11-30", "value": 4.0},
    ]
    data = _data(time_series(rows, "Title", time="time", value="value"))
    assert [row["time"] for row in data] == [
        "2026-11-29T01:00:00.000Z",
        "2026-11-29T02:00:00.000Z",
        "2026-11-29T03:00:00.000Z",
        "2026-11-30",
    ]


def test_counts_over_time_start_at_zero_and_other_values_at_their_own_level() -> None:
    rows = [{"time": f"2026-11-{day}", "value": 27_272 + day % 2} for day in range(10, 20)]
    cases: list[tuple[Kind, bool]] = [("count", True), ("number", False)]
    for kind, is_zero in cases:
        written, _ = specification(_drawn(time_series(rows, "Title", time="time", value="value", kind=kind)))
        assert written["layer"][0]["encoding"]["y"]["scale"]["zero"] is is_zero


def test_names_may_contain_dots_and_brackets() -> None:
    rows = [{"a.b[0]": f"x{number}", "v.w": float(number)} for number in range(3)]
    written, _ = specification(_drawn(ranked_dots(rows, "Title", label="a.b[0]", value="v.w")))
    fields = [entry["field"] for entry in written["layer"][-1]["encoding"]["tooltip"]]
    assert fields == ["a\\.b\\[0\\]", "v\\.w"]
