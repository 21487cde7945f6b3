# SPDX-License-Identifier: Apache-2.0
"""The model that all campaigns share, and strategy ``pooled``, which is this model alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.features import FeatureSet, Rows
from valuation_pipeline.solver import Problem
from valuation_pipeline.training.job import Job, Outcome
from valuation_pipeline.training.models import Priors, Weights
from valuation_pipeline.training.penalties import DEFAULT_RATIO, Chosen, choose_along, fit_at, fit_by_prior
from valuation_pipeline.training.rows import Indices, Numbers, weighed
from valuation_pipeline.training.samples import Sample
from valuation_pipeline.training.spreads import normal_precisions, own_factors, shared_factors


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


def require_campaign_and_advertiser(table: pa.Table, feature_set: FeatureSet) -> None:
    """Refuse features with which a shared model cannot tell campaigns' rates apart.

    Raises
    ------
    PipelineError
        The features have no category of the campaign, or none of the advertiser while the log has advertisers.
        Everything that builds on a shared model is worse then.
    """
    sources = {field.source for field in feature_set.fields}
    for source in ("campaign", "advertiser"):
        if source not in sources and table[source].null_count < table.num_rows:
            raise PipelineError(
                f"features.toml: the shared model needs the {source} as a category; add the lines "
                f'[category.{source}], source = "{source}", side = "ad"'
            )


def learn_priors(job: Job, campaigns: Indices) -> Priors:
    """Learn penalty factors and priors from how far weights spread, beside a first fit where all columns cost the same.

    Parameters
    ----------
    job : Job
    campaigns : int64 array
        Those that may have weights of their own, by their index.
    """
    sample = job.now if job.trial is None else job.trial.fitted
    alike = problem(sample, sample.encoded, job.column_count, np.ones(job.count))
    first = fit_at(alike, DEFAULT_RATIO, None)
    coefficients = first.coefficients(job.count)
    log_odds = first.intercept + weighed(sample.encoded, coefficients)
    shared = shared_factors(sample, log_odds, coefficients, job.fields)
    return Priors(
        shared=shared,
        own=own_factors(sample, log_odds, campaigns, job.fields),
        precisions=normal_precisions(shared),
    )


def fit_shared(job: Job, priors: Priors) -> Shared:
    """Choose the penalty on the held-back days, and fit all rows with it."""
    job.progress("shared model", 0, 2)
    chosen = None
    if job.trial is not None:
        held = job.trial.held_back
        chosen = choose_along(
            problem(job.trial.fitted, job.trial.fitted.encoded, job.column_count, priors.shared, priors.precisions),
            held.encoded,
            held.outcomes,
            job.examples.weights[held.rows],
            job.examples.log_rate,
        )
    job.progress("shared model", 1, 2)
    everything = problem(job.now, job.now.encoded, job.column_count, priors.shared, priors.precisions)
    final = (
        fit_by_prior(everything, penalised=False)
        if chosen is None
        else fit_at(everything, chosen.weights.ratio, chosen.weights)
    )
    job.progress("shared model", 2, 2)
    return Shared(final, chosen)


def problem(
    sample: Sample, rows: Rows, column_count: int, factors: Numbers, precisions: Numbers | None = None
) -> Problem:
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
        precisions=precisions,
    )


def pooled(job: Job) -> Outcome:
    """Strategy ``pooled``: the shared model alone."""
    priors = learn_priors(job, np.empty(0, np.int64))
    shared = fit_shared(job, priors)
    models = job.models(shared.final, {}, priors)
    held = None if shared.chosen is None else shared.chosen.log_odds
    decisions = ["shared model only: the strategy is pooled"] * len(job.examples.campaigns)
    return Outcome(models, held, held, decisions, [] if shared.chosen is None else shared.chosen.curve)
