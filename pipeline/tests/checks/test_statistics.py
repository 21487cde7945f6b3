# SPDX-License-Identifier: Apache-2.0
"""The checks' statistical tests, compared with known truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from valuation_pipeline.checks.fields import population_stability
from valuation_pipeline.checks.statistics import (
    adjusted,
    count_p_values,
    dispersion,
    dispersion_of_others,
    log_losses,
    ranking,
)


@pytest.mark.parametrize(("mean", "spread"), [(3.0, 0.0), (40.0, 0.0), (40.0, 0.04), (900.0, 0.01)])
@pytest.mark.parametrize("level", [0.05, 0.001])
def test_p_values_fall_below_a_level_no_more_often_than_stated(mean: float, spread: float, level: float) -> None:
    counts = np.arange(int(20 * mean) + 50)
    chances = (
        stats.nbinom.pmf(counts, 1 / spread, 1 / (1 + mean * spread)) if spread else stats.poisson.pmf(counts, mean)
    )
    assert chances.sum() == pytest.approx(1, abs=1e-6)
    assert float(chances[count_p_values(counts, mean, spread) < level].sum()) <= level


def test_p_values_detect_large_deviations() -> None:
    none, few, right, many = count_p_values([0, 60, 100, 140], 100.0, 0.0025)
    assert none < 1e-30
    assert few < 1e-3
    assert right > 0.9
    assert many < 1e-3


@pytest.mark.parametrize("truth", [0.0, 0.01, 0.09])
def test_dispersion_is_an_upper_bound_as_often_as_stated(truth: float) -> None:
    rng = np.random.default_rng(5)
    above = 0
    for _ in range(400):
        expected = rng.lognormal(5, 1, 30)
        factors = rng.gamma(1 / truth, truth, 30) if truth else np.ones(30)
        above += dispersion(rng.poisson(expected * factors).astype(float), expected, confidence=0.9) >= truth
    assert above / 400 >= 0.9 - 3 * (0.9 * 0.1 / 400) ** 0.5


def test_dispersion_of_chance_alone_is_small() -> None:
    rng = np.random.default_rng(6)
    expected = np.full(200, 400.0)
    assert dispersion(rng.poisson(expected).astype(float), expected) < 0.001


def test_an_outlier_does_not_raise_its_own_dispersion() -> None:
    rng = np.random.default_rng(7)
    expected = np.full(50, 1000.0)
    counts = rng.poisson(expected).astype(float)
    counts[3] = 2000
    of_others = dispersion_of_others(counts, expected, np.zeros(50), alone=0.0, level=0.001)
    assert of_others[3] < 0.001
    assert of_others[4] > 0.002


def test_dispersion_of_others_leaves_out_ones_own() -> None:
    rng = np.random.default_rng(8)
    expected = rng.lognormal(4, 1, 40)
    counts = rng.poisson(expected * rng.gamma(20, 1 / 20, 40)).astype(float)
    for place, found in enumerate(dispersion_of_others(counts, expected, np.zeros(40), alone=0.0, level=0.001)):
        assert found == pytest.approx(dispersion(np.delete(counts, place), np.delete(expected, place)), rel=1e-9)


@pytest.mark.parametrize("count", [2, 3, 5, 12])
def test_few_counts_that_judge_each_other_raise_no_more_alarms_than_stated(count: int) -> None:
    rng = np.random.default_rng(13)
    level, runs = 0.002, 1500
    alarms = 0
    expected = np.full(count, 50_000.0)
    for _ in range(runs):
        counts = rng.poisson(expected * np.exp(0.1 * rng.normal(size=count))).astype(float)
        spreads = dispersion_of_others(counts, expected, np.zeros(count), alone=0.0, level=level / count)
        alarms += int((adjusted(count_p_values(counts, expected, spreads)) < level).any())
    assert alarms <= stats.binom.ppf(0.999, runs, level)


def test_the_error_of_expectations_is_not_dispersion() -> None:
    """Expectations are off by 10 % and counts vary by 5 % on top; only the latter is dispersion."""
    rng = np.random.default_rng(12)
    errors = np.full(60, 0.01)
    with_errors, without = [], []
    for _ in range(200):
        expected = rng.lognormal(6, 1, 60)
        true = expected * np.exp(rng.normal(0, 0.1, 60) + rng.normal(0, 0.05, 60))
        counts = rng.poisson(true).astype(float)
        with_errors.append(dispersion_of_others(counts, expected, errors, alone=0.0, level=0.001)[0])
        without.append(dispersion_of_others(counts, expected, np.zeros(60), alone=0.0, level=0.001)[0])
    assert np.mean(np.array(with_errors) >= 0.05**2) >= 0.95 - 3 * (0.95 * 0.05 / 200) ** 0.5
    assert np.median(with_errors) < 0.6 * np.median(without)


def test_without_others_the_dispersion_is_the_one_given() -> None:
    counts, expected = np.array([1000.0, 2.0]), np.array([500.0, 2.0])
    assert dispersion_of_others(counts, expected, np.zeros(2), alone=0.04, level=0.001)[0] == 0.04


def test_adjusting_keeps_the_rate_of_any_false_alarm() -> None:
    rng = np.random.default_rng(9)
    alarms = sum((adjusted(rng.random(50)) < 0.05).any() for _ in range(2000))
    assert alarms <= stats.binom.ppf(0.999, 2000, 0.05)


def test_auc_equals_scikit_learns_with_ties() -> None:
    rng = np.random.default_rng(10)
    outcomes = rng.random(500) < 0.3
    scores = np.round(rng.random(500) + 0.3 * outcomes, 1).astype(np.float64)
    found = ranking(outcomes, scores)
    assert found is not None
    assert found.auc == pytest.approx(roc_auc_score(outcomes, scores), abs=1e-12)
    assert found.p_value > 0.99


def test_swapped_labels_rank_worse_than_chance() -> None:
    rng = np.random.default_rng(11)
    probabilities = rng.beta(2, 30, 3000)
    outcomes = rng.random(3000) < probabilities
    right, swapped = ranking(outcomes, probabilities), ranking(~outcomes, probabilities)
    assert right is not None
    assert swapped is not None
    assert right.p_value > 0.5
    assert swapped.p_value < 1e-6
    assert swapped.auc == pytest.approx(1 - right.auc)


def test_one_outcome_alone_has_no_ranking() -> None:
    assert ranking(np.ones(5, bool), np.linspace(0, 1, 5)) is None


def test_log_losses_are_those_of_the_outcomes() -> None:
    losses = log_losses(np.array([True, False, True]), np.array([0.8, 0.25, 0.0]))
    assert losses == pytest.approx([-np.log(0.8), -np.log(0.75), -np.log(1e-12)])


def test_population_stability_follows_its_distribution_when_nothing_changed() -> None:
    rng = np.random.default_rng(12)
    shares = rng.dirichlet(np.ones(20) * 5)
    before = rng.multinomial(50_000, shares, 500).astype(np.float64)
    now = rng.multinomial(5_000, shares, 500).astype(np.float64)
    found = [population_stability(*counts) for counts in zip(before, now, strict=True)]
    scaled = np.array(found) / (1 / 50_000 + 1 / 5_000)
    assert np.mean(scaled) == pytest.approx(19, rel=0.05)
    assert np.mean(scaled > stats.chi2.isf(0.05, 19)) <= 0.05 + 3 * (0.05 * 0.95 / 500) ** 0.5
