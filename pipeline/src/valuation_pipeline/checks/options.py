# SPDX-License-Identifier: Apache-2.0
"""The section ``[checks]`` of pipeline.toml."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field, model_validator

from valuation_pipeline.options import Options

Check = Literal[
    "impressions",
    "clicks",
    "conversions",
    "campaign_rates",
    "set_aside",
    "coverage",
    "new_values",
    "drift",
    "calibration",
    "campaign_calibration",
    "intercept",
    "entropy",
    "ranking",
    "models",
    "engine_calibration",
    "engine_campaign_calibration",
    "logged_calibration",
    "logged_campaign_calibration",
    "campaigns_lost",
    "moved",
    "replay",
]
CHECKS: tuple[Check, ...] = get_args(Check)

#: Those that compare values that must be equal, or are limits.
EXACT: tuple[Check, ...] = ("intercept", "entropy", "models", "campaigns_lost", "moved", "replay")
#: Those that decide by chance, and share the false-alarm rate.
STATISTICAL: tuple[Check, ...] = tuple(check for check in CHECKS if check not in EXACT)

#: Those that only warn by default: they are about the world, or about the previous release.
WARNING: tuple[Check, ...] = ("drift", "intercept", "moved", "logged_calibration", "logged_campaign_calibration")

Severity = Literal["fail", "warn", "off"]


class CheckOptions(Options):
    """What holds a release back. Every member may be left out."""

    false_alarm_rate: float = Field(
        0.01,
        gt=0,
        le=0.5,
        description="How often, at most, chance alone may hold back the run of a day in which nothing is wrong.",
    )
    warning_rate: float = Field(
        0.1, gt=0, le=0.9, description="How often, at most, chance alone may warn in the run of such a day."
    )
    severity: dict[Check, Severity] = Field(
        default_factory=dict,
        description='What each check may do: "fail" (hold back), "warn", or "off". By default drift, intercept, '
        "moved and the two of logged predictions warn, and all others fail.",
    )
    day_effect: float = Field(
        0.05,
        ge=0,
        le=1,
        description="The least variation of rates that is assumed from day to day, as a share (0.05 is 5 %); if "
        "the log varies more, its own variation is used.",
    )
    hour_effect: float = Field(0.5, ge=0, le=2, description="The same from hour to hour of one day.")
    campaign_effect: float = Field(
        0.02,
        ge=0,
        le=1,
        description="The least error of a campaign's ratio of predicted to observed that is assumed, as a share.",
    )
    rate_limit: float = Field(
        0.3,
        gt=0,
        lt=1,
        description="Click and conversion rates of a day within this share of those before are never flagged.",
    )
    campaign_rate_limit: float = Field(
        0.5, gt=0, lt=1, description="The same of one campaign's rates, which change with where its ads are shown."
    )
    calibration_limit: float = Field(
        0.1, gt=0, lt=1, description="Predicted over observed within this share of 1 is never flagged."
    )
    recent_days: int = Field(
        7,
        ge=1,
        le=366,
        description="How many of the last days to use for comparing logged predictions, and those of the models "
        "to be published, with the outcomes.",
    )
    coverage_effect: float = Field(
        0.02,
        ge=0,
        le=1,
        description="The least variation of a field's coverage that is assumed from day to day, as a share.",
    )
    coverage_limit: float = Field(
        0.2, gt=0, lt=1, description="A field that has lost less than this share of its rows is never flagged."
    )
    new_value_limit: float = Field(
        0.5,
        gt=0,
        lt=1,
        description="A field whose share of rows with values never seen has risen by less than this is never flagged.",
    )
    drift_limit: float = Field(
        0.1, gt=0, description="A field whose population stability index is below this is never flagged."
    )
    set_aside_limit: float = Field(
        0.01, gt=0, lt=1, description="A table of which a smaller share of rows was set aside is never flagged."
    )
    minimum_positives: int = Field(
        10, ge=1, description="A campaign with fewer held-out clicks or conversions is not judged by AUC and entropy."
    )
    constant_confidence: float = Field(
        0.95,
        gt=0.5,
        lt=1,
        description="The confidence that a campaign's model is worse than a constant at which the constant is "
        "published.",
    )
    intercept_limit: float = Field(
        10.0, gt=1, description="By what factor the probability at the intercept may differ from the overall rate."
    )
    lost_limit: float = Field(
        0.05,
        ge=0,
        lt=1,
        description="The share of a day's impressions of campaigns that may lose their only model or their traffic.",
    )
    moved_limit: float = Field(
        0.3, gt=0, description="By what share the expected revenue of all impressions may change from the last release."
    )
    campaign_moved_limit: float = Field(
        1.0, gt=0, description="The same of one campaign that has at least a hundredth of the revenue."
    )
    moved_rows: int = Field(
        20_000, ge=1, description="On how many impressions of the last day the two releases are compared."
    )
    replay_tolerance: float = Field(
        1e-6, ge=0, lt=1, description="By what share a logged prediction may differ from the replayed one."
    )
    replay_limit: float = Field(
        0.001, ge=0, lt=1, description="The share of rows whose logged prediction may differ from the replayed one."
    )

    @model_validator(mode="after")
    def _rates_in_order(self) -> CheckOptions:
        if self.warning_rate < self.false_alarm_rate:
            raise ValueError("warning_rate must be at least false_alarm_rate, because what fails also warns")
        return self

    def severity_of(self, check: Check) -> Severity:
        """Return what a check may do."""
        return self.severity.get(check, "warn" if check in WARNING else "fail")

    def levels(self) -> Levels:
        """Return the level of each statistical check: the rates divided by their number (Bonferroni)."""
        return Levels(fail=self.false_alarm_rate, warn=self.warning_rate).shared_by(len(STATISTICAL))


class Levels(Options):
    """How improbable a finding must be, if nothing is wrong, to fail or to warn."""

    fail: float
    warn: float

    def shared_by(self, tests: int) -> Levels:
        """Return the levels of each of several tests, any of which may raise the alarm (Bonferroni)."""
        return Levels(fail=self.fail / tests, warn=self.warn / tests)
