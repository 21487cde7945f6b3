# SPDX-License-Identifier: Apache-2.0
"""Looks up measurements, for tables and charts."""

from __future__ import annotations

import json
from dataclasses import astuple
from pathlib import Path
from typing import Any

from plan import HEADLINE, OURS, Point

Row = dict[str, Any]


def write(document: dict[str, Any], file: Path) -> None:
    """Write results.json: a point a line, five digits of each number."""
    short = json.loads(json.dumps(document), parse_float=lambda text: float(f"{float(text):.5g}"))
    points = ",\n  ".join(map(json.dumps, short["points"]))
    text = json.dumps({**short, "points": []}, indent=1)
    file.write_text(text.replace('"points": []', f'"points": [\n  {points}\n ]') + "\n")


def is_narrower(contender: str) -> bool:
    """Whether it is our library with another instruction set than the machine's widest."""
    return contender.startswith(f"{OURS}, ")


class Results:
    """The points of results.json, by contender and point.

    Parameters
    ----------
    document
        The contents of results.json.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._rows: dict[tuple[str, Point], Row] = {}
        for row in document["points"]:
            point = Point(row["campaigns"], row["fields"], row["candidates"], row["ad_features"])
            self._rows[row["contender"], point] = row
        points = {point for _, point in self._rows}
        self.headline = [point for point in HEADLINE if point in points]
        self.grid = sorted(points.difference(HEADLINE), key=astuple)

    def row(self, contender: str, *point: int) -> Row | None:
        """Return a contender's row at a point (M, F, N, A), or None if it did not take part."""
        return self._rows.get((contender, Point(*point)))

    def ranking(self, *point: int) -> list[Row]:
        """Return ours, with the machine's widest instruction set, and the other contenders, by their ratios to ours."""
        rows = [row for (name, own), row in self._rows.items() if own == Point(*point) and not is_narrower(name)]
        return sorted(rows, key=lambda row: row["ratio"])

    @property
    def narrower(self) -> list[str]:
        """The names of our library with a narrower instruction set."""
        return sorted({name for name, _ in self._rows if is_narrower(name)})

    def sizes(self, member: str) -> list[int]:
        """Return the values of one member of the grid's points, ascending."""
        return sorted({getattr(point, member) for point in self.grid})
