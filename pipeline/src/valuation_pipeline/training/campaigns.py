# SPDX-License-Identifier: Apache-2.0
"""The counts of each campaign, by which the engine values those without a model (``valuation-campaign/1``)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from valuation_pipeline.errors import PipelineError


def campaign_documents(examples: Path) -> list[dict[str, Any]]:
    """Count impressions, clicks and clicks with a conversion of each campaign.

    Parameters
    ----------
    examples : Path
        ``examples.parquet``, before sampling.

    Returns
    -------
    list of dict
        By campaign. The advertiser is that of the last impression that names one.

    Raises
    ------
    PipelineError
        The file cannot be read.
    """
    query = """
        SELECT campaign, arg_max(advertiser, (time, impression_id)) AS advertiser, count(*) AS impressions,
            count(*) FILTER (click) AS clicks, count(*) FILTER (click AND conversion) AS conversions
        FROM read_parquet(?) GROUP BY campaign ORDER BY campaign"""
    try:
        with duckdb.connect() as connection:
            connection.execute("SET enable_progress_bar = false")
            rows = connection.execute(query, [str(examples)]).fetchall()
    except duckdb.Error as error:
        raise PipelineError(f"{examples}: {error}") from error
    return [
        {
            "format": "valuation-campaign/1",
            "campaign": campaign,
            **({} if advertiser is None else {"advertiser": advertiser}),
            "impressions": impressions,
            "clicks": clicks,
            "conversions": conversions,
        }
        for campaign, advertiser, impressions, clicks, conversions in rows
    ]


def advertisers(table: pa.Table) -> dict[str, str]:
    """The advertiser of each campaign, from its last row that names one; the table is in the order of time."""
    named = table.select(["campaign", "advertiser"]).drop_null()
    last = pa.TableGroupBy(named, "campaign", use_threads=False).aggregate([("advertiser", "last")])
    return dict(zip(last["campaign"].to_pylist(), last["advertiser_last"].to_pylist(), strict=True))
