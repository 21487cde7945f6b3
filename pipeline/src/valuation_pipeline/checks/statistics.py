# SPDX-License-Identifier: Apache-2.0
"""The statistical tests of the checks: counts against expectations, many at once, and rankings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]


#: The variances that :func:`dispersion` chooses from.
GRID = np.concatenate([[0.0], np.geomspace(1e-5, 10, 121)])
#: Smaller expectations reveal nothing about how much counts vary beyond chance.
TELLING = 5.0


def dispersion(counts: Floats, expected: Floats, *, fitted: bool = False, confidence: float = 0.95) -> float:
    """Return an upper bound of how much counts vary beyond chance, as the variance of a factor of the expectations.

    If the factor of count y has the variance a, y has the variance m + a m² about its expectation m, and the sum of (y
    - m)² / (m + a m²) is about a chi-square. The result is the a that makes it as small as a chi-square is with the
    probability 1 - ``confidence``: the upper end of Viechtbauer's interval by Q-profiles (Statistics in Medicine 26,
    2007), which is 0 if counts vary no more than by chance. All counts weigh about the same, large or small.

    Parameters
    ----------
    counts, expected : ndarray of float64, shape (n,)
        Those with expectations below 5 are ignored.
    fitted : bool, default=False
        Whether the expectations were scaled to the same counts, which takes a degree of freedom.
    confidence : float, default=0.95
        The confidence that counts do not vary more.

    Returns
    -------
    float
        0 to 10; 0.01 if counts vary by 10 % from one to another. 0 if there is nothing to estimate it from.
    """
    sums, freedom = _profile(counts, expected, np.zeros(len(counts)))
    return float(_variance(sums[:, None], freedom - fitted, confidence)[0])


def dispersion_of_others(
    counts: Floats, expected: Floats, errors: Floats, alone: float, level: float, confidence: float = 0.95
) -> Floats:
    """Return :func:`dispersion` for each count, from all the others: so that a fault does not excuse itself.

    Few others bound it badly: two that agree by chance make the bound far too small. So the sum of n others is at most
    n (z / t)^2, too, where z and t are the quantiles at ``level`` of the normal distribution and of Student's t with n
    degrees of freedom. A count is then as rarely far from its expectation as ``level`` says, if it varies normally.

    Parameters
    ----------
    counts, expected : ndarray of float64, shape (n,)
    errors : ndarray of float64, shape (n,)
        Variances of the expectations themselves, as shares of their squares; the answer is what comes on top.
    alone : float
        The answer where no other count has an expectation of 5.
    level : float
        The two-sided level of the strictest comparison.
    confidence : float, default=0.95

    Returns
    -------
    ndarray of float64, shape (n,)
        O(n).
    """
    sums, freedom = _profile(counts, expected, errors)
    telling = expected >= TELLING
    own = _terms(counts[telling], expected[telling], errors[telling])
    result = np.full(len(counts), _variance(sums[:, None], freedom, confidence, level)[0] if freedom else alone)
    result[telling] = _variance(sums[:, None] - own, freedom - 1, confidence, level) if freedom > 1 else alone
    return result


def _terms(counts: Floats, expected: Floats, errors: Floats) -> Floats:
    variances = expected + (GRID[:, None] + errors) * np.square(expected)
    return np.asarray(np.square(counts - expected) / variances)


def _profile(counts: Floats, expected: Floats, errors: Floats) -> tuple[Floats, int]:
    """Return the sum of squares for each variance of the grid, and the number of counts in it."""
    telling = np.flatnonzero(expected >= TELLING)
    sums = sum(
        (_terms(counts[part], expected[part], errors[part]).sum(axis=1) for part in np.array_split(telling, 64)),
        start=np.zeros(len(GRID)),
    )
    return np.asarray(sums), len(telling)


def _variance(sums: Floats, freedom: int, confidence: float, level: float | None = None) -> Floats:
    """Return the first variance of the grid for which each column of sums is small enough."""
    if freedom < 1:
        return np.zeros(sums.shape[1])
    most = float(stats.chi2.ppf(1 - confidence, freedom))
    if level is not None:
        most = min(most, freedom * float(stats.norm.isf(level / 2) / stats.t.isf(level / 2, freedom)) ** 2)
    enough = sums <= most
    return np.asarray(np.where(enough.any(axis=0), GRID[np.argmax(enough, axis=0)], GRID[-1]))


def count_p_values(counts: npt.ArrayLike, expected: npt.ArrayLike, spread: npt.ArrayLike) -> Floats:
    """Return the probability of counts at least as far from their expectation, on either side.

    Counts are negative binomial: Poisson given a mean that varies by a gamma factor of variance ``spread`` (Poisson
    itself for 0). The probability is twice that of the smaller tail, at most 1, and so never too small.

    Parameters
    ----------
    counts, expected, spread : array_like, broadcast together
        Expectations above 0. Of counts that are sums of Bernoulli outcomes with different probabilities, Poisson has
        the larger variance, so the test is on the safe side.
    """
    y, mean, extra = np.broadcast_arrays(*(np.asarray(a, np.float64) for a in (counts, expected, spread)))
    size = 1 / np.maximum(extra, 1e-12)
    lower = np.where(extra > 1e-12, stats.nbinom.cdf(y, size, 1 / (1 + mean / size)), stats.poisson.cdf(y, mean))
    upper = np.where(extra > 1e-12, stats.nbinom.sf(y - 1, size, 1 / (1 + mean / size)), stats.poisson.sf(y - 1, mean))
    return np.asarray(np.minimum(1.0, 2 * np.minimum(lower, upper)))


def adjusted(p_values: Floats) -> Floats:
    """Adjust p-values of many tests of one type by Benjamini and Hochberg's method (J. R. Stat. Soc. B 57, 1995).

    Reject those below q: of the rejected, a share of at most q is false on average. If nothing is wrong, the
    probability of any rejection is at most q, for independent tests.
    """
    return np.asarray(stats.false_discovery_control(p_values), np.float64) if len(p_values) else p_values


@dataclass(frozen=True)
class Ranking:
    """How well probabilities rank positives above negatives.

    Attributes
    ----------
    auc : float
        Among all pairs of a positive and a negative, the share in the right order; ties count half.
    p_value : float
        The probability of an AUC as low, or lower, if the order were random (Mann & Whitney, 1947; normal with the
        correction for ties).
    """

    auc: float
    p_value: float


def ranking(outcomes: npt.NDArray[np.bool_], probabilities: Floats) -> Ranking | None:
    """Rank rows by probability; None if all outcomes are the same. O(n log n)."""
    positives, negatives = probabilities[outcomes], probabilities[~outcomes]
    if not len(positives) or not len(negatives):
        return None
    if probabilities.min() == probabilities.max():
        return Ranking(0.5, 1.0)
    test = stats.mannwhitneyu(positives, negatives, alternative="less", method="asymptotic")
    return Ranking(float(test.statistic) / (len(positives) * len(negatives)), float(test.pvalue))


def log_losses(outcomes: npt.NDArray[np.bool_], probabilities: Floats) -> Floats:
    """Return -ln of the probability of the actual outcome of each row; the probability is kept away from 0 by 1e-12."""
    kept = np.clip(np.where(outcomes, probabilities, 1 - probabilities), 1e-12, 1.0)
    return np.asarray(-np.log(kept))
