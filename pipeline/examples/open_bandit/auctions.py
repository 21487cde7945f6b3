# SPDX-License-Identifier: Apache-2.0
"""Makes requests from a table of features: an impression is the request, other impressions' ads are its candidates."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import valuation

from valuation_pipeline.features import FeatureSet


def auctions(table: pa.Table, feature_set: FeatureSet, count: int, ads: int, prefix: str = "") -> list[dict[str, Any]]:
    """Requests as JSON.

    Parameters
    ----------
    table : pyarrow.Table
        From ``valuation_pipeline.features.tabulate``.
    feature_set : FeatureSet
        The table's definition.
    count, ads : int
        The number of requests, spread evenly over the table, and the largest number of different ads of each.
    prefix : str
        The prefix of the requests' ids, before the impression's.

    Notes
    -----
    If the log has no bids, each ad gets one made from the fingerprint of its name, 0.20 to 1.00 a click.
    """
    if table.num_rows == 0:
        return []
    step = max(1, table.num_rows // count)
    rows = table.take(list(range(0, table.num_rows, step))[:count]).to_pylist()
    return [_request(rows, place, feature_set, ads, prefix) for place in range(len(rows))]


def _request(rows: list[dict[str, Any]], place: int, feature_set: FeatureSet, ads: int, prefix: str) -> dict[str, Any]:
    candidates: dict[tuple[str, str], dict[str, Any]] = {}
    for other in rows[place:] + rows[:place]:
        if len(candidates) == ads:
            break
        candidates.setdefault((other["campaign"], other["ad"]), _candidate(other, feature_set))
    return {
        "id": prefix + rows[place]["impression_id"],
        "features": feature_set.request_features(rows[place]),
        "candidates": list(candidates.values()),
    }


def _candidate(row: dict[str, Any], feature_set: FeatureSet) -> dict[str, Any]:
    bid = row["bid"]
    return {
        "ad": row["ad"],
        "campaign": row["campaign"],
        "pricing": row["pricing"] or "cpc",
        "bid": bid if bid is not None else (20 + valuation.fingerprint64(row["ad"]) % 81) / 100,
        "features": feature_set.ad_features(row),
    }
