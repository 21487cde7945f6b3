# SPDX-License-Identifier: Apache-2.0
"""The counts and the check of a log for people at a terminal."""

from __future__ import annotations

from datetime import date

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from valuation_pipeline.logs.check import LogCheck
from valuation_pipeline.logs.counts import TableCounts


def show_check(check: LogCheck, console: Console) -> None:
    """Print the result of a check."""
    period = f", {check.first_day} to {check.last_day}" if check.first_day else ""
    parts: list[RenderableType] = [Text(f"{check.log}{period}", style="bold")]
    if check.tables:
        parts += [counts_tables(check.tables), _days_table(check.days), Text()]
    for table, columns in check.unknown.items():
        for name, like in columns.items():
            hint = f"; did you mean {like}?" if like else ""
            parts.append(
                Text(f"{table}: the column {name} is not of the schema and is left alone{hint}", style="yellow")
            )
    parts += [Text(f"✗ {problem}", style="red") for problem in check.problems]
    if not check.problems:
        parts.append(Text("✓ The log is fit to train on.", style="green"))
    for part in parts:
        console.print(part if isinstance(part, Text) else Padding(part, (1, 0, 0, 0)))


def counts_tables(tables: dict[str, TableCounts]) -> RenderableType:
    """Rows by table and, if some are set aside, by reason."""
    shown = _table("table", "rows read", "used", "set aside", "of other days")
    reasons = Table(box=None, pad_edge=False, header_style="dim")
    reasons.add_column("set aside")
    reasons.add_column("rows", justify="right")
    reasons.add_column("reason", no_wrap=True)
    reasons.add_column("which means", overflow="fold")
    for name, counts in tables.items():
        aside = sum(counts.set_aside.values())
        numbers = (counts.read, counts.used, aside, counts.outside)
        shown.add_row(name, *(f"{number:,}" for number in numbers), style="yellow" if aside else None)
        for reason, rows in counts.set_aside.items():
            reasons.add_row(name, f"{rows:,}", reason.value, reason.meaning)
    return Group(shown, Text(), reasons) if reasons.row_count else shown


def _days_table(days: dict[date, dict[str, int]]) -> Table:
    shown = _table("day", "impressions", "clicked", "share", "converted", "of clicked")
    for day, of_day in days.items():
        impressions, clicks, conversions = of_day["impressions"], of_day["clicks"], of_day["conversions"]
        shown.add_row(
            str(day),
            f"{impressions:,}",
            f"{clicks:,}",
            f"{clicks / impressions:.2%}" if impressions else "",
            f"{conversions:,}",
            f"{conversions / clicks:.2%}" if clicks else "",
        )
    return shown


def _table(first: str, *numbers: str) -> Table:
    shown = Table(box=None, pad_edge=False, header_style="dim")
    shown.add_column(first)
    for name in numbers:
        shown.add_column(name, justify="right")
    return shown
