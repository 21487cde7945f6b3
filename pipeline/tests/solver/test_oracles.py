# SPDX-License-Identifier: Apache-2.0
"""Other solvers find the same minimum."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from glum import GeneralizedLinearRegressor
from sklearn.linear_model import LogisticRegression

from solver.problems import Kind, dense, factors_of, make, objective, precisions_of, weights_of
from valuation_pipeline.solver import Problem, fit_path

KINDS = {
    "plain": Kind(1),
    "weights": Kind(2, has_weights=True),
    "offset": Kind(3, has_offset=True),
    "factors": Kind(44, has_factors=True),
    "fractions": Kind(5, has_fractions=True),
    "numbers": Kind(6, numbers=4),
    "numbers alone": Kind(7, fields=0, numbers=5),
    "all": Kind(8, numbers=3, has_weights=True, has_offset=True, has_factors=True, has_fractions=True),
    "few positives": Kind(9, rows=600, rate=0.02, has_weights=True),
    "nearly separable": Kind(10, rows=120, strength=6, rate=0.1),
    "nearly separable, all": Kind(
        11, rows=150, numbers=2, strength=5, has_weights=True, has_offset=True, has_factors=True
    ),
    "more columns than rows": Kind(12, rows=60, fields=10, labels=30),
    "precisions": Kind(13, has_precisions=True),
    "precisions, all": Kind(
        14, numbers=3, has_weights=True, has_offset=True, has_factors=True, has_fractions=True, has_precisions=True
    ),
    "precisions, nearly separable": Kind(15, rows=120, strength=6, rate=0.1, has_factors=True, has_precisions=True),
}


def glum_objective(problem: Problem, penalty: float, intercept: float, coefficients: np.ndarray) -> float:
    """The objective of glum's model, started at ours: it must not find a better one."""
    possible = np.isfinite(factors_of(problem))
    model = GeneralizedLinearRegressor(
        family="binomial",
        l1_ratio=0.5,
        alpha=2,
        P1=penalty * factors_of(problem)[possible],
        P2=precisions_of(problem)[possible],
        gradient_tol=1e-9,
        max_iter=100,
        scale_predictors=False,
    )
    model.fit(dense(problem)[:, possible], problem.outcomes, sample_weight=weights_of(problem), offset=problem.offset)
    found = np.zeros(problem.coefficient_count)
    found[possible] = model.coef_
    return objective(problem, model.intercept_, found, penalty)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_glum_finds_the_same_minimum(kind: Kind) -> None:
    problem = make(kind)
    path = fit_path(problem, ratios=[0.5, 0.1, 0.02], tolerance=1e-12)
    assert path.converged.all()
    for penalty, intercept, coefficients, ours in zip(
        path.penalties, path.intercepts, path.coefficients, path.objective, strict=True
    ):
        assert ours == pytest.approx(objective(problem, intercept, coefficients, penalty), rel=1e-12)
        theirs = glum_objective(problem, penalty, intercept, coefficients)
        assert ours == pytest.approx(theirs, rel=1e-9)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_scikit_learn_finds_the_same_model() -> None:
    problem = make(Kind(20, numbers=2))
    penalty = 0.01
    path = fit_path(problem, penalties=[penalty], tolerance=1e-12)
    strength = 1 / (weights_of(problem).sum() * penalty)
    model = LogisticRegression(l1_ratio=1, solver="saga", C=strength, tol=1e-8, max_iter=20_000, random_state=0)
    # scikit-learn accepts only outcomes of 0 and 1, which these are.
    model.fit(dense(problem), problem.outcomes)
    assert path.intercepts[0] == pytest.approx(model.intercept_[0], abs=1e-5)
    assert path.coefficients[0] == pytest.approx(model.coef_[0], abs=1e-5)


def test_scikit_learn_finds_the_same_model_of_normal_priors_alone() -> None:
    problem = make(Kind(21, numbers=2))
    count = problem.coefficient_count
    ridge = replace(problem, penalty_factors=np.zeros(count), precisions=np.full(count, 4.0))
    path = fit_path(ridge, penalties=[0.0], tolerance=1e-13)
    model = LogisticRegression(C=1 / 4.0, tol=1e-10, max_iter=10_000).fit(dense(problem), problem.outcomes)
    assert path.converged.all()
    assert path.intercepts[0] == pytest.approx(model.intercept_[0], abs=1e-5)
    assert path.coefficients[0] == pytest.approx(model.coef_[0], abs=1e-5)
