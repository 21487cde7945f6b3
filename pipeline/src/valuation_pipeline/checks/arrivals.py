# SPDX-License-Identifier: Apache-2.0
"""How many clicks and conversions came on each day, and how many could have come.

The clicks (conversions) of a day belong to impressions (clicks) of that day and of earlier days. The days before the
newest give the share that comes at each age. From these shares, the impressions and clicks of the newest day and their
ages give its expected count, although nothing of that day is complete.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np

from valuation_pipeline.checks.campaign_rates import CampaignArrivals
from valuation_pipeline.checks.options import Check
from valuation_pipeline.checks.statistics import Floats
from valuation_pipeline.checks.volumes import Arrivals


def quoted(text: str) -> str:
    """Write a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def impressions_by_day(connection: duckdb.DuckDBPyConnection, examples: Path) -> Arrivals:
    """Count the impressions of each day and hour."""
    days = all_days(connection, examples)
    counts = np.zeros((len(days), 24))
    for day, hour, rows in connection.execute(
        f"SELECT date, hour(time), count(*) FROM {_table(examples)} GROUP BY ALL"
    ).fetchall():
        counts[days.index(day), hour] += rows
    return Arrivals("impressions", [str(day) for day in days], counts, np.ones(len(days)), "")


def outcomes_by_day(
    connection: duckdb.DuckDBPyConnection, examples: Path, target: str, window_days: int
) -> tuple[Arrivals, CampaignArrivals]:
    """Count the clicks or conversions that came on each day, of all campaigns by hour, and of each campaign.

    Parameters
    ----------
    connection : DuckDBPyConnection
    examples : Path
        The file ``examples.parquet``.
    target : str
        "click" or "conversion".
    window_days : int
        The largest number of days after the impression at which an outcome counts. Days are left out whose outcomes may
        be of impressions from before the first day; if that leaves less than half of them, older outcomes are left out
        instead.
    """
    days = all_days(connection, examples)
    oldest = min(window_days, max(0, (len(days) - 1) // 2))
    of, shown_if = ("impressions", "TRUE") if target == "click" else ("clicks", "click")
    table: Check = "clicks" if target == "click" else "conversions"
    campaigns = [
        name
        for (name,) in connection.execute(
            f"SELECT DISTINCT campaign FROM {_table(examples)} WHERE {shown_if} ORDER BY campaign"
        ).fetchall()
    ]
    places = {name: place for place, name in enumerate(campaigns)}
    day_of = {day: place for place, day in enumerate(days)}
    shown = np.zeros((len(days), len(campaigns)))
    for day, campaign, rows in connection.execute(
        f"SELECT date, campaign, count(*) FROM {_table(examples)} WHERE {shown_if} GROUP BY ALL"
    ).fetchall():
        shown[day_of[day], places[campaign]] = rows
    came = np.zeros((len(days), oldest + 1, len(campaigns)))
    hours = np.zeros((len(days), 24))
    for day, hour, age, campaign, rows in connection.execute(
        f"SELECT {target}_time::DATE AS day, hour({target}_time), day - date AS age, campaign, count(*) "
        f"FROM {_table(examples)} WHERE {shown_if} AND {target} AND {target}_time::DATE - date BETWEEN 0 AND ? "
        f"AND {target}_time::DATE <= ? GROUP BY ALL",
        [oldest, days[-1]],
    ).fetchall():
        came[day_of[day], age, places[campaign]] += rows
        hours[day_of[day], hour] += rows
    return _held_against(
        table, target, of, campaigns, days[oldest:], came[oldest:], hours[oldest:], _aged(shown, oldest)
    )


def all_days(connection: duckdb.DuckDBPyConnection, examples: Path) -> list[date]:
    """Return the days from the first to the newest, including those without impressions."""
    first, last = connection.execute(f"SELECT min(date), max(date) FROM {_table(examples)}").fetchall()[0]
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _table(examples: Path) -> str:
    return f"read_parquet({quoted(str(examples))})"


def _aged(shown: Floats, oldest: int) -> Floats:
    """Return the impressions or clicks by age in days: shape (n_days - oldest, oldest + 1, n_campaigns)."""
    return np.stack([shown[oldest - age : len(shown) - age] for age in range(oldest + 1)], axis=1)


def _held_against(
    table: Check,
    target: str,
    of: str,
    names: list[str],
    days: list[date],
    came: Floats,
    hours: Floats,
    shown: Floats,
) -> tuple[Arrivals, CampaignArrivals]:
    by_age = shown[:-1].sum(axis=(0, 2))
    rates = np.divide(came[:-1].sum(axis=(0, 2)), by_age, out=np.zeros_like(by_age), where=by_age > 0)
    expected = np.einsum("dac,a->dc", shown, rates)
    whole = Arrivals(table, [str(day) for day in days], hours, expected.sum(axis=1), of)
    counts = came.sum(axis=1)
    known = expected.sum(axis=0) > 0
    campaigns = CampaignArrivals(
        target=target,
        of=of,
        day=str(days[-1]),
        days_before=len(days) - 1,
        campaigns=[names[place] for place in np.flatnonzero(known)],
        counts=np.stack([counts[:-1].sum(axis=0), counts[-1]], axis=1)[known],
        exposures=np.stack([expected[:-1].sum(axis=0), expected[-1]], axis=1)[known],
        shown=shown[:, 0].sum(axis=0)[known],
    )
    return whole, campaigns
