# SPDX-License-Identifier: Apache-2.0
"""The counts of a log's rows for people."""

from __future__ import annotations

from rich.table import Table

from valuation_pipeline.logs.counts import TableCounts


def counts_table(tables: dict[str, TableCounts]) -> Table:
    """A row a table, and below it a row a reason."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("table")
    for name in ("rows read", "used", "set aside", "of other days"):
        shown.add_column(name, justify="right")
    for name, counts in tables.items():
        aside = sum(counts.set_aside.values())
        style = "yellow" if aside else None
        shown.add_row(name, f"{counts.read:,}", f"{counts.used:,}", f"{aside:,}", f"{counts.outside:,}", style=style)
        for reason, rows in counts.set_aside.items():
            shown.add_row(f"  {reason}", "", "", f"{rows:,}", "")
    return shown
