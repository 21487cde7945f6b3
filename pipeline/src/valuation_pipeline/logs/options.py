# SPDX-License-Identifier: Apache-2.0
"""The section [log] of pipeline.toml."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from valuation_pipeline.options import Options


class LogOptions(Options):
    """Which days of a log training takes, and when a click or a conversion still counts."""

    days: int = Field(14, ge=1, le=3660, description="days of impressions that the click model is trained on")
    conversion_days: int = Field(
        30, ge=1, le=3660, description="days of impressions that the conversion model is trained on"
    )
    click_window_hours: float = Field(
        24.0, gt=0, le=87_840, description="hours after its impression within which a click counts"
    )
    attribution_days: float = Field(
        7.0, gt=0, le=3660, description="days after its click within which a conversion counts"
    )
    mapping: Path | None = Field(
        None, description="a valuation-mapping/1 file, if the log has other columns; relative to the working directory"
    )
    memory_limit: str | None = Field(
        None,
        pattern=r"^[0-9]+(\.[0-9]+)? ?([KMGT]i?B)$",
        description='the memory limit of DuckDB, such as "4GB"; by default four fifths of the memory',
    )
