# SPDX-License-Identifier: Apache-2.0
"""Predicted against observed rates of held-back days, in bins of equally many rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import beta


def reliability_bins(
    probabilities: npt.NDArray[np.float64], outcomes: npt.NDArray[np.bool_], share: float, bins: int = 15
) -> list[dict[str, Any]]:
    """Bin predictions by their size.

    Parameters
    ----------
    probabilities : ndarray, shape (rows,)
        Probabilities, corrected for sampling.
    outcomes : ndarray of bool, shape (rows,)
    share : float
        Share of the negatives that were kept; each represents 1 / share.
    bins : int
        The largest number of bins; equal predictions share one.

    Returns
    -------
    list of dict
        predicted (the mean), observed, low and high (Jeffreys' interval [1]_ at 95 %), count (rows, before sampling).
        O(rows log rows).

    References
    ----------
    .. [1] Brown, L. D., Cai, T. T. and DasGupta, A. (2001). Interval estimation for a binomial proportion. Statistical
       Science 16(2), 101-133.
    """
    if len(probabilities) == 0:
        return []
    edges = np.unique(np.quantile(probabilities, np.linspace(0, 1, bins + 1)[1:-1]))
    place = np.searchsorted(edges, probabilities, side="right")
    weights = np.where(outcomes, 1.0, 1 / share)
    positives = np.bincount(place, outcomes, len(edges) + 1)
    kept_negatives = np.bincount(place, ~outcomes, len(edges) + 1)
    total = np.bincount(place, weights, len(edges) + 1)
    predicted = np.bincount(place, weights * probabilities, len(edges) + 1)
    low, high = beta.ppf([[0.025], [0.975]], positives + 0.5, kept_negatives + 0.5)
    return [
        {
            "predicted": float(predicted[k] / total[k]),
            "observed": float(positives[k] / total[k]),
            "low": 0.0 if positives[k] == 0 else _unsampled(float(low[k]), share),
            "high": 1.0 if kept_negatives[k] == 0 else _unsampled(float(high[k]), share),
            "count": round(float(total[k])),
        }
        for k in np.flatnonzero(total)
    ]


def _unsampled(rate: float, share: float) -> float:
    """Return the rate among all rows for a rate among rows of which only a share of the negatives was kept."""
    return rate * share / (rate * share + 1 - rate)
