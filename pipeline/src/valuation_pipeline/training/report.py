# SPDX-License-Identifier: Apache-2.0
"""The results of the held-back days: of each campaign, of all, and row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from scipy.special import expit

from valuation_pipeline.training.job import Job, Outcome
from valuation_pipeline.training.metrics import auc, losses, normalized_entropy
from valuation_pipeline.training.rows import Numbers
from valuation_pipeline.training.samples import Trial, day_of

HELD_OUT = pa.schema(
    [
        pa.field("impression_id", pa.string(), nullable=False),
        pa.field("campaign", pa.string(), nullable=False),
        pa.field("outcome", pa.bool_(), nullable=False),
        pa.field("probability", pa.float64(), nullable=False),
        pa.field("constant", pa.float64(), nullable=False),
        pa.field("weight", pa.float64(), nullable=False),
    ]
)
"""``held_out.parquet``: held-back rows, predicted by models fitted without their days, and by observed rates."""


def judged(outcomes: Numbers, log_odds: Numbers, weights: Numbers) -> dict[str, float | None]:
    """Figures of predictions: rows, positives, normalized entropy, log loss, AUC, and the predictions' sum.

    Parameters
    ----------
    outcomes, log_odds, weights : array (rows)
        Log-odds among all rows; how many rows each represents.
    """
    total = float(weights.sum())
    return {
        "rows": round(total),
        "positives": round(float((weights * outcomes).sum())),
        "ne": normalized_entropy(outcomes, log_odds, weights),
        "log_loss": float((weights * losses(outcomes, log_odds)).sum()) / total if total else None,
        "auc": auc(outcomes, log_odds, weights),
        "sum_p": float((weights * expit(log_odds)).sum()),
    }


def constant(job: Job, trial: Trial) -> Numbers:
    """Log-odds among all rows of each held-back row's campaign, from its rate in the days that were fitted."""
    log_odds = job.observed(trial.fitted)[:-1] + job.examples.log_rate
    return np.repeat(log_odds, np.diff(trial.held_back.bounds))


def campaign_rows(job: Job, outcome: Outcome, advertisers: dict[str, str]) -> list[dict[str, Any]]:
    """The figures in ``training.json`` for each campaign; see ``train.Trained``."""
    counts, positives = job.now.counts()
    complete = job.complete_rows(job.now)
    negatives = (counts - positives) / job.examples.negative_sampling_rate
    result = []
    for campaign, name in enumerate(job.examples.campaigns):
        own = outcome.models.own.get(campaign)
        result.append(
            {
                "campaign": name,
                "advertiser": advertisers.get(name),
                "rows": round(float(positives[campaign] + negatives[campaign])),
                "positives": int(positives[campaign]),
                "complete_rows": float(complete[campaign]),
                "decision": outcome.decisions[campaign],
                "penalty": None if own is None else own.penalty,
                "ratio": None if own is None else own.ratio,
                "weights": None if own is None else len(own.columns),
                "held_out": held_out_figures(job, outcome, campaign),
            }
        )
    return result


def held_out_figures(job: Job, outcome: Outcome, campaign: int | None = None) -> dict[str, float | None] | None:
    """Figures of a campaign's held-back rows, or of all: by the models, by observed rates, and by the shared model.

    None if no day was held back.
    """
    if job.trial is None or outcome.held_back is None:
        return None
    held = job.trial.held_back
    place = slice(0, len(held)) if campaign is None else held.rows_of(campaign)
    weights = job.examples.weights[held.rows[place]]
    outcomes = held.outcomes[place]
    log_rate = job.examples.log_rate
    figures = judged(outcomes, outcome.held_back[place] + log_rate, weights)
    figures["ne_constant"] = normalized_entropy(outcomes, constant(job, job.trial)[place], weights)
    shared = outcome.shared_held_back
    figures["ne_shared"] = None if shared is None else normalized_entropy(outcomes, shared[place] + log_rate, weights)
    return figures


def held_out_table(job: Job, outcome: Outcome) -> pa.Table:
    """The held-back rows for ``held_out.parquet``, by campaign and time; empty if no day was held back."""
    if job.trial is None or outcome.held_back is None:
        return HELD_OUT.empty_table()
    held = job.trial.held_back
    ids = job.examples.table.select(["impression_id", "campaign"]).take(pa.array(held.rows))
    return pa.table(
        [
            ids["impression_id"],
            ids["campaign"],
            pa.array(held.outcomes > 0),
            pa.array(expit(outcome.held_back + job.examples.log_rate)),
            pa.array(expit(constant(job, job.trial))),
            pa.array(job.examples.weights[held.rows]),
        ],
        schema=HELD_OUT,
    )


def summary(job: Job, outcome: Outcome, campaigns: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures in ``training.json`` for the training as a whole."""
    shared = outcome.models.shared
    own = outcome.models.own
    result: dict[str, Any] = {
        "target": job.target,
        "strategy": job.options.strategy,
        "negative_sampling_rate": job.examples.negative_sampling_rate,
        "rows": sum(row["rows"] for row in campaigns),
        "rows_fitted": len(job.now),
        "positives": sum(row["positives"] for row in campaigns),
        "first_day": str(day_of(int(job.examples.days[job.now.rows].min()))),
        "last_day": str(day_of(int(job.examples.days[job.now.rows].max()))),
        "columns": job.column_count,
        "shared": None
        if shared is None
        else {"penalty": shared.penalty, "ratio": shared.ratio, "weights": len(shared.columns)},
        "own_models": len(own),
        "own_weights": sum(len(weights.columns) for weights in own.values()),
        "curve": [{"ratio": ratio, "ne": ne} for ratio, ne in outcome.curve],
        "held_out": None,
    }
    figures = held_out_figures(job, outcome)
    if job.trial is not None and figures is not None:
        days = job.examples.days[job.trial.held_back.rows]
        result["held_out"] = {
            "first_day": str(day_of(int(days.min()))),
            "last_day": str(day_of(int(days.max()))),
            **figures,
            "campaigns": len(campaigns),
        }
    return result
