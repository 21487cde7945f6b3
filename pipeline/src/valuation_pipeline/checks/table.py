# SPDX-License-Identifier: Apache-2.0
"""Verdicts as a table for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from valuation_pipeline.checks.verdicts import ORDER, Status, Verdict

COLOURS: dict[Status, str] = {"failed": "bold red", "warned": "yellow", "passed": "green", "skipped": "dim"}


def as_table(verdicts: Sequence[Verdict]) -> Table:
    """Lay verdicts out in the given order, one row each."""
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("status", no_wrap=True)
    table.add_column("check, of what", no_wrap=True)
    table.add_column("reason", ratio=1)
    for verdict in verdicts:
        status = Text(verdict.status, style=COLOURS[verdict.status])
        table.add_row(status, Text(f"{verdict.check}\n{verdict.subject}"), Text(verdict.reason))
    return table


def summary(verdicts: Sequence[Verdict]) -> str:
    """Say in a line whether the release is held back, and how many verdicts there are of each status."""
    counts = Counter(verdict.status for verdict in verdicts)
    told = ", ".join(f"{counts[status]} {status}" for status in ORDER if counts[status])
    return f"{'Held back' if counts['failed'] else 'Not held back'}: {told}."
