# SPDX-License-Identifier: Apache-2.0
"""A page as one self-contained HTML file that may not load anything."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any

import jinja2

from valuation_pipeline.report import vega
from valuation_pipeline.report.document import rows_of
from valuation_pipeline.report.formats import decimals, write, write_alone, write_interval
from valuation_pipeline.report.page import STATUSES, Chart, Column, Figure, Page, Status, Table, Verdict, Verdicts


@dataclass(frozen=True)
class _Group:
    """The verdicts of one status: those listed, their number, and the number of unlisted ones of each check."""

    status: Status
    listed: list[Verdict]
    count: int
    more: list[tuple[str, int]]


@dataclass(frozen=True)
class _Cell:
    """A cell of a table."""

    text: str
    interval: str


def as_html(page: Page, data_name: str = "") -> str:
    """Return a page as HTML.

    Parameters
    ----------
    page : Page
        The page.
    data_name : str
        The name of the file beside it with the page as JSON, for references to what is left out.

    Returns
    -------
    str
        The page. Its content security policy lets only its own style and scripts in, by their hashes, and forbids
        every request; charts are drawn without ``eval``.
    """
    with_charts = any(isinstance(block, Chart) for section in page.sections for block in section.blocks)
    style = _resource("page.css")
    own = [vega.scripts()] if with_charts else []
    scripts = [*own, _resource("page.js")]
    return (
        _environment()
        .get_template("page.html.jinja")
        .render(
            page=page,
            anchors=_anchors(page),
            style=style,
            scripts=scripts,
            policy=_policy(style, scripts),
            config=vega.CONFIG,
            data_name=data_name,
            with_charts=with_charts,
        )
    )


def _policy(style: str, scripts: list[str]) -> str:
    """Write the content security policy."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(_hash(script) for script in scripts)}",
            f"style-src {_hash(style)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _anchors(page: Page) -> list[str]:
    """Name the sections for links: by their titles, so that links stay valid; each name is unique."""
    anchors: list[str] = []
    for section in page.sections:
        anchor = re.sub(r"[\W_]+", "-", section.title.lower()).strip("-")[:60] or "section"
        while anchor in anchors:
            anchor += "-"
        anchors.append(anchor)
    return anchors


def _groups(verdicts: Verdicts) -> list[_Group]:
    groups = []
    for status in STATUSES:
        found = [verdict for verdict in verdicts.items if verdict.status == status]
        more = Counter(verdict.check for verdict in found[verdicts.limit :]).most_common()
        groups.append(_Group(status, found[: verdicts.limit], len(found), more))
    return groups


def _cells(table: Table) -> list[list[_Cell]]:
    """Write the displayed rows."""
    shown = rows_of(table.rows, table.limit)
    columns = []
    for column in table.columns:
        places = decimals(column.kind, [row[column.key] for row in shown])
        columns.append([_cell(column, row, places) for row in shown])
    return [list(cells) for cells in zip(*columns, strict=True)]


def _cell(column: Column, row: Any, places: int) -> _Cell:
    interval = ""
    if column.low is not None and column.high is not None:
        interval = write_interval(row[column.low], row[column.high], column.kind, places)
    return _Cell(write(row[column.key], column.kind, places), interval)


def _figure(figure: Figure) -> _Cell:
    places = decimals(figure.kind, [figure.value])
    return _Cell(write(figure.value, figure.kind, places), write_interval(figure.low, figure.high, figure.kind, places))


def _kind_of(block: Any) -> str:
    return type(block).__name__.lower()


@cache
def _resource(name: str) -> str:
    environment = _environment()
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("valuation_pipeline.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    environment.filters.update(alone=write_alone)
    environment.globals.update(
        cells=_cells, figure_cell=_figure, groups=_groups, kind_of=_kind_of, specification=vega.specification
    )
    return environment
