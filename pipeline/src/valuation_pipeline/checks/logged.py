# SPDX-License-Identifier: Apache-2.0
"""What servers predicted in the last days, beside what happened then."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import numpy as np

from valuation_pipeline.checks.arrivals import quoted
from valuation_pipeline.checks.calibration import Predicted
from valuation_pipeline.checks.inputs import RunInputs
from valuation_pipeline.training.options import Target


def logged_predictions(
    connection: duckdb.DuckDBPyConnection, run: RunInputs, target: Target, window_days: int, days: int
) -> Predicted | None:
    """Sum the logged predictions of the last days of which the outcomes are known, by campaign.

    Parameters
    ----------
    connection : DuckDBPyConnection
    run : RunInputs
    target : str
    window_days : int
        How many days conversions may come after; a day of clicks is whole at its end, but for its last minutes.
    days : int
        How many days.

    Returns
    -------
    Predicted or None
        None where the log has no predictions.
    """
    probability, shown_if = ("pctr", "TRUE") if target == "click" else ("pcvr", "click")
    last = run.newest - timedelta(days=0 if target == "click" else window_days)
    found = connection.execute(
        f"SELECT campaign, count(*), sum({probability}), count(*) FILTER ({target}), min(date), max(date) FROM "
        f"read_parquet({quoted(str(run.examples))}) WHERE {shown_if} AND {probability} IS NOT NULL AND date > ? AND "
        f"date <= ? GROUP BY campaign ORDER BY campaign",
        [last - timedelta(days=days), last],
    ).fetchall()
    if not found:
        return None
    campaigns, rows, predicted, observed, first_days, last_days = zip(*found, strict=True)
    return Predicted(
        target=target,
        source="logged",
        days=(max(last_days) - min(first_days)).days + 1,
        campaigns=list(campaigns),
        rows=np.array(rows, np.float64),
        predicted=np.array(predicted, np.float64),
        observed=np.array(observed, np.float64),
        variances=np.zeros(len(campaigns)),
    )
