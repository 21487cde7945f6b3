# SPDX-License-Identifier: Apache-2.0
"""The options of a generated log."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from pydantic import Field, model_validator

from valuation_pipeline.options import Options


class GeneratorOptions(Options):
    """Size, period and rates of a generated log."""

    impressions: int = Field(1_000_000, ge=1, description="over all days")
    campaigns: int = Field(200, ge=2)
    days: int = Field(10, ge=1)
    first_day: date = date(2026, 3, 1)
    seed: int = Field(1, ge=0)
    click_rate: float = Field(0.03, gt=0, lt=0.5, description="clicks an impression, about")
    conversion_rate: float = Field(0.1, gt=0, lt=0.5, description="conversions a click, about")
    candidate_share: float = Field(0.01, ge=0, le=1, description="share of requests whose candidates are logged")
    predictions: Literal["none", "noisy"] = Field(
        "none", description='logged pctr and pcvr: none, or the true ones with noise of 0.1 on the logit ("noisy")'
    )

    @model_validator(mode="after")
    def _no_empty_day(self) -> GeneratorOptions:
        if self.impressions < self.days:
            raise ValueError(f"{self.impressions} impressions are fewer than {self.days} days")
        return self

    @property
    def dates(self) -> list[date]:
        """The days of the log."""
        return [self.first_day + timedelta(days=day) for day in range(self.days)]
