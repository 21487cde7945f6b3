# SPDX-License-Identifier: Apache-2.0
"""The section [workflow] of pipeline.toml."""

from __future__ import annotations

from pydantic import Field

from valuation_pipeline.options import Options


class WorkflowOptions(Options):
    """When a day's log is complete, how long a run waits for it, and how often a step is tried."""

    wait_minutes: float = Field(
        120,
        ge=0,
        le=10_000,
        description="how long a run waits for the day's log before it gives up; with 0 it checks once",
    )
    poll_seconds: float = Field(60, gt=0, le=100_000, description="how long it waits between two checks")
    weeks: int = Field(
        4,
        ge=1,
        le=52,
        description="without markers: the number of earlier weeks with whose same weekday the day is compared",
    )
    minimum_share: float = Field(
        0.5,
        ge=0,
        le=1,
        description="without markers: the share of the median of that hour in those weeks that each hour must have",
    )
    minimum_rows: int = Field(
        100,
        ge=1,
        description="without markers: hours with a smaller median are too small to judge alone and are taken together",
    )
    attempts: int = Field(
        3,
        ge=1,
        le=100,
        description="how often a step is tried if a disk or a network fails; bad input is not tried again",
    )
    pause_seconds: float = Field(
        10,
        ge=0,
        le=100_000,
        description="the pause before the second attempt of a step; it doubles with each further one",
    )
