# SPDX-License-Identifier: Apache-2.0
"""How many rows of a log were read, used and set aside: rows in = rows used + rows set aside + rows of other days."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from valuation_pipeline.logs.reasons import Reason


class TableCounts(BaseModel):
    """The rows of one table.

    Attributes
    ----------
    read : int
        Records of the files that were read.
    used : int
    set_aside : dict
        Reason → rows; reasons without rows are left out.
    outside : int
        Rows of other days than those requested. They were read because they are in the same files, or because clicks
        and conversions are looked up in them.
    """

    model_config = ConfigDict(frozen=True)

    read: int
    used: int
    set_aside: dict[Reason, int]
    outside: int

    def check(self, table: str) -> None:
        """Check that no row is lost."""
        if self.read != self.used + sum(self.set_aside.values()) + self.outside:
            raise AssertionError(f"{table}: rows were lost or counted twice, a defect of this program: {self}")


class Counts(BaseModel):
    """The counts of an extraction, as in ``counts.json``.

    Attributes
    ----------
    first_day, last_day : date
    as_of : datetime
        Clicks and conversions before this time (UTC) are known.
    tables : dict
        impressions, clicks, conversions.
    days : dict
        Each requested day → impressions used, and how many of them have a click or a conversion.
    """

    model_config = ConfigDict(frozen=True)

    first_day: date
    last_day: date
    as_of: datetime
    tables: dict[str, TableCounts]
    days: dict[date, dict[str, int]]

    def document(self) -> dict[str, Any]:
        """Return the counts for JSON."""
        return self.model_dump(mode="json")
