# SPDX-License-Identifier: Apache-2.0
"""The section [workflow] of pipeline.toml."""

from __future__ import annotations

from pydantic import Field

from valuation_pipeline.options import Options


class WorkflowOptions(Options):
    """When a day's log is complete, how long a run waits for it, and how often a step is tried."""

    wait_minutes: float = Field(
        120, ge=0, description="how long a run waits for the day's log before it gives up; 0: it looks once"
    )
    poll_seconds: float = Field(60, gt=0, description="how long it waits between two looks")
    weeks: int = Field(
        4,
        ge=1,
        le=52,
        description="without markers: the day is held against the same weekday of so many weeks before",
    )
    minimum_share: float = Field(
        0.5,
        ge=0,
        le=1,
        description="without markers: each hour must have this share of the median of that hour in those weeks",
    )
    minimum_rows: int = Field(
        100,
        ge=1,
        description="without markers: hours with a smaller median say nothing by themselves and are taken together",
    )
    attempts: int = Field(
        3, ge=1, description="how often a step is tried that fails on a disk or a network, not on what it was given"
    )
    pause_seconds: float = Field(
        10, ge=0, description="the pause before the second attempt of a step; it doubles with each further one"
    )
