# SPDX-License-Identifier: Apache-2.0
"""The models of one target, from a table of features to documents."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.features import FeatureSet, Vocabulary
from valuation_pipeline.training.campaigns import advertisers
from valuation_pipeline.training.corrections import corrections
from valuation_pipeline.training.documents import DocumentWriter
from valuation_pipeline.training.job import Job, Progress
from valuation_pipeline.training.joint import joint
from valuation_pipeline.training.models import Models
from valuation_pipeline.training.options import Target, TrainingOptions
from valuation_pipeline.training.report import campaign_rows, held_out_table, summary
from valuation_pipeline.training.rows import Indices, Numbers, read_rows
from valuation_pipeline.training.samples import Known, microseconds
from valuation_pipeline.training.separate import separate
from valuation_pipeline.training.shared import pooled, require_campaign_and_advertiser
from valuation_pipeline.training.spreads import field_of_columns
from valuation_pipeline.training.workers import Threads, Workers

STRATEGIES = {"pooled": pooled, "corrections": corrections, "joint": joint, "separate": separate}


class NothingToTrainError(PipelineError):
    """No positives, or no negatives, of a target are known."""


@dataclass(frozen=True)
class Trained:
    """The models of a target, and their figures.

    Attributes
    ----------
    documents : list of dict
        ``valuation-model/1``: ``"*"`` first, then by campaign.
    campaigns : list of dict
        One for each campaign, by its id: ``campaign``, ``advertiser``, ``rows`` and ``positives`` (before sampling),
        ``complete_rows`` (of clicks whose conversions may still come, only the share of these that has come),
        ``decision``, ``penalty``, ``ratio``, ``weights`` (of its own model; null if it has none), and ``held_out``:
        ``rows``, ``positives``, ``ne``, ``ne_constant``, ``ne_shared``, ``auc``, ``sum_p`` (null if undefined or
        if no day was held back).
    held_out : pa.Table
        impression_id, campaign, outcome, probability, constant, weight of the held-back rows, from models that were
        fitted without their days. ``weight`` is how many rows each represents. Empty if no day was held back.
    summary : dict
        Strategy, rows, days, the shared model's penalties and the result of the held-back days for each, and the same
        figures over all campaigns.
    vocabulary : Vocabulary
        The columns of all models.
    models : Models
        The weights, by the vocabulary's columns.
    """

    documents: list[dict[str, Any]]
    campaigns: list[dict[str, Any]]
    held_out: pa.Table
    summary: dict[str, Any]
    vocabulary: Vocabulary
    models: Models

    def log_odds(self, table: pa.Table) -> Numbers:
        """Log-odds of the rows of a table of features, in its order, as the engine computes them. O(entries)."""
        log_odds = self.models.log_odds(self.vocabulary.encode(table), self._places(table))
        result: Numbers = log_odds + np.log(self.summary["negative_sampling_rate"])
        return result

    def observed_log_odds(self, table: pa.Table) -> Numbers:
        """Log-odds of the observed rate of each row's campaign, shrunk towards all campaigns'."""
        observed = np.append(self.models.stand_in, self.models.unknown) + np.log(self.summary["negative_sampling_rate"])
        result: Numbers = observed[self._places(table)]
        return result

    def _places(self, table: pa.Table) -> Indices:
        """The campaign of each row by its index, -1 for an unknown one."""
        names = pa.array([row["campaign"] for row in self.campaigns], pa.string())
        places = pc.fill_null(pc.index_in(table["campaign"], value_set=names), -1)
        result: Indices = places.to_numpy().astype(np.int64)
        return result


def train(
    table: pa.Table,
    feature_set: FeatureSet,
    options: TrainingOptions,
    target: Target,
    as_of: datetime,
    negative_sampling_rate: float = 1.0,
    workers: int | Workers | None = None,
    progress: Progress = lambda stage, done, total: None,
    attribution_days: float = 7.0,
) -> Trained:
    """Train the models of one target.

    Parameters
    ----------
    table : pa.Table
        From ``features.tabulate``, of the days to train on.
    feature_set : FeatureSet
        The features of the table.
    options : TrainingOptions
    target : "click" or "conversion"
        Conversion models are trained on the rows that were clicked.
    as_of : datetime
        UTC; training uses what was known then according to the table. Later rows are left out.
    negative_sampling_rate : float, default=1
        Share of the negatives that the table has; for conversions, of clicks, always 1.
    workers : int or Workers, optional
        Threads, by default one a core; or another engine for the fits. The result does not depend on it.
    progress : callable
    attribution_days : float, default=7
        How long after a click its conversions count.

    Raises
    ------
    NothingToTrainError
        No outcomes are known yet, or all are alike.
    PipelineError
        There is nothing to train on, or the features lack the campaign or advertiser.
    """
    rate = 1.0 if target == "conversion" else negative_sampling_rate
    known = Known(target, attribution_days, options)
    at = microseconds(as_of)
    table = table.filter(pc.field("time") < pa.scalar(at, pa.timestamp("us")))
    examples, vocabulary = read_rows(table, feature_set, target, rate)
    now = known.sample(examples, at)
    positives = float(now.outcomes.sum())
    if positives in (0.0, float(len(now))):
        raise NothingToTrainError(
            f"{target} models: {positives:.0f} positives among {len(now)} rows that are known at "
            f"{as_of:%Y-%m-%d %H:%M}; both positives and negatives are needed. Train on more days, or see what "
            "counts.json says of the log"
        )
    if options.strategy != "separate":
        require_campaign_and_advertiser(table, feature_set)
    job = Job(
        examples=examples,
        target=target,
        options=options,
        column_count=vocabulary.column_count,
        fields=field_of_columns(vocabulary),
        now=now,
        trial=known.trial(examples, at),
        workers=Threads(workers or os.cpu_count() or 1) if workers is None or isinstance(workers, int) else workers,
        progress=progress,
    )
    outcome = STRATEGIES[options.strategy](job)
    campaigns = campaign_rows(job, outcome, advertisers(table))
    overall = summary(job, outcome, campaigns)
    writer = DocumentWriter(job, outcome.models, vocabulary, feature_set, version=f"{as_of:%Y-%m-%dT%H:%M:%SZ}")
    return Trained(
        documents=list(writer.documents(campaigns, overall)),
        campaigns=campaigns,
        held_out=held_out_table(job, outcome),
        summary=overall,
        vocabulary=vocabulary,
        models=outcome.models,
    )
