# SPDX-License-Identifier: Apache-2.0
"""The common parts of the charts in the language of Vega-Lite."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from valuation_pipeline.report.page import Kind

NUMBER_FORMATS: dict[Kind, str] = {
    "count": ",d",
    "number": ",.4~r",
    "rate": ",.3~p",
    "money": ",.4~r",
    "ratio": ".3~r",
}
"""The formats of d3 for the numbers of each kind."""


def names(labels: Sequence[Any]) -> str:
    """Write the Vega expression that gives the name of a rank."""
    return f"{json.dumps([str(label) for label in labels])}[datum.value]"


def axis_format(kind: Kind) -> str:
    """Return the format of an axis; the scale determines the number of decimals of its labels."""
    return "%" if kind == "rate" else ",f"


def field(name: str) -> str:
    """Write a member's name for Vega-Lite, in which dots, brackets and colons have a meaning."""
    return "".join(f"\\{letter}" if letter in ".[]:\\" else letter for letter in name)


def colour(series: str | None) -> dict[str, Any]:
    """Encode the colour by series, if there are any."""
    return {"color": alt.Color(field(series), type="nominal", title=None)} if series else {}


def own_colour(series: str | None) -> dict[str, Any]:
    """Give the accent's colour to marks with a rule's colour or none; with series the encoding has it."""
    return {} if series else {"color": "var(--accent)"}


def given(*names: str | None) -> tuple[str, ...]:
    """Return the names that are not None."""
    return tuple(name for name in names if name is not None)


def chart_of(rows: Sequence[Mapping[str, Any]]) -> alt.Chart:
    """Begin a chart of rows."""
    return alt.Chart(alt.InlineData(values=list(rows)))
