# SPDX-License-Identifier: Apache-2.0
"""Charts embedded in the page: their specification, the scripts that draw them, and their style."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import vl_convert

from valuation_pipeline.report.page import Chart

_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif'

CONFIG: dict[str, Any] = {
    "background": None,
    "font": _FONT,
    "padding": 2,
    "view": {"stroke": None, "continuousHeight": 230},
    "axis": {
        "domainColor": "var(--line-strong)",
        "gridColor": "var(--line)",
        "labelColor": "var(--muted)",
        "labelFontSize": 11,
        "labelLimit": {"expr": "max(105, 0.32 * containerSize()[0])"},
        "labelPadding": 5,
        "tickColor": "var(--line-strong)",
        "tickSize": 4,
        "titleColor": "var(--muted)",
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "titlePadding": 8,
    },
    "axisX": {"grid": False, "labelFlush": True, "tickCount": 5, "labelOverlap": True},
    "axisY": {"domain": False, "ticks": False, "tickCount": 5},
    "axisBand": {"grid": False},
    "legend": {
        "columns": 3,
        "labelColor": "var(--text)",
        "labelFontSize": 11,
        "labelLimit": 110,
        "orient": "top",
        "symbolSize": 50,
        "symbolType": "circle",
        "title": None,
        "offset": 6,
    },
    "header": {"labelColor": "var(--text)", "titleColor": "var(--muted)"},
    "title": {"color": "var(--text)", "subtitleColor": "var(--muted)"},
    "range": {"category": [f"var(--series-{number})" for number in range(1, 7)]},
    "mark": {"color": "var(--accent)"},
    "text": {"color": "var(--muted)", "fontSize": 11},
    "rule": {"color": "var(--muted)"},
    "line": {"strokeWidth": 1.75},
    "area": {"opacity": 0.18},
    "bar": {"color": "var(--accent)"},
    "point": {"filled": True, "size": 36},
}
"""The configuration of Vega-Lite for all charts of a page. Colours are the page's CSS variables, so a chart turns
dark or light, and prints, with the text around it."""


def specification(chart: Chart) -> tuple[dict[str, Any], int]:
    """Return a chart's Vega-Lite specification, and the number of rows left out of it.

    Rows with NaN or an infinity are removed. A chart whose data are elsewhere is a ValueError, because a page loads
    nothing.
    """
    written: dict[str, Any] = chart.chart.to_dict()
    written.pop("config", None)
    written["description"] = chart.description
    if "width" not in written and not {"hconcat", "vconcat", "concat", "facet", "repeat"} & written.keys():
        written["width"] = "container"
    left_out = chart.left_out
    for name, rows in written.get("datasets", {}).items():
        written["datasets"][name], dropped = _finite(rows)
        left_out += dropped
    return written, left_out + _check_data(written, chart.title)


@cache
def scripts() -> str:
    """Return the JavaScript that draws charts: Vega, Vega-Lite and Vega-Embed, without any network (about 0.9 MB).

    Costs some three seconds, once a process.
    """
    bundle: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _check_data(part: Any, title: str) -> int:
    """Remove rows that are not finite from data inside views; refuse data that would be loaded."""
    if isinstance(part, list):
        return sum(_check_data(member, title) for member in part)
    if not isinstance(part, dict):
        return 0
    left_out = 0
    for key, member in part.items():
        if key == "datasets":
            continue
        if key == "data" and isinstance(member, dict):
            if "url" in member:
                raise ValueError(f"the chart {title!r} loads {member['url']!r}; give it its rows")
            if isinstance(member.get("values"), list):
                member["values"], dropped = _finite(member["values"])
                left_out += dropped
        else:
            left_out += _check_data(member, title)
    return left_out


def _finite(rows: list[Any]) -> tuple[list[Any], int]:
    kept = [row for row in rows if not any(_is_strange(value) for value in _members(row))]
    return kept, len(rows) - len(kept)


def _members(row: Any) -> list[Any]:
    return list(row.values()) if isinstance(row, dict) else [row]


def _is_strange(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
