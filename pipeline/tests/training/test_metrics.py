# SPDX-License-Identifier: Apache-2.0
"""Metrics of predictions agree with scikit-learn's and with published tables."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit
from sklearn.metrics import log_loss, roc_auc_score

from valuation_pipeline.training.metrics import auc, entropy, losses, normalized_entropy, poisson_interval


@pytest.mark.parametrize("seed", range(5))
def test_auc_agrees_with_scikit_learn_with_ties_and_weights(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(-4, 5, 300) / 2.0
    outcomes = (rng.random(300) < expit(scores)).astype(float)
    weights = rng.choice([0.0, 0.5, 1.0, 20.0], 300)
    assert auc(outcomes, scores, weights) == pytest.approx(roc_auc_score(outcomes, scores, sample_weight=weights))


@pytest.mark.parametrize("seed", range(5))
def test_normalized_entropy_is_scikit_learns_log_loss_over_that_of_the_rate(seed: int) -> None:
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(-2.0, 1.0, 400)
    outcomes = (rng.random(400) < expit(log_odds)).astype(float)
    weights = rng.choice([1.0, 10.0], 400)
    rate = np.full(400, np.average(outcomes, weights=weights))
    expected = log_loss(outcomes, expit(log_odds), sample_weight=weights) / log_loss(
        outcomes, rate, sample_weight=weights
    )
    assert normalized_entropy(outcomes, log_odds, weights) == pytest.approx(expected)


def test_log_loss_stays_exact_where_probabilities_round_to_0_or_1() -> None:
    assert_allclose(losses(np.array([1.0, 0.0]), np.array([-800.0, 800.0])), [800.0, 800.0])
    assert_allclose(losses(np.array([1.0]), np.array([40.0])), [4.248354255291589e-18])


def test_undefined_metrics_are_none() -> None:
    ones = np.ones(3)
    for outcomes in (ones, 0.0 * ones):
        assert normalized_entropy(outcomes, ones, ones) is None
        assert auc(outcomes, ones, ones) is None
    assert normalized_entropy(np.empty(0), np.empty(0), np.empty(0)) is None
    assert auc(np.empty(0), np.empty(0), np.empty(0)) is None
    assert entropy(0.0) == entropy(1.0) == 0.0


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.390), (100, 81.36, 121.63)]
)
def test_poisson_intervals_agree_with_tables(count: int, low: float, high: float) -> None:
    assert_allclose(poisson_interval(count), (low, high), rtol=5e-4, atol=5e-5)


def test_poisson_intervals_contain_the_mean_at_least_as_often_as_stated() -> None:
    rng = np.random.default_rng(1)
    for mean in (0.5, 3.0, 40.0):
        counts, times = np.unique(rng.poisson(mean, 20_000), return_counts=True)
        held = [low <= mean <= high for low, high in map(poisson_interval, counts)]
        assert np.average(held, weights=times) > 0.945


def test_auc_of_sampled_rows_is_never_above_one() -> None:
    draws = np.random.default_rng(1)
    for count in range(2, 300):
        outcomes = np.arange(count) >= count - 1
        weights = np.where(outcomes, 1.0, 1.0 / draws.uniform(0.01, 1.0))
        found = auc(outcomes.astype(np.float64), np.arange(count, dtype=np.float64), weights)
        assert found == pytest.approx(1.0)
        assert found is not None
        assert found <= 1.0
