# SPDX-License-Identifier: Apache-2.0
"""What the parts of a problem mean."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from solver.problems import Kind, dense, make, of, predictor, weights_of
from valuation_pipeline.solver import Path, Problem, Rows, curvature, fit_path, linear_predictor

TIGHT = 1e-13
RATIOS = [0.5, 0.1, 0.02]


def assert_same_models(one: Path, other: Path, columns: slice = slice(None)) -> None:
    assert_allclose(one.penalties, other.penalties, rtol=1e-9)
    assert_allclose(one.intercepts, other.intercepts, atol=1e-5)
    assert_allclose(one.coefficients, other.coefficients[:, columns], atol=1e-5)


def of_matrix(matrix: np.ndarray, problem: Problem) -> Problem:
    """The problem with every column as a column of numbers."""
    n = len(matrix)
    return replace(
        problem,
        starts=np.zeros(n + 1, np.int64),
        columns=np.zeros(0, np.int32),
        column_count=0,
        numbers=matrix,
    )


def test_lists_are_columns_of_ones() -> None:
    problem = make(Kind(1, rows=150, has_weights=True, has_offset=True, has_factors=True))
    listed = fit_path(problem, ratios=RATIOS, tolerance=TIGHT)
    assert_same_models(listed, fit_path(of_matrix(dense(problem), problem), ratios=RATIOS, tolerance=TIGHT))


def test_a_column_that_a_row_names_twice_counts_twice() -> None:
    random = np.random.default_rng(2)
    problem = of(
        starts=np.arange(0, 801, 4),
        columns=random.integers(0, 10, 800),
        column_count=10,
        outcomes=random.random(200),
        weights=random.random(200),
    )
    matrix = dense(problem)
    assert matrix.max() >= 3
    path = fit_path(problem, ratios=RATIOS, tolerance=TIGHT)
    assert_same_models(path, fit_path(of_matrix(matrix, problem), ratios=RATIOS, tolerance=TIGHT))


def test_the_order_within_a_row_does_not_matter() -> None:
    problem = make(Kind(3))
    turned = problem.columns.reshape(-1, 6)[:, ::-1].ravel()
    one, other = (fit_path(each, ratios=RATIOS) for each in (problem, replace(problem, columns=turned)))
    assert_array_equal(one.coefficients, other.coefficients)


def test_a_row_of_weight_3_counts_three_times_and_one_of_weight_0_not_at_all() -> None:
    problem = make(Kind(4, numbers=1))
    assert problem.numbers is not None
    times = np.random.default_rng(4).choice([0, 1, 3], problem.row_count)
    repeated = replace(
        problem,
        starts=6 * np.arange(times.sum() + 1),
        columns=np.repeat(problem.columns.reshape(-1, 6), times, axis=0).ravel(),
        outcomes=np.repeat(problem.outcomes, times),
        numbers=np.repeat(problem.numbers, times, axis=0),
    )
    weighted = fit_path(replace(problem, weights=times), ratios=RATIOS, tolerance=TIGHT)
    assert_same_models(weighted, fit_path(repeated, ratios=RATIOS, tolerance=TIGHT))


def test_equal_rows_may_be_merged_with_the_share_of_positives() -> None:
    random = np.random.default_rng(5)
    labels = random.integers(0, 3, (400, 2))
    first = np.array([0, 3])
    positives = random.random(400) < 0.1 + 0.2 * labels[:, 0]
    groups, inverse, counts = np.unique(labels, axis=0, return_inverse=True, return_counts=True)
    shares = np.bincount(inverse.ravel(), positives) / counts
    single = of(2 * np.arange(401), (labels + first).ravel(), 6, positives)
    grouped = of(2 * np.arange(len(groups) + 1), (groups + first).ravel(), 6, shares, weights=counts)
    one, other = (fit_path(each, ratios=RATIOS, tolerance=TIGHT) for each in (single, grouped))
    assert_same_models(one, other)
    assert_allclose(one.loss, other.loss, rtol=1e-9)


def test_an_offset_acts_like_a_known_coefficient() -> None:
    problem = make(Kind(6))
    path = fit_path(problem, ratios=RATIOS, tolerance=TIGHT)
    known = linear_predictor(problem, 0, path.coefficients[1])
    other = fit_path(replace(problem, offset=known), penalties=path.penalties[1:2], tolerance=TIGHT)
    assert other.intercepts[0] == pytest.approx(path.intercepts[1], abs=1e-5)
    assert other.loss[0] <= path.loss[1]


def test_all_coefficients_are_0_at_the_largest_penalty_and_not_just_below() -> None:
    path = fit_path(make(Kind(7, has_weights=True, has_offset=True)), ratios=[1.001, 1, 0.99])
    assert_allclose(path.penalties, path.largest_penalty * np.array([1.001, 1, 0.99]))
    assert [int((row != 0).sum()) for row in path.coefficients[:2]] == [0, 0]
    assert (path.coefficients[2] != 0).any()


def test_a_factor_of_0_means_no_penalty_and_infinity_excludes_a_column() -> None:
    problem = make(Kind(8))
    factors = np.ones(problem.coefficient_count)
    factors[0], factors[1] = 0, np.inf
    path = fit_path(replace(problem, penalty_factors=factors), ratios=[1, 0.001])
    assert path.coefficients[0, 0] != 0
    assert not path.coefficients[:, 1].any()
    assert fit_path(problem, ratios=[0.001]).coefficients[0, 1] != 0


def test_precision_shrinks_the_intercept() -> None:
    problem = of([0, 0, 0], [], 0, [0.9, 0.7], weights=[100.0, 300.0])
    intercepts = [
        fit_path(problem, penalties=[1.0], intercept_precision=precision).intercepts[0]
        for precision in (0, 10, 1000, 1e12)
    ]
    assert intercepts[0] == pytest.approx(np.log(0.75 / 0.25), abs=1e-6)
    assert sorted(intercepts, reverse=True) == intercepts
    assert intercepts[-1] == pytest.approx(0, abs=1e-9)


def test_a_precision_shrinks_its_coefficient_and_leaves_the_largest_penalty() -> None:
    problem = make(Kind(15, has_weights=True))
    paths = []
    for precision in (0.0, 10.0, 1e9):
        precisions = np.zeros(problem.coefficient_count)
        precisions[0] = precision
        paths.append(fit_path(replace(problem, precisions=precisions), ratios=[1, 0.01], tolerance=TIGHT))
    sizes = [abs(float(path.coefficients[1, 0])) for path in paths]
    assert sizes[0] > 1.05 * sizes[1] > 0.0
    assert sizes[2] < 1e-6
    assert len({path.largest_penalty for path in paths}) == 1


def test_the_same_minimum_is_reached_from_anywhere() -> None:
    problem = make(Kind(9, numbers=2, has_factors=True))
    path = fit_path(problem, ratios=RATIOS, tolerance=TIGHT)
    random = np.random.default_rng(9)
    start = (3.0, random.normal(0, 2, problem.coefficient_count))
    assert_same_models(path, fit_path(problem, penalties=path.penalties, initial=start, tolerance=TIGHT))
    end = (path.intercepts[-1], path.coefficients[-1])
    again = fit_path(problem, penalties=path.penalties[-1:], initial=end, tolerance=1e-9)
    assert again.iterations.tolist() == [1]


def test_too_few_iterations_are_reported() -> None:
    path = fit_path(make(Kind(10)), ratios=[0.1, 0.01], maximum_iterations=1)
    assert path.converged.tolist() == [False, False]
    assert path.iterations.tolist() == [1, 1]
    assert np.isfinite(path.coefficients).all()
    assert (path.violation > 1e-6).all()


@pytest.mark.parametrize("outcome", [0, 1])
def test_equal_outcomes_give_finite_numbers(outcome: int) -> None:
    problem = make(Kind(11, numbers=1))
    path = fit_path(replace(problem, outcomes=np.full(problem.row_count, outcome)), ratios=[1, 0.1])
    assert path.converged.all()
    assert 15 < abs(path.intercepts[0]) < 50
    assert np.sign(path.intercepts[0]) == (1 if outcome else -1)
    assert path.objective.max() < 1e-9
    assert np.isfinite(path.coefficients).all()


def test_a_column_with_only_positives_gives_finite_numbers() -> None:
    random = np.random.default_rng(12)
    outcomes = (random.random(300) < 0.1).astype(float)
    columns = np.where(outcomes == 1, 0, random.integers(1, 5, 300))
    problem = of(np.arange(301), columns, 5, outcomes, penalty_factors=[1, 1, 0, 0, 1])
    path = fit_path(problem, penalties=[1e-3, 1e-6, 1e-9, 0], tolerance=1e-12)
    assert path.converged.all()
    assert np.isfinite(path.coefficients).all()
    assert (np.diff(path.coefficients[:, 0]) > 0).all()
    assert (path.objective <= 100 * np.array([1e-3, 1e-6, 1e-9, 1e-11])).all()


def test_empty_rows_and_columns_that_no_row_names_are_allowed() -> None:
    problem = of([0, 0, 2, 2, 3], [7, 3, 3], 9, [0, 1, 0, 0.5])
    path = fit_path(problem, ratios=[0.5, 0.01])
    assert path.converged.all()
    assert set(np.flatnonzero(path.coefficients.any(axis=0))) <= {3, 7}


def test_the_linear_predictor_agrees_with_its_formula() -> None:
    problem = make(Kind(13, numbers=3, has_offset=True))
    coefficients = np.random.default_rng(13).normal(size=problem.coefficient_count)
    with_offset = linear_predictor(problem, 0.5, coefficients, offset=problem.offset)
    assert_allclose(with_offset, predictor(problem, 0.5, coefficients), rtol=1e-12, atol=1e-12)
    rows = Rows(problem.starts, problem.columns, problem.column_count, problem.numbers)
    without = predictor(replace(problem, offset=None), 0.5, coefficients)
    assert_allclose(linear_predictor(rows, 0.5, coefficients), without, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("repeats", [False, True])
def test_curvature_is_the_diagonal_of_the_hessian(repeats: bool) -> None:
    problem = make(Kind(14, numbers=3, has_offset=True, has_weights=True))
    if repeats:
        problem = replace(problem, columns=problem.columns // 5)
    coefficients = np.random.default_rng(14).normal(size=problem.coefficient_count)
    probabilities = 1 / (1 + np.exp(-predictor(problem, -1.5, coefficients)))
    by_row = weights_of(problem) * probabilities * (1 - probabilities)
    of_intercept, curvatures = curvature(problem, -1.5, coefficients)
    assert of_intercept == pytest.approx(by_row.sum(), rel=1e-12)
    assert_allclose(curvatures, by_row @ dense(problem) ** 2, rtol=1e-12)
