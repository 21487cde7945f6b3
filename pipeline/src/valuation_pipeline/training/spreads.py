# SPDX-License-Identifier: Apache-2.0
"""How far each field's weights spread, learned from all of them: the scale of the prior that an L1 penalty stands for.

A penalty lambda f |b| of the mean loss of W rows is a Laplace prior of standard deviation sqrt(2) / (lambda W f). So a
field whose weights spread by s has the factor f = sqrt(2) / s, and lambda W is 1 where penalty and prior agree. A
normal prior of the same spread has the precision 1 / s^2.

The spread is the one under which all estimates of the field are likeliest (empirical Bayes, type II maximum
likelihood). An estimate is one Newton step from what a fit has: e = b + g / i, with the gradient g and curvature i of
the log likelihood there. It is about normal around the weight with a variance of 1 / i, hence around 0 with
s^2 + 1 / i.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from valuation_pipeline.features import Rows, Vocabulary
from valuation_pipeline.training.rows import Indices, Numbers
from valuation_pipeline.training.samples import Sample

SPREADS = np.geomspace(0.03, 3.0, 24)
"""The spreads that are compared, in log-odds. At the least, few weights are worth their penalty."""
LEAST_CURVATURE = 1e-6
"""Estimates of columns whose curvature is less say nothing."""


def field_of_columns(vocabulary: Vocabulary) -> Indices:
    """Of each column and number, which field or cross it belongs to."""
    sizes = [len(values) for values in vocabulary.values.values()] + [len(cross.pairs) for cross in vocabulary.crosses]
    sizes += [1] * len(vocabulary.numbers)
    return np.repeat(np.arange(len(sizes)), sizes)


def shared_factors(sample: Sample, log_odds: Numbers, coefficients: Numbers, fields: Indices) -> Numbers:
    """Penalty factors of the shared model, from the spread of its weights over each field's values.

    Parameters
    ----------
    sample : Sample
    log_odds : array (rows)
        Of a fit to the sample, without the sample's offset.
    coefficients : array (columns + numbers)
        Of that fit.
    fields : int64 array (columns + numbers)
        From ``field_of_columns``.

    Returns
    -------
    array (columns + numbers)
    """
    residuals, curvatures = _derivatives_of_rows(sample, log_odds)
    gradient, curvature = _derivatives_of_columns(sample.encoded, residuals, curvatures, len(fields))
    return _factors(_likelihoods(gradient + curvature * coefficients, curvature, fields), fields)


def normal_precisions(factors: Numbers) -> Numbers:
    """The precisions, 1 / s^2, of normal priors with the spreads of penalty factors."""
    result: Numbers = factors**2 / 2.0
    return result


def own_factors(sample: Sample, log_odds: Numbers, campaigns: Indices, fields: Indices) -> Numbers:
    """Penalty factors of campaigns' own weights, from their spread over campaigns and values. O(entries).

    Parameters
    ----------
    sample : Sample
    log_odds : array (rows)
        Of the shared model, from which the campaigns deviate; without the sample's offset.
    campaigns : int64 array
        Those that may have weights of their own, by their index. The level of each is left free.
    fields : int64 array (columns + numbers)

    Returns
    -------
    array (columns + numbers)
        The same in all campaigns.
    """
    residuals, curvatures = _derivatives_of_rows(sample, log_odds)
    likelihoods = np.zeros((int(fields.max(initial=-1)) + 1, len(SPREADS)))
    for campaign in campaigns.tolist():
        place = sample.rows_of(campaign)
        rows = sample.encoded.take(np.arange(place.start, place.stop))
        derivatives = _derivatives_of_columns(rows, residuals[place], curvatures[place], len(fields))
        likelihoods += _likelihoods(*derivatives, fields)
    return _factors(likelihoods, fields)


def _derivatives_of_rows(sample: Sample, log_odds: Numbers) -> tuple[Numbers, Numbers]:
    """Of each row, w (y - p) and w p (1 - p)."""
    p = expit(log_odds + sample.offset)
    weights = 1.0 if sample.fit_weights is None else sample.fit_weights
    return weights * (sample.outcomes - p), weights * p * (1.0 - p)


def _derivatives_of_columns(rows: Rows, residuals: Numbers, curvatures: Numbers, count: int) -> tuple[Numbers, Numbers]:
    """Gradient and curvature of the log likelihood along each column, with the intercept always at its best."""
    columns = count - rows.numbers.shape[1]
    lengths = np.diff(rows.starts)
    gradient = np.bincount(rows.columns, np.repeat(residuals, lengths), columns)
    slope = np.bincount(rows.columns, np.repeat(curvatures, lengths), columns)
    gradient = np.concatenate([gradient, np.einsum("nm,n->m", rows.numbers, residuals)])
    square = np.concatenate([slope, np.einsum("nm,n->m", rows.numbers**2, curvatures)])
    slope = np.concatenate([slope, np.einsum("nm,n->m", rows.numbers, curvatures)])
    total = max(float(curvatures.sum()), LEAST_CURVATURE)
    return gradient - slope * (float(residuals.sum()) / total), square - slope**2 / total


def _likelihoods(scaled: Numbers, curvature: Numbers, fields: Indices) -> Numbers:
    """Log likelihood of each field's estimates under each spread, less that under a spread of 0.

    Parameters
    ----------
    scaled : array (columns + numbers)
        The estimates, each times its curvature.
    curvature : array (columns + numbers)

    Returns
    -------
    array (fields, spreads)
    """
    known = np.flatnonzero(curvature > LEAST_CURVATURE)
    result = np.zeros((int(fields.max(initial=-1)) + 1, len(SPREADS)))
    squares = scaled[known] ** 2 / curvature[known]
    for place, spread in enumerate(SPREADS):
        ratio = spread**2 * curvature[known]
        gains = 0.5 * (squares * ratio / (1.0 + ratio) - np.log1p(ratio))
        result[:, place] = np.bincount(fields[known], gains, len(result))
    return result


def _factors(likelihoods: Numbers, fields: Indices) -> Numbers:
    result: Numbers = (np.sqrt(2.0) / SPREADS)[likelihoods.argmax(axis=1)][fields]
    return result
