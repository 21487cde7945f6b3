# SPDX-License-Identifier: Apache-2.0
"""Days as commands take them."""

from __future__ import annotations

from datetime import datetime

import typer

#: Far enough from the ends of the calendar for the days before and after it that a run looks at.
YEARS = range(1970, 9000)


def check_day(day: datetime | None) -> datetime | None:
    """Return the day that an option gives; one that no log can have is wrong usage."""
    if day is not None and day.year not in YEARS:
        raise typer.BadParameter(f"{day.date()} is before {YEARS.start} or after {YEARS.stop - 1}")
    return day
