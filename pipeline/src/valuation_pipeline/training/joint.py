# SPDX-License-Identifier: Apache-2.0
"""Strategy ``joint``: shared weights and each campaign's own are fitted in one problem.

A campaign's own columns are those of its rows, which no other campaign shares. Only these are penalised; shared weights
have a normal prior. A shared column that explains something for all campaigns saves each of them a weight. A campaign's
level is the weight of its category in the shared model. Numbers have only shared weights: give a number buckets if
campaigns may differ in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from valuation_pipeline.features import Rows
from valuation_pipeline.training.job import Job, Outcome
from valuation_pipeline.training.models import Priors, Weights
from valuation_pipeline.training.penalties import choose_along, fit_at, fit_by_prior
from valuation_pipeline.training.per_campaign import differing, renumbered
from valuation_pipeline.training.rows import Indices, Numbers
from valuation_pipeline.training.samples import Sample
from valuation_pipeline.training.shared import learn_priors, problem


@dataclass(frozen=True)
class Columns:
    """The columns of the joint problem: the vocabulary's, those of each campaign, then the numbers.

    Attributes
    ----------
    shared : int
        Columns of the vocabulary.
    kept : dict of int to int64 array
        The vocabulary's columns that each campaign with columns of its own has.
    firsts : dict of int to int
        The start of each campaign's columns.
    total : int
    """

    shared: int
    kept: dict[int, Indices]
    firsts: dict[int, int]
    total: int

    @classmethod
    def of(cls, job: Job) -> Columns:
        """Give columns to the campaigns with enough rows."""
        kept = {int(campaign): differing(job.now, int(campaign), job.column_count) for campaign in job.eligible()}
        firsts, total = {}, job.column_count
        for campaign, columns in kept.items():
            firsts[campaign] = total
            total += len(columns)
        return cls(job.column_count, kept, firsts, total)

    def rows(self, sample: Sample) -> Rows:
        """A sample over the joint problem's columns. O(entries), twice the memory of the sample."""
        parts, lengths = [], np.zeros(len(sample), np.int64)
        for campaign, kept in self.kept.items():
            place = sample.rows_of(campaign)
            own = renumbered(sample.encoded.take(np.arange(place.start, place.stop)), kept, self.shared)
            parts.append(own.columns + np.int32(self.firsts[campaign]))
            lengths[place] = np.diff(own.starts)
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        columns = np.concatenate(parts) if parts else np.empty(0, np.int32)
        return beside(sample.encoded, starts, columns)

    def spread_out(self, shared: Numbers, own: Numbers) -> Numbers:
        """Values of all columns and numbers, from those of the vocabulary's columns as shared and as own ones."""
        of_campaigns = [own[kept] for kept in self.kept.values()]
        return np.concatenate([shared[: self.shared], *of_campaigns, shared[self.shared :]])

    def split(self, weights: Weights, job: Job) -> tuple[Weights, dict[int, Weights]]:
        """The shared model, and what each campaign adds to it."""
        dense = weights.coefficients(self.total + job.count - job.column_count)
        common = np.concatenate([dense[: self.shared], dense[self.total :]])
        own = {}
        for campaign, kept in self.kept.items():
            first = self.firsts[campaign]
            added = np.zeros(job.count)
            added[kept] = dense[first : first + len(kept)]
            if added.any():
                own[campaign] = Weights.of(0.0, added, weights.penalty, weights.ratio)
        return Weights.of(weights.intercept, common, weights.penalty, weights.ratio), own


def joint(job: Job) -> Outcome:
    """Choose the single penalty on the held-back days, and fit all rows with it."""
    columns = Columns.of(job)
    known = learn_priors(job, np.array(list(columns.kept), np.int64))
    none = np.zeros(job.count)
    known = Priors(none, known.own, known.precisions)
    factors, precisions = columns.spread_out(none, known.own), columns.spread_out(known.precisions, none)
    chosen = None
    job.progress("joint model", 0, 2)
    if job.trial is not None:
        held = job.trial.held_back
        chosen = choose_along(
            problem(job.trial.fitted, columns.rows(job.trial.fitted), columns.total, factors, precisions),
            columns.rows(held),
            held.outcomes,
            job.examples.weights[held.rows],
            job.examples.log_rate,
        )
    job.progress("joint model", 1, 2)
    everything = problem(job.now, columns.rows(job.now), columns.total, factors, precisions)
    final = (
        fit_by_prior(everything, penalised=True)
        if chosen is None
        else fit_at(everything, chosen.weights.ratio, chosen.weights)
    )
    job.progress("joint model", 2, 2)
    shared, own = columns.split(final, job)
    return Outcome(
        models=job.models(shared, own, known),
        held_back=None if chosen is None else chosen.log_odds,
        shared_held_back=None,
        decisions=_decisions(job, columns, own),
        curve=[] if chosen is None else chosen.curve,
    )


def beside(rows: Rows, starts: Indices, columns: NDArray[np.int32]) -> Rows:
    """Rows with additional columns after their own.

    Parameters
    ----------
    rows : Rows
    starts : int64 array (n + 1)
        The start in ``columns`` of the additional ones of each row.
    columns : int32 array
    """
    both = rows.starts + starts
    result = np.empty(both[-1], np.int32)
    before, after = np.diff(rows.starts), np.diff(starts)
    result[np.repeat(both[:-1] - rows.starts[:-1], before) + np.arange(len(rows.columns))] = rows.columns
    result[np.repeat(both[:-1] + before - starts[:-1], after) + np.arange(len(columns))] = columns
    return Rows(both, result, rows.numbers)


def _decisions(job: Job, columns: Columns, own: dict[int, Weights]) -> list[str]:
    rows, _ = job.now.counts()
    result = []
    for campaign in range(len(job.examples.campaigns)):
        if campaign not in columns.kept:
            result.append(f"shared model only: {rows[campaign]} rows, fewer than {job.minimum_rows()}")
        elif campaign not in own:
            result.append("shared model only: no weight of its own is worth its penalty")
        else:
            result.append("corrected: weights of its own from the joint problem")
    return result
