# SPDX-License-Identifier: Apache-2.0
"""Strategy ``separate``: a model for each campaign. Of the others it knows how far weights spread, but no weight."""

from __future__ import annotations

import numpy as np

from valuation_pipeline.training.job import Job, Outcome
from valuation_pipeline.training.models import Priors
from valuation_pipeline.training.own import candidates, decide, fit_own
from valuation_pipeline.training.spreads import own_factors


def separate(job: Job) -> Outcome:
    """Fit each campaign alone; those without enough rows get no model, and are valued by their observed rate."""
    campaigns = job.eligible()
    sample = job.now if job.trial is None else job.trial.fitted
    observed = job.observed(sample)[:-1]
    factors = own_factors(sample, np.repeat(observed, np.diff(sample.bounds)), campaigns, job.fields)
    choice, held = None, None
    if job.trial is not None:
        without = np.repeat(observed, np.diff(job.trial.held_back.bounds))
        held = candidates(job, job.trial, campaigns, without, None, 0.0, factors)
        choice = held.choice()
    own = fit_own(job, campaigns, choice, None, 0.0, factors)
    return Outcome(
        models=job.models(None, own, Priors(factors, factors, np.zeros_like(factors))),
        held_back=None if held is None or choice is None else held.chosen(choice),
        shared_held_back=None,
        decisions=decide(job, campaigns, held, choice, own, "no model"),
        curve=[],
    )
