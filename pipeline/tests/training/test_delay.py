# SPDX-License-Identifier: Apache-2.0
"""Delay curves recover known delays from the conversions known so far."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from valuation_pipeline.features import Rows
from valuation_pipeline.training.delay import DelayCurves
from valuation_pipeline.training.rows import Examples

DAY = 86_400_000_000
AT = 30 * DAY
WINDOW = 7 * DAY


def clicks(counts: list[int], means: list[float], seed: int, days: int = 30) -> Examples:
    """Clicks of the last days up to AT; a third convert, with exponential delays of these means in days."""
    rng = np.random.default_rng(seed)
    campaign = np.repeat(np.arange(len(counts)), counts)
    n = len(campaign)
    times = rng.integers(AT - days * DAY, AT, n)
    delay = rng.exponential(1.0, n) * np.array(means)[campaign] * DAY
    while (late := delay > WINDOW).any():
        delay[late] = rng.exponential(1.0, late.sum()) * np.array(means)[campaign][late] * DAY
    outcome_times = times + 1 + delay.astype(np.int64)
    known = (rng.random(n) < 1 / 3) & (outcome_times < AT)
    nothing: NDArray[np.int64] = np.zeros(n + 1, np.int64)
    return Examples(
        table=pa.table({}),
        encoded=Rows(nothing, np.empty(0, np.int32), np.empty((n, 0))),
        campaigns=[f"c-{index}" for index in range(len(counts))],
        bounds=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        outcomes=known.astype(float),
        times=times,
        outcome_times=np.where(known, outcome_times, np.iinfo(np.int64).max),
        days=(times // DAY).astype(np.int32),
        weights=np.ones(n),
        negative_sampling_rate=1.0,
    )


def true_share(age: float, mean: float) -> float:
    return float((1 - np.exp(-age / mean)) / (1 - np.exp(-7.0 / mean)))


@pytest.mark.parametrize("mean", [0.2, 2.0])
def test_the_curve_is_right_though_recent_clicks_show_only_short_delays(mean: float) -> None:
    curves = DelayCurves.fit(clicks([30_000], [mean], 1), AT, WINDOW)
    ages = np.array([0.1, 0.5, 1.0, 2.0, 4.0, 6.0])
    found = np.interp(ages * DAY, curves.edges, curves.shares[0])
    np.testing.assert_allclose(found, [true_share(age, mean) for age in ages], atol=0.025)
    assert curves.shares[0][0] == 0.0
    assert curves.shares[0][-1] == 1.0
    assert (np.diff(curves.shares[0]) >= 0).all()


@pytest.mark.parametrize(("mean", "off"), [(0.3, 0.02), (2.0, 0.25)])
def test_clicks_of_fewer_days_than_the_window_still_give_the_share_that_has_come(mean: float, off: float) -> None:
    """Twenty logs of four days and about a hundred known conversions; the window is a week."""
    ratios = []
    for seed in range(20):
        examples = clicks([400], [mean], seed, days=4)
        expected = np.exp(DelayCurves.fit(examples, AT, WINDOW).log_shares(examples, AT)).sum()
        true = sum(true_share(age, mean) for age in (AT - examples.times) / DAY)
        ratios.append(np.log(expected / true))
    assert abs(np.mean(ratios)) < 3 * off / np.sqrt(20)
    assert np.std(ratios) < off


def test_similar_campaigns_are_shrunk_to_one_curve_and_different_ones_are_not() -> None:
    alike = DelayCurves.fit(clicks([400] * 30, [1.0] * 30, 2), AT, WINDOW)
    unlike = DelayCurves.fit(clicks([400] * 30, [0.1, 3.0] * 15, 2), AT, WINDOW)
    assert alike.strength > 20 * unlike.strength
    at_a_day = [float(np.interp(DAY, unlike.edges, shares)) for shares in unlike.shares]
    np.testing.assert_allclose(np.mean(at_a_day[::2]), true_share(1.0, 0.1), atol=0.05)
    np.testing.assert_allclose(np.mean(at_a_day[1::2]), true_share(1.0, 3.0), atol=0.05)


@pytest.mark.parametrize("mean", [0.01, 0.05, 0.1])
def test_similar_campaigns_are_shrunk_if_no_conversion_takes_long(mean: float) -> None:
    """Thirty campaigns with some twenty conversions each, none of which takes more than a tenth of the window."""
    found = DelayCurves.fit(clicks([60] * 30, [mean] * 30, 2), AT, WINDOW)
    age = mean * DAY
    at_age = np.array([np.interp(age, found.edges, shares) for shares in found.shares])
    assert np.sqrt(np.mean((at_age - true_share(mean, mean)) ** 2)) < 0.04
    assert found.strength > 100


def test_a_campaign_without_conversions_has_the_curve_of_all() -> None:
    found = DelayCurves.fit(clicks([5000, 5000, 1], [1.0, 1.0, 1.0], 4), AT, WINDOW)
    assert abs(float(np.interp(DAY, found.edges, found.shares[2])) - true_share(1.0, 1.0)) < 0.04


def test_offsets_are_the_log_of_the_share_that_has_come() -> None:
    examples = clicks([4000], [1.0], 5)
    offsets = DelayCurves.fit(examples, AT, WINDOW).log_shares(examples, AT)
    age = (AT - examples.times) / DAY
    assert (offsets[age >= 7.0] == 0.0).all()
    young = (age > 0.5) & (age < 6.0)
    expected = np.log([true_share(value, 1.0) for value in age[young]])
    assert np.abs(offsets[young] - expected).mean() < 0.05
    assert np.isneginf(offsets[age < 0.005]).all()
