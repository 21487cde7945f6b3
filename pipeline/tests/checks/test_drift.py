# SPDX-License-Identifier: Apache-2.0
"""Drift: usual differences between days are not flagged, and a change is."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from scipy import stats

from valuation_pipeline.checks.fields import check_fields
from valuation_pipeline.checks.options import CheckOptions
from valuation_pipeline.checks.profiles import Profile

OPTIONS = CheckOptions()


def profile(seed: int, days: int, values: int, steepness: float, effect: float, change: float = 0.0) -> Profile:
    """Draw 5,000 rows a day for a field whose shares of values vary by a log-normal factor each day.

    Shares fall with the value's rank to the power of ``steepness``; on the newest day the first value's share is
    exp(change) times as high.
    """
    rng = np.random.default_rng([seed, days, values])
    shares = np.arange(1.0, values + 1) ** -steepness * np.exp(effect * rng.normal(size=(days, values)))
    shares[-1, 0] *= np.exp(change)
    counts = np.stack([rng.multinomial(5000, share / share.sum()) for share in shares]).astype(np.float64)
    rows = np.full(days, 5000.0)
    dates = [date(2026, 3, 1) + timedelta(days=number) for number in range(days)]
    return Profile("field", dates, rows, rows, np.r_[5000.0, np.zeros(days - 1)], np.c_[counts, np.zeros(days)])


def warnings(found: Profile) -> int:
    return sum(v.check == "drift" and v.status in ("warned", "failed") for v in check_fields([found], OPTIONS))


@pytest.mark.parametrize(
    ("days", "values", "steepness", "effect"),
    [(14, 30, 1.0, 0.3), (14, 30, 1.0, 0.4), (14, 30, 2.0, 0.4), (14, 5, 0.0, 0.4), (5, 30, 1.0, 0.4)],
)
def test_a_mix_that_changes_daily_is_flagged_no_more_often_than_stated(
    days: int, values: int, steepness: float, effect: float
) -> None:
    """If a few values have most of the rows, the index varies more than with many equally frequent values."""
    found = sum(warnings(profile(seed, days, values, steepness, effect)) for seed in range(300))
    assert found <= stats.binom.ppf(0.999, 300, OPTIONS.levels().warn)


def test_a_value_that_becomes_four_times_as_frequent_is_found() -> None:
    found = sum(warnings(profile(seed, 14, 30, 1.0, 0.1, change=np.log(4))) for seed in range(50))
    assert found == 50
