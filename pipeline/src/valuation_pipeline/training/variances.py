# SPDX-License-Identifier: Apache-2.0
"""The uncertainty of weights: the diagonal of a Laplace approximation (Chapelle & Li, 2011).

    1 / variance = lambda + sum over the rows of weight * x^2 * p * (1 - p)

x is 1 for a label, and a standardised number; p is the probability among sampled rows. lambda is the precision of the
weight's prior. For a normal prior it is k. An L1 penalty has no curvature, so its equivalent of scikit-learn's 1 / C
stands in: the penalty of the mean loss times the sum of the rows' weights and the column's penalty factor. If a weight
has both, lambda is their sum ("Variances" in Documentation/model-format.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from valuation_pipeline.solver import Problem, curvature
from valuation_pipeline.training.job import Job
from valuation_pipeline.training.models import Weights
from valuation_pipeline.training.rows import Numbers

LARGEST = 10_000.0
"""The engine takes no greater variance."""


@dataclass(frozen=True)
class Variances:
    """Variances of a model's weights.

    Attributes
    ----------
    intercept : float
    values : array (columns + numbers)
        0 for those not listed.
    listed : bool array (columns + numbers)
        The columns that some row has, and all numbers: their weights are uncertain even if L1 made them 0.
    """

    intercept: float
    values: Numbers
    listed: NDArray[np.bool_]


def variances(
    job: Job,
    weights: Weights,
    factors: Numbers,
    precisions: Numbers,
    intercept: float,
    coefficients: Numbers,
    place: slice,
    shared: bool,
) -> Variances:
    """Estimate the variances of a model's weights. O(entries of its rows).

    Parameters
    ----------
    job : Job
    weights : Weights
        The model, whose penalty gives the precision of the priors.
    factors : array (columns + numbers)
        Penalty factors that the model was fitted with.
    precisions : array (columns + numbers)
        Of normal priors that it was fitted with.
    intercept, coefficients : float, array (columns + numbers)
        Of the whole chain: the probabilities are those of model and base together.
    place : slice
        The model's rows among those that were fitted.
    shared : bool
        Whether it is the shared model.
    """
    sample = job.now
    rows = sample.encoded.take(np.arange(place.start, place.stop))
    problem = Problem(
        rows.starts,
        rows.columns,
        job.column_count,
        sample.outcomes[place],
        numbers=rows.numbers,
        weights=None if sample.fit_weights is None else sample.fit_weights[place],
        offset=sample.offset[place],
    )
    of_intercept, of_columns = curvature(problem, intercept, coefficients)
    joint = job.options.strategy == "joint"
    total = _weight(sample.fit_weights, slice(0, len(sample)) if joint else place)
    listed = np.zeros(job.count, bool)
    listed[rows.columns] = True
    listed[job.column_count :] = not joint or shared
    values = np.where(listed, _inverse(weights.penalty * total * factors + precisions + of_columns), 0.0)
    if joint and not shared:
        # A campaign's level is a weight of the shared model there.
        return Variances(0.0, values, listed)
    precision = 0.0 if shared or job.options.strategy == "separate" else job.options.intercept_precision
    return Variances(float(_inverse(np.array(of_intercept + precision))), values, listed)


def _inverse(precision: Numbers) -> Numbers:
    result: Numbers = 1.0 / np.maximum(precision, 1.0 / LARGEST)
    return result


def _weight(weights: Numbers | None, place: slice) -> float:
    return float(place.stop - place.start) if weights is None else float(weights[place].sum())
