# SPDX-License-Identifier: Apache-2.0
"""Strategy ``corrections``: each campaign adds a few weights of its own to the shared model's log-odds, its offset."""

from __future__ import annotations

from valuation_pipeline.training.job import Job, Outcome
from valuation_pipeline.training.models import Weights
from valuation_pipeline.training.own import candidates, decide, fit_own
from valuation_pipeline.training.rows import Numbers, weighed
from valuation_pipeline.training.samples import Sample
from valuation_pipeline.training.shared import fit_shared, learn_priors


def corrections(job: Job) -> Outcome:
    """Fit the shared model, then the corrections, each step twice: to choose penalties, and on all rows."""
    campaigns = job.eligible()
    priors = learn_priors(job, campaigns)
    shared = fit_shared(job, priors)
    precision = job.options.intercept_precision
    choice, held = None, None
    if job.trial is not None and shared.chosen is not None:
        offset = _log_odds(job.trial.fitted, shared.chosen.weights, job.count)
        held = candidates(job, job.trial, campaigns, shared.chosen.log_odds, offset, precision, priors.own)
        choice = held.choice()
    now = _log_odds(job.now, shared.final, job.count)
    own = fit_own(job, campaigns, choice, now, precision, priors.own)
    return Outcome(
        models=job.models(shared.final, own, priors),
        held_back=None if held is None or choice is None else held.chosen(choice),
        shared_held_back=None if shared.chosen is None else shared.chosen.log_odds,
        decisions=decide(job, campaigns, held, choice, own, "shared model only"),
        curve=[] if shared.chosen is None else shared.chosen.curve,
    )


def _log_odds(sample: Sample, weights: Weights, count: int) -> Numbers:
    return weights.intercept + weighed(sample.encoded, weights.coefficients(count))
