# SPDX-License-Identifier: Apache-2.0
"""The rows of a chart, and their description."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from valuation_pipeline.report.document import rows_of
from valuation_pipeline.report.formats import as_number, as_plain, write_alone
from valuation_pipeline.report.page import Kind, Paragraph, Rows


def complete(rows: Rows, numbers: Sequence[str], others: Sequence[str]) -> tuple[list[dict[str, Any]], int]:
    """Return the rows whose numbers are all finite, with the members named, and the number of the others."""
    kept = []
    for row in rows_of(rows):
        found = {name: finite(row[name]) for name in numbers}
        if None not in found.values():
            kept.append({**found, **{name: as_plain(row[name]) for name in others}})
    return kept, len(rows) - len(kept)


def finite(value: Any) -> float | None:
    """Return a finite number; None for any other value."""
    number = as_number(value)
    return number if number is not None and math.isfinite(number) else None


def nothing(title: str, left_out: int) -> Paragraph:
    """Return a paragraph that there is nothing to draw."""
    reason = f" ({many(left_out, 'row')} left out: a number is missing or infinite)" if left_out else ""
    return Paragraph(f"{title}: no data{reason}.")


def many(count: int, noun: str) -> str:
    """Say how many there are."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def span(values: Sequence[float], kind: Kind) -> str:
    """Say from where to where values go."""
    return f"{write_alone(min(values), kind)} to {write_alone(max(values), kind)}"


def sentences(*texts: str) -> str:
    """Join the sentences that are not empty."""
    return " ".join(text for text in texts if text)
