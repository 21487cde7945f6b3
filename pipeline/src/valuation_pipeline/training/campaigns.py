# SPDX-License-Identifier: Apache-2.0
"""The counts of each campaign, by which the engine values those without a model (``valuation-campaign/1``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from valuation_pipeline.database import connect
from valuation_pipeline.errors import PipelineError
from valuation_pipeline.training.delay import DelayCurves
from valuation_pipeline.training.job import shrunk_rates
from valuation_pipeline.training.rows import MICROSECONDS_A_DAY, Indices, Numbers

NEVER = np.iinfo(np.int64).max
"""The time of a conversion that has not come."""
_COUNTS = """
    SELECT campaign, arg_max(advertiser, (time, impression_id)) AS advertiser, count(*) AS impressions,
        count(*) FILTER (click) AS clicks, max(date) AS last
    FROM read_parquet(?) GROUP BY campaign ORDER BY campaign"""
_CLICKS = f"""
    SELECT campaign, epoch_us(click_time) AS time, coalesce(epoch_us(conversion_time), {NEVER}) AS conversion_time
    FROM read_parquet(?) WHERE click ORDER BY campaign"""


@dataclass(frozen=True)
class _Clicks:
    """See ``delay.Clicks``."""

    campaigns: list[str]
    bounds: Indices
    times: Indices
    outcome_times: Indices


def campaign_documents(examples: Path, attribution_days: float) -> list[dict[str, Any]]:
    """Count impressions, clicks and clicks with a conversion of each campaign.

    To the conversions that have come, those are added that are still expected of young clicks: each click is one short
    of the share of conversions that comes by its age, at its campaign's rate. So conversions / clicks is what the rate
    will be, and the numbers may be no whole ones.

    Parameters
    ----------
    examples : Path
        ``examples.parquet``, before sampling. Its last day is the last one that is known.
    attribution_days : float
        How long after a click its conversions count.

    Returns
    -------
    list of dict
        By campaign. The advertiser is that of the last impression that names one.

    Raises
    ------
    PipelineError
        The file cannot be read.
    """
    try:
        with connect() as connection:
            rows = connection.execute(_COUNTS, [str(examples)]).fetchall()
            found = connection.execute(_CLICKS, [str(examples)]).fetchnumpy()
    except duckdb.Error as error:
        raise PipelineError(f"{examples}: {error}") from error
    clicks = _Clicks(
        campaigns=[row[0] for row in rows],
        bounds=np.concatenate([[0], np.cumsum([row[3] for row in rows])]).astype(np.int64),
        times=np.asarray(found["time"], np.int64),
        outcome_times=np.asarray(found["conversion_time"], np.int64),
    )
    last = max((row[4] for row in rows), default=date(1970, 1, 1)) + timedelta(days=1)
    conversions = _conversions(clicks, (last - date(1970, 1, 1)).days * MICROSECONDS_A_DAY, attribution_days)
    return [
        {
            "format": "valuation-campaign/1",
            "campaign": campaign,
            **({} if advertiser is None else {"advertiser": advertiser}),
            "impressions": impressions,
            "clicks": clicked,
            "conversions": int(converted) if converted.is_integer() else converted,
        }
        for (campaign, advertiser, impressions, clicked, _), converted in zip(rows, conversions.tolist(), strict=True)
    ]


def _conversions(clicks: _Clicks, at: int, attribution_days: float) -> Numbers:
    """Return the clicks of each campaign that have converted, or will, of those that one knows of at a time."""
    curves = DelayCurves.fit(clicks, at, round(attribution_days * MICROSECONDS_A_DAY))
    shares = np.exp(curves.log_shares(clicks, at))
    came = _by_campaign((clicks.outcome_times < at).astype(np.float64), clicks)
    complete = np.maximum(_by_campaign(shares, clicks), came)
    rate, _ = shrunk_rates(came, complete, "conversion")
    result: Numbers = came + (np.diff(clicks.bounds) - complete) * rate
    return result


def _by_campaign(values: Numbers, clicks: _Clicks) -> Numbers:
    campaign = np.repeat(np.arange(len(clicks.campaigns)), np.diff(clicks.bounds))
    return np.bincount(campaign, values, len(clicks.campaigns)).astype(np.float64)


def advertisers(table: pa.Table) -> dict[str, str]:
    """The advertiser of each campaign, from its last row that names one; the table is in the order of time."""
    named = table.select(["campaign", "advertiser"]).drop_null()
    last = pa.TableGroupBy(named, "campaign", use_threads=False).aggregate([("advertiser", "last")])
    return dict(zip(last["campaign"].to_pylist(), last["advertiser_last"].to_pylist(), strict=True))
