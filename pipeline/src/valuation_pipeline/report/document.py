# SPDX-License-Identifier: Apache-2.0
"""A page as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from valuation_pipeline.report import vega
from valuation_pipeline.report.formats import as_plain
from valuation_pipeline.report.page import Block, Chart, Figures, Page, Paragraph, Rows, Table, Verdicts

FORMAT = "valuation-report/1"


def as_json(page: Page) -> dict[str, Any]:
    """Return a page as JSON, including every row of its tables.

    Returns
    -------
    dict
        ``format``, ``title``, ``subtitle``, ``facts``, ``outcome`` and ``sections``: each a ``title`` and ``blocks``,
        whose ``type`` is "verdicts", "figures", "table", "chart" (with its Vega-Lite ``specification``, rows included)
        or "paragraph"; the other members are those of the classes in `valuation_pipeline.report`.
    """
    document: dict[str, Any] = as_plain(
        {
            "format": FORMAT,
            "title": page.title,
            "subtitle": page.subtitle,
            "facts": dict(page.facts),
            "outcome": asdict(page.outcome) if page.outcome else None,
            "sections": [
                {"title": section.title, "blocks": [_block(block) for block in section.blocks]}
                for section in page.sections
            ],
        }
    )
    return document


def rows_of(rows: Rows, limit: int | None = None) -> Sequence[Mapping[str, Any]]:
    """Return the first rows (all without a limit) as mappings."""
    if isinstance(rows, pa.Table):
        found: list[dict[str, Any]] = (rows if limit is None else rows.slice(0, limit)).to_pylist()
        return found
    return rows if limit is None else rows[:limit]


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Verdicts():
            return {"type": "verdicts", "items": [asdict(verdict) for verdict in block.items]}
        case Figures():
            return {"type": "figures", "items": [asdict(figure) for figure in block.items]}
        case Table():
            return {
                "type": "table",
                "caption": block.caption,
                "columns": [asdict(column) for column in block.columns],
                "rows": [_row(block, row) for row in rows_of(block.rows)],
                "note": block.note,
            }
        case Chart():
            specification, left_out = vega.specification(block)
            return {
                "type": "chart",
                "title": block.title,
                "description": block.description,
                "note": block.note,
                "left_out": left_out,
                "specification": specification,
            }
        case Paragraph():
            return {"type": "paragraph", "text": block.text}


def _row(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    keys = [key for column in table.columns for key in (column.key, column.low, column.high) if key is not None]
    return {key: row[key] for key in keys}
