# SPDX-License-Identifier: Apache-2.0
"""The possible sources of a field in the log."""

from __future__ import annotations

#: Columns of the log that a category may be.
CATEGORY_COLUMNS = ("campaign", "advertiser", "ad", "pricing", "placement")
#: Columns of the log that a number may be.
NUMBER_COLUMNS = ("bid",)
#: Columns that belong to a candidate; a request may have several candidates.
AD_COLUMNS = ("campaign", "advertiser", "ad", "pricing", "bid")


def entry_of(source: str) -> tuple[str, str] | None:
    """Return the map and the name in it for ``features.slot`` or ``unit.user``; None for a column."""
    container, dot, name = source.partition(".")
    return (container, name) if dot and container in ("features", "unit") and name else None
