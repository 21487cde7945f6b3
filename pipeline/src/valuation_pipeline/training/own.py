# SPDX-License-Identifier: Apache-2.0
"""Own models of campaigns, one by one: penalties are chosen on the held-back days, then all rows are fitted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from valuation_pipeline.training.campaign_fits import CampaignFits, fit, judge
from valuation_pipeline.training.job import Job
from valuation_pipeline.training.metrics import losses
from valuation_pipeline.training.models import Weights
from valuation_pipeline.training.penalties import CAMPAIGN_MULTIPLES, choose
from valuation_pipeline.training.rows import Indices, Numbers
from valuation_pipeline.training.samples import Trial

DEFAULT_CANDIDATE = 8
"""Of models that stand alone, where no day was held back: about the penalty that agrees with the prior."""


@dataclass(frozen=True)
class Candidates:
    """The performance of campaigns' own models on the held-back days, for each penalty.

    Attributes
    ----------
    curves : array (campaigns, 1 + penalties)
        Loss summed over a campaign's held-back rows: without a model of its own, then by falling penalty.
    log_odds : array (1 + penalties, held-back rows)
        Of those rows.
    rows : array (campaigns)
        The number of rows of the losses.
    classes : int64 array (campaigns)
        Size class of each campaign, by the positives among its fitted rows.
    class_rows : float
        The weight in rows of a class's mean loss; see ``penalties.choose``.
    bounds : int64 array (campaigns + 1)
        The start of each campaign's held-back rows.
    tried : bool array (campaigns)
        Which campaigns had a fit.
    """

    curves: Numbers
    log_odds: Numbers
    rows: Numbers
    classes: Indices
    class_rows: float
    bounds: Indices
    tried: NDArray[np.bool_]

    def choice(self) -> Indices:
        """The candidate of each campaign, 0 if it has no model of its own."""
        result = np.zeros(len(self.curves), np.int64)
        tried = self.tried
        result[tried] = choose(self.curves[tried], self.rows[tried], self.classes[tried], self.class_rows)
        return result

    def chosen(self, choice: Indices) -> Numbers:
        """Log-odds of the held-back rows from the chosen candidates."""
        of_row = np.repeat(choice, np.diff(self.bounds))
        result: Numbers = self.log_odds[of_row, np.arange(len(of_row))]
        return result


def candidates(
    job: Job,
    trial: Trial,
    campaigns: Indices,
    without: Numbers,
    offset: Numbers | None,
    precision: float,
    factors: Numbers,
) -> Candidates:
    """Fit each campaign's path on the fitted days, and judge it on the held-back ones.

    Parameters
    ----------
    job : Job
    trial : Trial
    campaigns : int64 array
        The campaigns, by their index.
    without : array (held-back rows)
        Log-odds of a campaign without a model of its own.
    offset : array (fitted rows) or None
        Log-odds that own models correct, with ``without`` as the same for the held-back rows; None if they stand alone.
    precision : float
        Of the intercepts.
    factors : array (columns + numbers)
        Of penalties.
    """
    fitted, held = trial.fitted, trial.held_back
    log_odds = np.tile(without, (1 + len(CAMPAIGN_MULTIPLES), 1))
    rows, positives = fitted.counts()
    mixed = (positives > 0) & (positives < rows)
    tried = np.zeros(len(rows), bool)
    tried[campaigns] = (mixed if offset is None else rows > 0)[campaigns]

    fits = CampaignFits(fitted, offset, precision, factors, job.column_count, job.number_count, held_back=held)
    wanted = np.flatnonzero(tried).tolist()
    for done, (campaign, added) in enumerate(job.workers.each(judge, fits, wanted), 1):
        place = held.rows_of(campaign)
        log_odds[1:, place] = added if offset is None else added + without[place]
        job.progress("penalties", done, len(wanted))
    weights = job.examples.weights[held.rows]
    weighted = np.vstack([weights, weights * losses(held.outcomes, log_odds + job.examples.log_rate)])
    sums = np.diff(np.concatenate([np.zeros((len(weighted), 1)), np.cumsum(weighted, axis=1)], axis=1)[:, held.bounds])
    rate = float(positives.sum()) / float(job.complete_rows(fitted).sum())
    return Candidates(
        curves=sums[1:].T,
        log_odds=log_odds,
        rows=sums[0],
        classes=np.searchsorted(job.options.size_classes, positives, side="right"),
        class_rows=job.options.class_positives / rate,
        bounds=held.bounds,
        tried=tried,
    )


def fit_own(
    job: Job,
    campaigns: Indices,
    choice: Indices | None,
    offset: Numbers | None,
    precision: float,
    factors: Numbers,
) -> dict[int, Weights]:
    """Fit the chosen candidates on all rows.

    Parameters
    ----------
    job : Job
    campaigns : int64 array
        Those with enough rows.
    choice : int64 array (all campaigns) or None
        Candidates; None if no day was held back: then nothing is known of corrections, and there are none, while models
        that stand alone take DEFAULT_CANDIDATE.
    offset : array (rows) or None
        As in ``candidates``, of all rows.
    precision : float
    factors : array (columns + numbers)
        Of penalties.
    """
    if choice is None:
        choice = np.full(len(job.examples.campaigns), DEFAULT_CANDIDATE if offset is None else 0)
    rows, positives = job.now.counts()
    mixed = (positives > 0) & (positives < rows)
    can = mixed if offset is None else rows > 0
    wanted = [campaign for campaign in campaigns.tolist() if choice[campaign] > 0 and can[campaign]]

    fits = CampaignFits(job.now, offset, precision, factors, job.column_count, job.number_count, choice=choice)
    result = {}
    for campaign, weights in job.workers.each(fit, fits, wanted):
        result[campaign] = weights
        job.progress("models", len(result), len(wanted))
    return result


def decide(
    job: Job, campaigns: Indices, held: Candidates | None, choice: Indices | None, own: dict[int, Weights], without: str
) -> list[str]:
    """Explain for each campaign why it has a model of its own or none.

    Parameters
    ----------
    without : str
        The description of a campaign without one.
    """
    rows, positives = job.now.counts()
    with_enough = set(campaigns.tolist())
    result = []
    for campaign in range(len(job.examples.campaigns)):
        if campaign not in with_enough:
            result.append(f"{without}: {rows[campaign]} rows, fewer than {job.minimum_rows()}")
        elif campaign in own and (held is None or choice is None):
            result.append(
                f"model of its own: penalty by default (ratio {own[campaign].ratio:.3g}), no day was held back"
            )
        elif campaign in own and held is not None:
            size = _size(int(held.classes[campaign]), job.options.size_classes)
            ratio = own[campaign].ratio
            result.append(f"model of its own: penalty by its held-back days and those of {size} (ratio {ratio:.3g})")
        elif held is None or choice is None:
            result.append(f"{without}: no day was held back that could judge a model of its own")
        elif without == "no model" and positives[campaign] in (0, rows[campaign]):
            result.append(f"{without}: all {rows[campaign]} outcomes are alike")
        elif not held.tried[campaign]:
            result.append(f"{without}: no rows before the held-back days")
        else:
            result.append(f"{without}: a model of its own did not help on the held-back days")
    return result


def _size(index: int, bounds: tuple[int, ...]) -> str:
    """A size class in words."""
    if index == 0:
        return f"campaigns with fewer than {bounds[0]} positives" if bounds else "all campaigns"
    if index == len(bounds):
        return f"campaigns with {bounds[-1]} positives or more"
    return f"campaigns with {bounds[index - 1]} to {bounds[index] - 1} positives"
