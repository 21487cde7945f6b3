# SPDX-License-Identifier: Apache-2.0
"""The parts of a page: sections of verdicts, key figures, tables, charts and paragraphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import altair as alt
import pyarrow as pa

Status: TypeAlias = Literal["failed", "warned", "skipped", "passed"]
Kind: TypeAlias = Literal["text", "count", "number", "rate", "money", "ratio"]
Rows: TypeAlias = "Sequence[Mapping[str, Any]] | pa.Table"
AnyChart: TypeAlias = (
    alt.Chart | alt.LayerChart | alt.FacetChart | alt.RepeatChart | alt.ConcatChart
    | alt.HConcatChart | alt.VConcatChart
)  # fmt: skip

STATUSES: tuple[Status, ...] = ("failed", "warned", "skipped", "passed")
"""The verdicts in the order in which a page lists them."""


@dataclass(frozen=True)
class Verdict:
    """The result of one check.

    Parameters
    ----------
    check : str
        The name of the check.
    subject : str
        The subject: a campaign, a model, a day.
    status : {"failed", "warned", "skipped", "passed"}
        The verdict.
    value, threshold : float or str, optional
        The measured value, and its bound.
    reason : str
        The reason, in a sentence.
    """

    check: str
    subject: str
    status: Status
    value: float | str | None = None
    threshold: float | str | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"a verdict is one of {', '.join(STATUSES)}, not {self.status!r}")


@dataclass(frozen=True)
class Verdicts:
    """A list of verdicts: the number of each status, then failed and warned ones, then the others folded away.

    Parameters
    ----------
    items : sequence of Verdict
        In any order; within a status the page keeps it.
    limit : int
        How many of each status the HTML lists. It gives the number of the others, by check.
    """

    items: Sequence[Verdict]
    limit: int = 100


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    key : str
        The member of the rows.
    title : str
        The heading.
    kind : {"text", "count", "number", "rate", "money", "ratio"}
        The format of the values: whole numbers with separators, plain numbers, shares as percentages, amounts with at
        least two decimals, ratios with three. All numbers of a column have the same number of decimals. Text is aligned
        to the left, numbers to the right.
    unit : str
        The unit of the values, such as a currency; shown in the heading.
    low, high : str, optional
        The members with the ends of an interval, written after the value.
    """

    key: str
    title: str
    kind: Kind = "text"
    unit: str = ""
    low: str | None = None
    high: str | None = None


@dataclass(frozen=True)
class Table:
    """A table, which readers may sort by its headings.

    Parameters
    ----------
    caption : str
        The subject of the rows.
    columns : sequence of Column
        The first one names the row.
    rows : sequence of mappings, or Arrow table
        Each row has all members that the columns name (KeyError otherwise). None and NaN are written as a dash.
    limit : int
        How many rows the HTML shows. It gives the number of the others; the JSON has all.
    note : str
        A remark below the table.
    """

    caption: str
    columns: Sequence[Column]
    rows: Rows
    limit: int = 250
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """A key figure; members as those of `Column`, the interval by its ends."""

    label: str
    value: Any
    kind: Kind = "text"
    unit: str = ""
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Figures:
    """A row of key figures."""

    items: Sequence[Figure]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of plain text."""

    text: str


@dataclass(frozen=True)
class Chart:
    """A chart.

    Parameters
    ----------
    title : str
        What the chart shows.
    chart : Altair chart
        With its data inside, aggregated to visible detail. Colours, fonts and text sizes come from the page unless the
        chart sets them; the width is the page's unless the chart sets one.
    description : str
        The chart in words, for people who cannot see it: its contents and range.
    note : str
        A remark below the chart.
    left_out : int
        The number of rows that are not drawn because a number in them is missing or infinite. The page states it, and
        adds rows with NaN or infinities that it finds in the chart's data itself.
    """

    title: str
    chart: AnyChart
    description: str
    note: str = ""
    left_out: int = 0


Block: TypeAlias = Verdicts | Figures | Table | Chart | Paragraph


@dataclass(frozen=True)
class Section:
    """A heading and its contents."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Page:
    """A page.

    Parameters
    ----------
    title : str
        The heading of the page.
    sections : sequence of Section
        In the order of reading.
    subtitle : str
        A line below the title.
    facts : mapping
        Name → text: the subject of the page, such as a date and a version.
    outcome : Verdict, optional
        The result, right below the title.
    """

    title: str
    sections: Sequence[Section]
    subtitle: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    outcome: Verdict | None = None
