# SPDX-License-Identifier: Apache-2.0
"""Comparison of strategies on days that none of them has seen."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.features import FeatureSet
from valuation_pipeline.training.job import Progress
from valuation_pipeline.training.metrics import normalized_entropy
from valuation_pipeline.training.options import Strategy, Target, TrainingOptions
from valuation_pipeline.training.rows import Numbers
from valuation_pipeline.training.train import Trained, train

SIZES = ((0, 50, "< 50"), (50, 501, "50 to 500"), (501, None, "> 500"), (0, None, "all"))
"""Classes of campaigns by their positives in the training."""


@dataclass(frozen=True)
class Compared:
    """The performance of a strategy.

    Attributes
    ----------
    name : str
        The strategy; or "constant", each campaign's observed rate; or "truth".
    entropies : dict of str to float or None
        Normalized entropy on the unseen days by class of campaigns; None if it is undefined.
    cpu_seconds : float or None
        Of the training, over all threads.
    models, weights : int or None
        The number of its weights.
    """

    name: str
    entropies: dict[str, float | None]
    cpu_seconds: float | None = None
    models: int | None = None
    weights: int | None = None


def compare(
    table: pa.Table,
    feature_set: FeatureSet,
    options: TrainingOptions,
    target: Target,
    as_of: datetime,
    strategies: Sequence[Strategy],
    negative_sampling_rate: float = 1.0,
    workers: int | None = None,
    progress: Progress = lambda stage, done, total: None,
    attribution_days: float = 7.0,
    truth: Numbers | None = None,
) -> tuple[list[Compared], dict[str, int]]:
    """Train each strategy as of the beginning of the last days, and judge it on them.

    The days that chose the penalties would flatter the strategy that tried most of them.

    Parameters
    ----------
    table, feature_set, options, target, as_of, negative_sampling_rate, workers, progress, attribution_days
        As for ``train``; as many days are held back as for choosing penalties.
    strategies : sequence of str
    truth : array (rows of the table), optional
        The true probability of each row.

    Returns
    -------
    (list of Compared, dict)
        Constant, strategies, truth; and the number of campaigns of each class among those of the unseen days.

    Raises
    ------
    PipelineError
        There are too few days, or a training fails.
    """
    unseen, begins = _unseen(table, options, target, as_of, attribution_days)
    chosen = table.filter(pa.array(unseen))
    outcomes = chosen[target].to_numpy().astype(np.float64)
    rate = negative_sampling_rate if target == "click" else 1.0
    weights = np.where(outcomes > 0, 1.0, 1.0 / rate)
    results: list[Compared] = []
    sizes: list[np.ndarray[tuple[int], np.dtype[np.bool_]]] = []
    counts: dict[str, int] = {}
    for strategy in strategies:
        started = time.process_time()
        told = options.model_copy(update={"strategy": strategy})
        trained = train(table, feature_set, told, target, begins, rate, workers, progress, attribution_days)
        seconds = time.process_time() - started
        if not results:
            positives = _positives(trained, chosen)
            sizes = [(positives >= low) & (high is None or positives < high) for low, high, _ in SIZES]
            campaigns = chosen["campaign"].combine_chunks()
            for (_, _, name), size in zip(SIZES, sizes, strict=True):
                counts[name] = len(pc.unique(campaigns.filter(pa.array(size))))
            constant = trained.observed_log_odds(chosen)
            results.append(Compared("constant", _entropies(outcomes, constant, weights, sizes)))
        entropies = _entropies(outcomes, trained.log_odds(chosen), weights, sizes)
        count = sum(len(own.columns) for own in trained.models.own.values())
        count += len(trained.models.shared.columns) if trained.models.shared else 0
        results.append(Compared(strategy, entropies, seconds, len(trained.documents), count))
    if truth is not None:
        known = truth[unseen]
        log_odds = np.log(known) - np.log1p(-known)
        results.append(Compared("truth", _entropies(outcomes, log_odds, weights, sizes)))
    return results, counts


def _unseen(
    table: pa.Table, options: TrainingOptions, target: Target, as_of: datetime, attribution_days: float
) -> tuple[np.ndarray[tuple[int], np.dtype[np.bool_]], datetime]:
    """Which rows are to be predicted, and when their first day begins."""
    if as_of.tzinfo is not None:
        as_of = as_of.astimezone(UTC).replace(tzinfo=None)
    days = options.validation_days if target == "click" else options.conversion_validation_days
    known = as_of - timedelta(days=attribution_days if target == "conversion" else 0.0)
    dates = table["date"].cast(pa.int32()).to_numpy()
    of_target = table["click"].to_numpy() if target == "conversion" else np.ones(len(dates), bool)
    times = table["click_time" if target == "conversion" else "time"]
    before = pc.fill_null(pc.less_equal(times, pa.scalar(known, times.type)), False).to_numpy()
    if not (of_target & before).any():
        raise PipelineError(f"compare: no {target} is known yet of any day at {as_of:%Y-%m-%d %H:%M}; give more days")
    last = int(dates[of_target & before].max())
    begins = datetime(1970, 1, 1) + timedelta(days=last - days + 1)
    return of_target & before & (dates > last - days), begins


def _positives(trained: Trained, table: pa.Table) -> Numbers:
    """The number of positives of each row's campaign in the training."""
    names = pa.array([row["campaign"] for row in trained.campaigns], pa.string())
    counts = np.array([row["positives"] for row in trained.campaigns] + [0.0])
    places = pc.fill_null(pc.index_in(table["campaign"], value_set=names), -1).to_numpy()
    result: Numbers = counts[places]
    return result


def _entropies(
    outcomes: Numbers, log_odds: Numbers, weights: Numbers, sizes: list[np.ndarray[tuple[int], np.dtype[np.bool_]]]
) -> dict[str, float | None]:
    return {
        name: normalized_entropy(outcomes[size], log_odds[size], weights[size])
        for (_, _, name), size in zip(SIZES, sizes, strict=True)
    }
