# SPDX-License-Identifier: Apache-2.0
"""The choice of a penalty: a falling path is fitted, and the loss on the held-back days decides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from valuation_pipeline.features import Rows
from valuation_pipeline.solver import Path, Problem, fit_path
from valuation_pipeline.training.metrics import normalized_entropy
from valuation_pipeline.training.models import Weights
from valuation_pipeline.training.rows import Indices, Numbers, weighed

SHARED_RATIOS = np.geomspace(1.0, 1e-4, 20)
"""Penalties of shared models, as shares of the largest."""
PRIOR_PATH = np.array([8.0, 4.0, 2.0])
"""Multiples of the penalty that agrees with the prior, on the way to it or to none."""
DEFAULT_RATIO = float(SHARED_RATIOS[12])
"""Of the first fit, with equal factors, from which the spreads are learned."""
CAMPAIGN_MULTIPLES = np.geomspace(8.0, 0.25, 12)
"""Penalties of a campaign's own weights, as multiples of the one that agrees with the prior (``spreads``)."""
TOLERANCE = 1e-7
"""Of the solver for a campaign's own weights: a share of the null model's loss."""
SHARED_TOLERANCE = 1e-5
"""The same for the shared and the joint model."""
PATIENCE = 1
"""After so many penalties that do no better on the held-back days than the best before, the path ends."""


def choose(curves: Numbers, rows: Numbers, classes: Indices, class_rows: float) -> Indices:
    """Choose a candidate for each campaign by losses on held-back rows: its own, and those of campaigns of its size.

    Alone, a campaign's choice would depend on the luck of the few positives of its held-back days. The mean loss of its
    size class counts as ``class_rows`` additional rows: it dominates in small campaigns, and hardly matters in large
    ones.

    Parameters
    ----------
    curves : array (campaigns, candidates)
        Loss of each candidate on the campaign's held-back rows, summed.
    rows : array (campaigns)
        The number of these rows.
    classes : int64 array (campaigns)
        Size class of each.
    class_rows : float

    Returns
    -------
    int64 array (campaigns)
        Candidates by their index; the first, and so the most penalised, among equals.
    """
    result = np.zeros(len(curves), np.int64)
    for size in np.unique(classes):
        its = classes == size
        mean = curves[its].sum(axis=0) / max(float(rows[its].sum()), 1.0)
        result[its] = (curves[its] + class_rows * mean).argmin(axis=1)
    return result


@dataclass(frozen=True)
class Chosen:
    """A fit whose penalty was chosen on held-back rows.

    Attributes
    ----------
    weights : Weights
        The fit without the held-back days.
    log_odds : array (held-back rows)
        Its predictions.
    curve : list of (float, float)
        Ratio of the penalty to the largest, and normalized entropy on the held-back rows.
    """

    weights: Weights
    log_odds: Numbers
    curve: list[tuple[float, float]]


def choose_along(problem: Problem, held: Rows, outcomes: Numbers, weights: Numbers, log_rate: float) -> Chosen:
    """Fit falling penalties, keep the best on the held-back rows, and stop PATIENCE penalties after it.

    Parameters
    ----------
    problem : Problem
    held : Rows
        The held-back rows.
    outcomes, weights : array (held-back rows)
    log_rate : float
        Log of the negative sampling rate, which is added to the log-odds.
    """
    curve: list[tuple[float, float]] = []
    best: Chosen | None = None

    def judge(penalty: float, intercept: float, coefficients: Numbers) -> bool:
        nonlocal best
        log_odds = intercept + weighed(held, coefficients)
        entropy = normalized_entropy(outcomes, log_odds + log_rate, weights)
        if entropy is None:
            raise ValueError("the held-back outcomes are all alike")
        ratio = float(SHARED_RATIOS[len(curve)])
        if best is None or entropy < min(point[1] for point in curve):
            best = Chosen(Weights.of(intercept, coefficients, penalty, ratio), log_odds, curve)
        curve.append((ratio, entropy))
        least = int(np.argmin([point[1] for point in curve]))
        return len(curve) - 1 - least < PATIENCE

    fit_path(problem, ratios=SHARED_RATIOS, tolerance=SHARED_TOLERANCE, proceed=judge)
    assert best is not None
    return best


def total_weight(problem: Problem) -> float:
    """W of a problem: the sum of its rows' weights. A penalty of 1 / W agrees with the prior (``spreads``)."""
    return float(problem.row_count if problem.weights is None else np.sum(problem.weights))


def share_of_largest(path: Path, index: int) -> float:
    """A penalty of a path as a share of the least that leaves no penalised weight; 1 if no row can tell any."""
    return float(path.penalties[index] / path.largest_penalty) if path.largest_penalty > 0.0 else 1.0


def fit_by_prior(problem: Problem, *, penalised: bool) -> Weights:
    """Fit weights by their prior alone, for logs in which no day can be held back.

    Parameters
    ----------
    problem : Problem
    penalised : bool
        Whether the L1 penalty is the prior, and agrees with it. Otherwise there is no penalty: the problem has normal
        priors, and a prior counts once.
    """
    penalties = np.append(PRIOR_PATH, 1.0 if penalised else 0.0) / total_weight(problem)
    path = fit_path(problem, penalties=penalties, tolerance=SHARED_TOLERANCE)
    return Weights.of(path.intercepts[-1], path.coefficients[-1], path.penalties[-1], share_of_largest(path, -1))


def fit_at(problem: Problem, ratio: float, initial: Weights | None) -> Weights:
    """Fit one penalty, a share of the largest: from the weights of a similar problem, or along the path to it."""
    if initial is not None:
        start = (initial.intercept, initial.coefficients(problem.coefficient_count))
        path = fit_path(problem, ratios=[ratio], tolerance=SHARED_TOLERANCE, initial=start)
    else:
        path = fit_path(problem, ratios=SHARED_RATIOS[ratio <= SHARED_RATIOS], tolerance=SHARED_TOLERANCE)
    return Weights.of(path.intercepts[-1], path.coefficients[-1], path.penalties[-1], ratio)
