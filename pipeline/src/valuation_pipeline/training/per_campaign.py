# SPDX-License-Identifier: Apache-2.0
"""One campaign's own weights: a sparse logistic regression on its rows, in addition to a known offset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from valuation_pipeline.features import Rows
from valuation_pipeline.solver import Path, Problem, fit_path
from valuation_pipeline.training.models import Weights
from valuation_pipeline.training.penalties import CAMPAIGN_MULTIPLES, TOLERANCE, share_of_largest, total_weight
from valuation_pipeline.training.rows import Indices, Numbers
from valuation_pipeline.training.samples import Sample


@dataclass(frozen=True)
class Own:
    """A campaign's rows as a separate problem.

    Attributes
    ----------
    problem : Problem
        Over the columns that some of the campaign's rows have and others lack; what all have is the intercept.
    kept : int64 array
        These columns, and all numbers, in the vocabulary.
    """

    problem: Problem
    kept: Indices

    @classmethod
    def of(cls, sample: Sample, campaign: int, offset: Numbers | None, factors: Numbers, column_count: int) -> Own:
        """Make the problem of a campaign, given by its index.

        Parameters
        ----------
        sample : Sample
        campaign : int
        offset : array (rows of the sample) or None
            The fixed part of the log-odds; the sample's own offset is added to it.
        factors : array (columns + numbers)
            Of penalties.
        column_count : int
            Columns of the vocabulary.
        """
        place = sample.rows_of(campaign)
        rows = sample.encoded.take(np.arange(place.start, place.stop))
        kept = differing(sample, campaign, column_count)
        known = sample.offset[place] if offset is None else sample.offset[place] + offset[place]
        local = renumbered(rows, kept, column_count)
        numbers = np.arange(column_count, column_count + rows.numbers.shape[1])
        problem = Problem(
            local.starts,
            local.columns,
            len(kept),
            sample.outcomes[place],
            numbers=local.numbers,
            weights=None if sample.fit_weights is None else sample.fit_weights[place],
            offset=known,
            penalty_factors=factors[np.concatenate([kept, numbers])],
        )
        return cls(problem, np.concatenate([kept, numbers]))

    def path(self, count: int, intercept_precision: float) -> Path:
        """Fit the problem with the first ``count`` of CAMPAIGN_MULTIPLES."""
        penalties = CAMPAIGN_MULTIPLES[:count] / total_weight(self.problem)
        return fit_path(self.problem, penalties=penalties, intercept_precision=intercept_precision, tolerance=TOLERANCE)

    def log_odds(self, path: Path, sample: Sample, campaign: int, column_count: int) -> Numbers:
        """What each fit of a path adds to the log-odds of the campaign's rows in a sample.

        Returns
        -------
        array (penalties, rows)
        """
        place = sample.rows_of(campaign)
        rows = sample.encoded.take(np.arange(place.start, place.stop))
        columns = len(self.kept) - rows.numbers.shape[1]
        local = renumbered(rows, self.kept[:columns], column_count)
        matrix = scipy.sparse.csr_array(
            (np.ones(len(local.columns)), local.columns, local.starts), shape=(len(rows), columns)
        )
        sums = matrix @ path.coefficients[:, :columns].T
        sums += np.einsum("nm,lm->nl", rows.numbers, path.coefficients[:, columns:])
        result: Numbers = sums.T + path.intercepts[:, None]
        return result

    def weights(self, path: Path, index: int, count: int) -> Weights:
        """One fit of a path, in the vocabulary's columns."""
        dense = np.zeros(count)
        dense[self.kept] = path.coefficients[index]
        return Weights.of(path.intercepts[index], dense, path.penalties[index], share_of_largest(path, index))


def differing(sample: Sample, campaign: int, column_count: int) -> Indices:
    """The columns that the rows of a campaign do not all have equally often."""
    place = sample.rows_of(campaign)
    count = place.stop - place.start
    starts = sample.encoded.starts[place.start : place.stop + 1]
    columns = sample.encoded.columns[starts[0] : starts[-1]]
    sums = np.bincount(columns, minlength=column_count)
    # Only columns with as many entries as rows may be the same in all. A row may have a column several times, so these
    # are looked at row by row: all n have it equally often if n times the sum of squares is the square of the sum.
    suspects = sums >= count
    chosen = suspects[columns]
    rows = np.repeat(np.arange(count), np.diff(starts))[chosen]
    pairs, times = np.unique(rows * column_count + columns[chosen], return_counts=True)
    squares = np.bincount(pairs % column_count, times.astype(np.float64) ** 2, column_count)
    return np.flatnonzero((sums > 0) & ~(suspects & (count * squares == sums.astype(np.float64) ** 2)))


def renumbered(rows: Rows, kept: Indices, column_count: int) -> Rows:
    """Rows over some of the columns, numbered from 0; other columns are dropped."""
    place: NDArray[np.int32] = np.full(column_count, -1, np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    columns = place[rows.columns]
    present = columns >= 0
    before = np.concatenate([[0], np.cumsum(present)])
    return Rows(before[rows.starts].astype(np.int64), columns[present], rows.numbers)
