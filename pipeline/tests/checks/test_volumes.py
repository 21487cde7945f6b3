# SPDX-License-Identifier: Apache-2.0
"""Days and hours of a log against earlier ones."""

from __future__ import annotations

import numpy as np
import pytest

from valuation_pipeline.checks.options import CheckOptions
from valuation_pipeline.checks.volumes import Arrivals, check_volume, day_spread

DAYS = [f"2026-03-{day:02d}" for day in range(1, 15)]
BUSY = 1.2 - np.cos(2 * np.pi * (np.arange(24) - 3) / 24)


def _arrivals(rng: np.random.Generator, a_day: float, effect: float = 0.0) -> Arrivals:
    factors = np.exp(effect * rng.normal(size=14))
    counts = rng.poisson(a_day * factors[:, None] * BUSY / BUSY.sum()).astype(float)
    return Arrivals("clicks", DAYS, counts, np.ones(14), "impressions")


def _status(arrivals: Arrivals) -> dict[str, str]:
    return {verdict.subject: verdict.status for verdict in check_volume(arrivals, CheckOptions())}


@pytest.mark.parametrize("effect", [0.0, 0.1, 0.2])
def test_days_that_vary_are_not_flagged(effect: float) -> None:
    rng = np.random.default_rng(1)
    statuses = [_status(_arrivals(rng, 5_000, effect)) for _ in range(40)]
    assert sum("failed" in found.values() or "warned" in found.values() for found in statuses) <= 1


def test_half_of_the_clicks_missing_is_flagged_on_a_steady_log() -> None:
    arrivals = _arrivals(np.random.default_rng(2), 5_000, 0.03)
    arrivals.counts[-1] = np.round(arrivals.counts[-1] / 2)
    assert _status(arrivals)["day"] == "failed"


def test_three_hours_without_clicks_are_named() -> None:
    arrivals = _arrivals(np.random.default_rng(3), 5_000)
    arrivals.counts[-1, 12:15] = 0
    day, hours = check_volume(arrivals, CheckOptions())
    assert day.status == "passed"
    assert hours.status == "failed"
    assert "from 12:00 0 instead of" in hours.reason
    assert "3 of the 24 blocks of hour" in hours.reason


def test_a_small_log_is_judged_by_longer_blocks() -> None:
    arrivals = _arrivals(np.random.default_rng(4), 600)
    arrivals.counts[-1, 12:18] = 0
    _, hours = check_volume(arrivals, CheckOptions())
    assert hours.status == "failed"
    assert "blocks of 4 hours" in hours.reason or "blocks of 3 hours" in hours.reason


def test_a_log_of_a_few_rows_is_not_judged_by_hours() -> None:
    assert _status(_arrivals(np.random.default_rng(5), 40))["hours"] == "skipped"


def test_impressions_are_compared_with_the_same_weekday() -> None:
    counts = np.tile(BUSY * 1000, (15, 1))
    counts[0::7] /= 4  # Sundays
    days = [f"2026-03-{day:02d}" for day in range(1, 16)]
    (day, _) = check_volume(Arrivals("impressions", days, counts, np.ones(15), ""), CheckOptions())
    assert day.value == pytest.approx(1.0)


def test_rows_delivered_twice_are_flagged() -> None:
    arrivals = _arrivals(np.random.default_rng(6), 5_000)
    arrivals.counts[-1] *= 2
    day, _ = check_volume(arrivals, CheckOptions())
    assert day.status == "failed"
    assert "delivered twice" in day.reason


def test_the_spread_of_days_includes_that_of_their_mean_and_chance() -> None:
    steady = np.full(9, 10_000.0)
    assert day_spread(steady, np.ones(9), 0.1) == pytest.approx(0.01 * (1 + 1 / 9) + 1 / 90_000)
    assert day_spread(steady * np.exp(0.3 * np.sin(np.arange(9))), np.ones(9), 0.1) > 0.03
