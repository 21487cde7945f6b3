# SPDX-License-Identifier: Apache-2.0
"""The model that all campaigns share, and strategy ``pooled``, which is this model alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.features import FeatureSet, Rows, Vocabulary
from valuation_pipeline.solver import Problem
from valuation_pipeline.training.job import Job, Outcome
from valuation_pipeline.training.models import Weights
from valuation_pipeline.training.penalties import DEFAULT_RATIO, Chosen, choose_along, fit_at
from valuation_pipeline.training.rows import Numbers
from valuation_pipeline.training.samples import Sample


@dataclass(frozen=True)
class Shared:
    """The shared model of both steps.

    Attributes
    ----------
    final : Weights
        Fitted on all rows.
    chosen : Chosen or None
        The fit without the held-back days; None if there are none.
    """

    final: Weights
    chosen: Chosen | None


def penalty_factors(table: pa.Table, feature_set: FeatureSet, vocabulary: Vocabulary, factor: float) -> Numbers:
    """Penalty factors of the shared model's columns and numbers: those of campaigns and advertisers are penalised less.

    Raises
    ------
    PipelineError
        The features have no category of the campaign, or none of the advertiser while the log has advertisers. Without
        them the shared model cannot tell campaigns' rates apart, and everything that builds on it is worse.
    """
    factors = np.ones(vocabulary.column_count + len(vocabulary.numbers))
    for source in ("campaign", "advertiser"):
        names = [field.name for field in feature_set.fields if field.source == source]
        if not names and table[source].null_count < table.num_rows:
            raise PipelineError(
                f"features.toml: the shared model needs the {source} as a category; add the lines "
                f'[category.{source}], source = "{source}", side = "ad"'
            )
        first = 0
        for name, values in vocabulary.values.items():
            if name in names:
                factors[first : first + len(values)] = factor
            first += len(values)
    return factors


def fit_shared(job: Job) -> Shared:
    """Choose the penalty on the held-back days, and fit all rows with it."""
    job.progress("shared model", 0, 2)
    chosen = None
    ratio = DEFAULT_RATIO
    if job.trial is not None:
        held = job.trial.held_back
        chosen = choose_along(
            problem(job.trial.fitted, job.trial.fitted.encoded, job.column_count, job.factors),
            held.encoded,
            held.outcomes,
            job.examples.weights[held.rows],
            job.examples.log_rate,
        )
        ratio = chosen.weights.ratio
    job.progress("shared model", 1, 2)
    everything = problem(job.now, job.now.encoded, job.column_count, job.factors)
    final = fit_at(everything, ratio, None if chosen is None else chosen.weights)
    job.progress("shared model", 2, 2)
    return Shared(final, chosen)


def problem(sample: Sample, rows: Rows, column_count: int, factors: Numbers) -> Problem:
    """A sample as one problem over all campaigns."""
    return Problem(
        rows.starts,
        rows.columns,
        column_count,
        sample.outcomes,
        numbers=rows.numbers,
        weights=sample.fit_weights,
        offset=sample.offset,
        penalty_factors=factors,
    )


def pooled(job: Job) -> Outcome:
    """Strategy ``pooled``: the shared model alone."""
    shared = fit_shared(job)
    models = job.models(shared.final, {})
    held = None if shared.chosen is None else shared.chosen.log_odds
    decisions = ["shared model only: the strategy is pooled"] * len(job.examples.campaigns)
    return Outcome(models, held, held, decisions, [] if shared.chosen is None else shared.chosen.curve)
