# SPDX-License-Identifier: Apache-2.0
"""Strategy ``separate``: an independent model for each campaign."""

from __future__ import annotations

import numpy as np

from valuation_pipeline.training.job import Job, Outcome
from valuation_pipeline.training.own import candidates, decide, fit_own


def separate(job: Job) -> Outcome:
    """Fit each campaign alone; those without enough rows get no model, and are valued by their observed rate."""
    campaigns = job.eligible()
    choice, held = None, None
    if job.trial is not None:
        observed = np.repeat(job.observed(job.trial.fitted)[:-1], np.diff(job.trial.held_back.bounds))
        held = candidates(job, job.trial, campaigns, observed, None, 0.0)
        choice = held.choice()
    own = fit_own(job, campaigns, choice, None, 0.0)
    return Outcome(
        models=job.models(None, own),
        held_back=None if held is None or choice is None else held.chosen(choice),
        shared_held_back=None,
        decisions=decide(job, campaigns, held, choice, own, "no model"),
        curve=[],
    )
