# SPDX-License-Identifier: Apache-2.0
"""Held-back losses choose penalties, a campaign's own losses and its size class's; without them the prior does."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from valuation_pipeline.solver import Problem
from valuation_pipeline.training.penalties import choose, fit_by_prior
from valuation_pipeline.training.spreads import normal_precisions


def test_a_large_campaign_follows_its_own_days_and_a_small_one_its_class() -> None:
    # Losses a row: candidate 1 is best for the class, candidate 2 for every single campaign.
    large, small = 100_000.0, 50.0
    curves = np.array([[0.20, 0.19, 0.18], [0.20, 0.19, 0.18], [0.20, 0.15, 0.19], [0.20, 0.15, 0.19]])
    rows = np.array([large, small, large, large])
    choice = choose(curves * rows[:, None], rows, np.zeros(4, np.int64), 1000.0)
    assert choice.tolist() == [2, 1, 1, 1]


def test_classes_do_not_mix() -> None:
    curves = np.array([[3.0, 1.0], [1.0, 3.0]])
    assert choose(curves, np.ones(2), np.array([0, 1]), 1e9).tolist() == [1, 0]


def test_among_equals_the_largest_penalty_wins() -> None:
    assert choose(np.ones((2, 4)), np.ones(2), np.zeros(2, np.int64), 10.0).tolist() == [0, 0]
    assert choose(np.zeros((1, 4)), np.zeros(1), np.zeros(1, np.int64), 10.0).tolist() == [0]


@pytest.mark.parametrize("normal", [False, True], ids=["L1 penalty", "normal priors"])
def test_without_held_back_days_the_prior_prevents_overfitting_few_rows(normal: bool) -> None:
    """Twenty samples of 600 rows and 20 fields of 30 values; two fields matter, and the factors say so."""
    fields, values, count = 20, 30, 600
    spreads = np.repeat(np.where(np.arange(fields) < 2, 0.8, 0.03), values)
    better = []
    for seed in range(20):
        rng = np.random.default_rng([seed, 5])
        weights = np.where(spreads > 0.1, rng.normal(0.0, spreads), 0.0)
        columns = rng.integers(0, values, (2 * count, fields)) + values * np.arange(fields)
        p = expit(-1.5 + weights[columns].sum(axis=1))
        fitted, unseen = columns[:count], columns[count:]
        factors = np.sqrt(2.0) / spreads
        problem = Problem(
            np.arange(count + 1) * fields,
            fitted.ravel().astype(np.int32),
            fields * values,
            (rng.random(count) < p[:count]).astype(np.float64),
            penalty_factors=factors,
            precisions=normal_precisions(factors) if normal else None,
        )
        found = fit_by_prior(problem, penalised=not normal)
        said = expit(found.intercept + found.coefficients(fields * values)[unseen].sum(axis=1))
        rate = np.full(count, problem.outcomes.mean())
        truth = p[count:]
        losses = [-(truth * np.log(q) + (1.0 - truth) * np.log1p(-q)).mean() for q in (said, rate)]
        better.append(losses[0] < losses[1])
    assert np.mean(better) >= 0.9
