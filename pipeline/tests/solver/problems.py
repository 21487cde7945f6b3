# SPDX-License-Identifier: Apache-2.0
"""Random problems, and the conditions of their minimum, computed with NumPy alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from valuation_pipeline.solver import Problem

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Kind:
    """The properties of a random problem."""

    seed: int
    rows: int = 300
    fields: int = 6
    labels: int = 12
    numbers: int = 0
    has_weights: bool = False
    has_offset: bool = False
    has_factors: bool = False
    has_precisions: bool = False
    has_fractions: bool = False
    strength: float = 1.0
    rate: float = 0.2


def of(*arguments: Any, **more: Any) -> Problem:
    """A problem of lists and arrays of any type, which it converts."""
    return Problem(*arguments, **more)


def make(kind: Kind) -> Problem:
    """Rows that name one label of each field, frequent labels more often, and outcomes of a sparse model."""
    random = np.random.default_rng(kind.seed)
    n, p, m = kind.rows, kind.fields * kind.labels, kind.numbers
    shares = 1 / np.arange(1, kind.labels + 1)
    labels = random.choice(kind.labels, (n, kind.fields), p=shares / shares.sum())
    columns = labels + kind.labels * np.arange(kind.fields)
    numbers = random.normal(size=(n, m)) if m else None
    truth = np.where(random.random(p) < 0.3, random.normal(0, kind.strength, p), 0)
    predictor = truth[columns].sum(1) + np.log(kind.rate / (1 - kind.rate))
    if numbers is not None:
        predictor += numbers @ random.normal(0, kind.strength / 2, m)
    probabilities = 1 / (1 + np.exp(-predictor))
    trials = random.integers(1, 20, n) if kind.has_fractions else np.ones(n, int)
    weights = random.choice([1.0, 5.0, 20.0, 0.3], n) if kind.has_weights else np.ones(n)
    factors = random.choice([0, 0.5, 1, 2, np.inf], p + m, p=[0.05, 0.25, 0.45, 0.2, 0.05])
    precisions = random.choice([0, 0.1, 3, 200], p + m) if kind.has_precisions else None
    return Problem(
        starts=kind.fields * np.arange(n + 1),
        columns=columns.ravel().astype(np.int32),
        column_count=p,
        numbers=numbers,
        outcomes=random.binomial(trials, probabilities) / trials,
        weights=weights * trials if kind.has_weights or kind.has_fractions else None,
        offset=random.normal(0, 1, n) if kind.has_offset else None,
        penalty_factors=factors if kind.has_factors else None,
        precisions=precisions,
    )


def dense(problem: Problem) -> Floats:
    """All columns as one matrix, (n, p + m)."""
    matrix = np.zeros((problem.row_count, problem.column_count))
    rows = np.repeat(np.arange(problem.row_count), np.diff(problem.starts))
    np.add.at(matrix, (rows, problem.columns), 1)
    return matrix if problem.numbers is None else np.hstack([matrix, problem.numbers])


def weights_of(problem: Problem) -> Floats:
    return np.ones(problem.row_count) if problem.weights is None else problem.weights


def factors_of(problem: Problem) -> Floats:
    return np.ones(problem.coefficient_count) if problem.penalty_factors is None else problem.penalty_factors


def precisions_of(problem: Problem) -> Floats:
    """Precisions for the mean loss."""
    total = weights_of(problem).sum()
    return np.zeros(problem.coefficient_count) if problem.precisions is None else problem.precisions / total


def predictor(problem: Problem, intercept: float, coefficients: Floats) -> Floats:
    offset = 0 if problem.offset is None else problem.offset
    return np.asarray(offset + intercept + dense(problem) @ coefficients)


def objective(
    problem: Problem, intercept: float, coefficients: Floats, penalty: float, intercept_precision: float = 0
) -> float:
    """The objective as documented."""
    eta, w = predictor(problem, intercept, coefficients), weights_of(problem)
    loss = (w * (np.logaddexp(0, eta) - problem.outcomes * eta)).sum() / w.sum()
    nonzero = coefficients != 0
    size = (factors_of(problem)[nonzero] * np.abs(coefficients[nonzero])).sum()
    prior = (precisions_of(problem) * coefficients**2).sum() / 2
    return float(loss + penalty * size + prior + intercept_precision / (2 * w.sum()) * intercept**2)


def violation(
    problem: Problem, intercept: float, coefficients: Floats, penalty: float, intercept_precision: float = 0
) -> float:
    """The largest violation of the minimum's conditions (Karush, Kuhn, Tucker)."""
    eta, w = predictor(problem, intercept, coefficients), weights_of(problem) / weights_of(problem).sum()
    residuals = w * (problem.outcomes - 1 / (1 + np.exp(-eta)))
    gradient = residuals @ dense(problem) - precisions_of(problem) * coefficients
    factors = factors_of(problem)
    assert not coefficients[np.isinf(factors)].any(), "a column with an infinite penalty has a coefficient"
    possible = np.isfinite(factors)
    limits = penalty * factors[possible]
    gradient, coefficients = gradient[possible], coefficients[possible]
    missed = np.where(
        coefficients == 0, np.maximum(0, np.abs(gradient) - limits), np.abs(gradient - limits * np.sign(coefficients))
    )
    of_intercept = abs(residuals.sum() - intercept_precision / weights_of(problem).sum() * intercept)
    return float(max(of_intercept, missed.max(initial=0)))
