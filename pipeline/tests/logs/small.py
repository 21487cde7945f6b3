# SPDX-License-Identifier: Apache-2.0
"""Small logs of JSON Lines, row by row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def impression(number: int, **columns: Any) -> dict[str, Any]:
    """The impression i-<number>, at that hour of 1 March 2026."""
    row = {"impression_id": f"i-{number}", "time": f"2026-03-01 {number % 24:02}:00:00", "campaign": "c", "ad": "a"}
    return row | columns


def click(number: int, minute: int = 1) -> dict[str, Any]:
    """A click on the impression i-<number>, so many minutes after it."""
    return {"impression_id": f"i-{number}", "time": f"2026-03-01 {number % 24:02}:{minute:02}:00"}


def conversion(number: int, time: str, **columns: Any) -> dict[str, Any]:
    return {"impression_id": f"i-{number}", "time": time, **columns}


def write_log(log: Path, **tables: list[Any]) -> Path:
    """A log of JSON Lines; a row given as text is written as that line."""
    log.mkdir(parents=True)
    for table in ("impressions", "clicks", "conversions"):
        lines = [row if isinstance(row, str) else json.dumps(row) for row in tables.get(table, [])]
        (log / f"{table}.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return log
