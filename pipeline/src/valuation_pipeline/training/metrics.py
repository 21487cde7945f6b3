# SPDX-License-Identifier: Apache-2.0
"""The quality of probabilities: log loss, normalized entropy, AUC, and predicted against observed positives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Numbers = NDArray[np.float64]


def losses(outcomes: Numbers, log_odds: Numbers) -> Numbers:
    """Log loss of each row, in nats.

    Parameters
    ----------
    outcomes : array
        0 or 1.
    log_odds : array
        Log-odds of the predicted probabilities, as from a model, so that no probability rounds to 0 or 1.
    """
    result: Numbers = np.logaddexp(0.0, (1.0 - 2.0 * outcomes) * log_odds)
    return result


def entropy(rate: float) -> float:
    """Entropy of a rate in nats, which is the log loss of predicting it; 0 for rates of 0 and 1."""
    if rate <= 0.0 or rate >= 1.0:
        return 0.0
    return float(-(rate * np.log(rate) + (1.0 - rate) * np.log1p(-rate)))


def normalized_entropy(outcomes: Numbers, log_odds: Numbers, weights: Numbers) -> float | None:
    """Mean log loss divided by the entropy of the rows' own rate (He et al., 2014, section 3).

    Below 1 is better than a constant that knows the rate in advance; lower is better.

    Returns
    -------
    float or None
        None if it is undefined: no rows with weight, only positives or only negatives.
    """
    total = float(weights.sum())
    if total <= 0.0:
        return None
    base = entropy(float((weights * outcomes).sum()) / total)
    if base == 0.0:
        return None
    return float((weights * losses(outcomes, log_odds)).sum()) / total / base


def auc(outcomes: Numbers, scores: Numbers, weights: Numbers) -> float | None:
    """Probability that a positive is scored above a negative, ties counting half (Hanley & McNeil, 1982).

    Returns
    -------
    float or None
        None if there are no positives or no negatives. O(n log n).
    """
    order = np.argsort(scores, kind="stable")
    positives = (outcomes * weights)[order]
    negatives = ((1.0 - outcomes) * weights)[order]
    starts = np.flatnonzero(np.diff(scores[order], prepend=np.nan) != 0.0)
    if not len(starts):
        return None
    tied_positives = np.add.reduceat(positives, starts)
    tied_negatives = np.add.reduceat(negatives, starts)
    below = np.cumsum(tied_negatives) - tied_negatives
    pairs = float(tied_positives.sum()) * float(tied_negatives.sum())
    if pairs <= 0.0:
        return None
    # Fractional weights may sum to a few units in the last place more than the total.
    return min(float((tied_positives * (below + tied_negatives / 2.0)).sum()) / pairs, 1.0)


def poisson_interval(count: float, level: float = 0.95) -> tuple[float, float]:
    """Exact confidence interval for the mean of a Poisson count (Garwood, 1936).

    Predictions are calibrated if their sum is within the interval of the observed positives.

    Parameters
    ----------
    count : float
        The count, 0 or more.
    level : float, default=0.95
        The least share of intervals that contain the mean.
    """
    tail = (1.0 - level) / 2.0
    low = float(stats.chi2.ppf(tail, 2.0 * count)) / 2.0 if count > 0 else 0.0
    return low, float(stats.chi2.isf(tail, 2.0 * count + 2.0)) / 2.0
