# SPDX-License-Identifier: Apache-2.0
"""The common input and output of all strategies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from valuation_pipeline.training.models import Models, Priors, Weights
from valuation_pipeline.training.options import Target, TrainingOptions
from valuation_pipeline.training.rows import Examples, Indices, Numbers
from valuation_pipeline.training.samples import Sample, Trial
from valuation_pipeline.training.workers import Workers

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, and of how many."""

PRIOR_ROWS = {"click": 1000.0, "conversion": 50.0}
"""How many rows of all campaigns' rate a campaign's observed rate is shrunk by (Documentation/model-format.md)."""


def shrunk_rates(positives: Numbers, rows: Numbers, target: Target) -> tuple[Numbers, float]:
    """Return each campaign's observed rate, shrunk towards that of all campaigns, and that of all.

    With k = ``PRIOR_ROWS`` rows, (positives + k * rate of all) / (rows + k): a Beta posterior's mean (Gelman et al.,
    "Bayesian Data Analysis", 3rd ed., 2.4).

    Parameters
    ----------
    positives, rows : array (campaigns)
        Before sampling; rows as in ``Job.complete_rows``.
    target : "click" or "conversion"
    """
    overall, prior = float((positives.sum() + 0.5) / (rows.sum() + 1.0)), PRIOR_ROWS[target]
    return (positives + prior * overall) / (rows + prior), overall


@dataclass(frozen=True)
class Job:
    """A training.

    Attributes
    ----------
    examples : Examples
    target : "click" or "conversion"
    options : TrainingOptions
    column_count : int
        Columns of the vocabulary; its numbers come after them.
    fields : int64 array (columns + numbers)
        Which field or cross each belongs to.
    now : Sample
        All rows that can be fitted.
    trial : Trial or None
        The rows that choose penalties; None if there are too few days.
    workers : int
    progress : callable
    """

    examples: Examples
    target: Target
    options: TrainingOptions
    column_count: int
    fields: Indices
    now: Sample
    trial: Trial | None
    workers: Workers
    progress: Progress

    @property
    def count(self) -> int:
        """Columns and numbers."""
        return len(self.fields)

    @property
    def number_count(self) -> int:
        """Numbers of the vocabulary."""
        return self.count - self.column_count

    def minimum_rows(self) -> int:
        """Rows, as sampled, that a campaign needs for a model of its own."""
        rate = float(self.now.outcomes.mean())
        return int(np.ceil(self.options.minimum_expected_positives / rate)) if rate > 0 else len(self.now) + 1

    def eligible(self) -> Indices:
        """The campaigns with enough rows for a model of their own, by their index."""
        rows, _ = self.now.counts()
        return np.flatnonzero(rows >= self.minimum_rows())

    def complete_rows(self, sample: Sample) -> Numbers:
        """How many rows, before sampling, the positives of each campaign are of.

        A click whose conversion may still come counts for the share of conversions that has come by its age, so that
        positives / complete rows is what the rate will be. There are no fewer than positives.

        Returns
        -------
        array (campaigns)
        """
        shares = self.examples.weights[sample.rows] * np.exp(sample.offset)
        sums = np.concatenate([[0.0], np.cumsum(shares)])[sample.bounds]
        _, positives = sample.counts()
        return np.maximum(np.diff(sums), positives)

    def observed(self, sample: Sample) -> Numbers:
        """Log-odds among sampled rows of each campaign's observed rate, shrunk towards all campaigns'.

        Returns
        -------
        array (campaigns + 1)
            All campaigns' rate is the last.
        """
        rates, overall = shrunk_rates(sample.counts()[1].astype(np.float64), self.complete_rows(sample), self.target)
        rate = np.append(rates, overall)
        result: Numbers = np.log(rate) - np.log1p(-rate) - self.examples.log_rate
        return result

    def models(self, shared: Weights | None, own: dict[int, Weights], priors: Priors) -> Models:
        """Weights, completed by the stand-ins for missing ones."""
        observed = self.observed(self.now)
        return Models(self.count, shared, own, priors, observed[:-1], float(observed[-1]))


@dataclass(frozen=True)
class Outcome:
    """The result of a strategy.

    Attributes
    ----------
    models : Models
        Fitted on all rows.
    held_back : array (held-back rows) or None
        Log-odds from the models that did not see those days, among sampled rows.
    shared_held_back : array (held-back rows) or None
        The same of the shared model alone, if the strategy has one.
    decisions : list of str
        For each campaign, the reason for its models.
    curve : list of (ratio, normalized entropy)
        Of the shared model on the held-back days.
    """

    models: Models
    held_back: Numbers | None
    shared_held_back: Numbers | None
    decisions: list[str]
    curve: list[tuple[float, float]]
