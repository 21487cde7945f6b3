# SPDX-License-Identifier: Apache-2.0
"""The checks that need the engine: the models to be published, on the log's last days."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import valuation

from valuation_pipeline.checks.arrivals import quoted
from valuation_pipeline.checks.calibration import Predicted, check_calibration, check_campaigns
from valuation_pipeline.checks.engines import BOTH, Release, releases_beside, score
from valuation_pipeline.checks.inputs import RunInputs
from valuation_pipeline.checks.log_checks import Windows
from valuation_pipeline.checks.lost import check_lost
from valuation_pipeline.checks.moved import check_money, check_weights
from valuation_pipeline.checks.options import CheckOptions
from valuation_pipeline.checks.replay import check_replay
from valuation_pipeline.checks.verdicts import Verdict
from valuation_pipeline.database import connect
from valuation_pipeline.features import FeatureSet
from valuation_pipeline.training.options import Target


def check_engine(
    run: RunInputs,
    models: Path,
    table: pa.Table,
    feature_set: FeatureSet,
    previous: Release | None,
    windows: Windows,
    spreads: dict[Target, float],
    options: CheckOptions,
) -> list[Verdict]:
    """Load the models, score the last days, and compare them with the outcomes and with the last release.

    Parameters
    ----------
    run : RunInputs
    models : Path
        The folder of models to be published.
    table : pyarrow.Table
        Features of all examples, from ``features.tabulate``.
    feature_set : FeatureSet
    previous : Release or None
        The last release.
    windows : Windows
    spreads : dict
        From :func:`log_checks.check_log`.
    options : CheckOptions
    """
    newest = table.filter(pc.equal(table["date"], pa.scalar(run.newest)))
    verdicts = []
    with valuation.Engine() as engine:
        try:
            engine.load(models)
        except valuation.Error as error:
            reason = f"The engine refuses the models, so they cannot serve: {error}"
            return [Verdict("models", "engine", "failed", None, None, reason)]
        counts = Counter(document["target"] for document in run.documents)
        loaded = " and ".join(f"{number} {target} models" for target, number in counts.items())
        verdicts.append(
            Verdict("models", "engine", "passed", None, None, f"The engine loads {loaded} and their self-tests hold.")
        )
        for target in (trained.target for trained in run.targets):
            predicted = _scored(engine, table, feature_set, target, run.newest, windows, options)
            verdicts += check_calibration(predicted, spreads[target], options)
            verdicts += check_campaigns(predicted, spreads[target], options)
        if previous is None:
            reason = "There is no release to compare with yet."
            return verdicts + [
                Verdict(check, "last release", "skipped", None, None, reason)
                for check in ("campaigns_lost", "moved", "replay")
            ]
        sample = _spread_out(newest, options.moved_rows)
        after = score(engine, sample, feature_set)["expected_revenue"].astype(np.float64)
    day_before = table.filter(pc.equal(table["date"], pa.scalar(run.newest - timedelta(days=1))))
    shown = Counter(newest["campaign"].to_pylist()), Counter(day_before["campaign"].to_pylist())
    return [*verdicts, *_against_last(run, models, newest, shown, sample, after, feature_set, previous, options)]


def _scored(
    engine: valuation.Engine,
    table: pa.Table,
    feature_set: FeatureSet,
    target: Target,
    newest: date,
    windows: Windows,
    options: CheckOptions,
) -> Predicted:
    """Score the last days with known outcomes: for conversions, those older than their window."""
    last = newest if target == "click" else newest - timedelta(days=windows.conversion_days)
    chosen = pc.and_(
        pc.less_equal(table["date"], pa.scalar(last)),
        pc.greater(table["date"], pa.scalar(last - timedelta(days=options.recent_days))),
    )
    if target == "conversion":
        chosen = pc.and_(chosen, table["click"])
    rows = table.filter(chosen)
    names, codes = np.unique(np.array(rows["campaign"].to_pylist(), object), return_inverse=True)
    probabilities = np.zeros(0)
    if rows.num_rows:
        values = score(engine, rows, feature_set, pricing=BOTH, bids=1.0)
        probabilities = np.nan_to_num(values["pctr" if target == "click" else "pcvr"]).astype(np.float64)
    outcomes = rows[target].to_numpy(zero_copy_only=False).astype(np.float64)
    count = len(names)
    return Predicted(
        target=target,
        source="engine",
        days=max(1, len(pc.unique(rows["date"]))),
        campaigns=names.tolist(),
        rows=np.bincount(codes, minlength=count).astype(np.float64),
        predicted=np.bincount(codes, probabilities, count).astype(np.float64),
        observed=np.bincount(codes, outcomes, count).astype(np.float64),
        variances=np.zeros(count),
    )


def _against_last(
    run: RunInputs,
    models: Path,
    newest: pa.Table,
    shown: tuple[Counter[str], Counter[str]],
    sample: pa.Table,
    after: np.ndarray,
    feature_set: FeatureSet,
    previous: Release,
    options: CheckOptions,
) -> list[Verdict]:
    with valuation.Engine() as engine:
        try:
            engine.load(previous.folder)
            comparison = valuation.compare_models(previous.folder, models, most=3)
        except valuation.Error as error:
            reason = f"The last release cannot be loaded to compare with: {error}"
            return [
                Verdict(check, previous.id, "skipped", None, None, reason)
                for check in ("campaigns_lost", "moved", "replay")
            ]
        before = score(engine, sample, feature_set)["expected_revenue"].astype(np.float64)
    campaigns = np.array(sample["campaign"].to_pylist(), object)
    plain = newest.filter(pc.is_in(newest["impression_id"], value_set=_logged_plainly(run)))
    shared = {document["target"] for document in run.documents if document["campaign"] == "*"}
    return [
        *check_lost(comparison, shared, *shown, options),
        *check_weights(comparison),
        *check_money(campaigns, before, after, options),
        *check_replay(plain, feature_set, releases_beside(previous), options),
    ]


def _logged_plainly(run: RunInputs) -> pa.Array:
    """Find the newest day's impressions that were valued without a policy and within their time budget."""
    with connect() as connection:
        found = connection.execute(
            f"SELECT impression_id FROM read_parquet({quoted(str(run.examples))}) WHERE date = ? AND release IS NOT "
            f"NULL AND pctr IS NOT NULL AND predictor IS NULL AND NOT coalesce(list_contains(flags, "
            f"'budget_exceeded'), FALSE)",
            [run.newest],
        ).fetchall()
    return pa.array([impression for (impression,) in found], pa.string())


def _spread_out(table: pa.Table, rows: int) -> pa.Table:
    """Take a number of rows at equal distances, over the whole day."""
    if table.num_rows <= rows:
        return table
    return table.take(pa.array(np.linspace(0, table.num_rows - 1, rows).astype(np.int64)))
