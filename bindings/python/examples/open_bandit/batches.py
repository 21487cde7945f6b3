# SPDX-License-Identifier: Apache-2.0
"""Scores whole tables with the engine's batch call: no JSON, one call of the library."""

from __future__ import annotations

from typing import Any

import pandas as pd
from numpy.typing import ArrayLike, NDArray

import valuation
from features import FeatureSet


def score_rows(
    engine: valuation.Engine,
    rows: pd.DataFrame,
    features: FeatureSet,
    pricing: ArrayLike,
) -> NDArray[Any]:
    """Values each row as a request with one candidate: the row's campaign, "bid" and features.

    Returns the values of ``Engine.score_batch``, one a row: expected_revenue, pctr, pcvr, flags.
    """
    requests = valuation.Features.from_columns(
        engine,
        {field: rows[field] for field in (*features.request_categories, *features.request_numbers)},
        numeric=features.request_numbers,
    )
    of_ads = valuation.Features.from_columns(
        engine,
        {field: rows[field] for field in (*features.ad_categories, *features.ad_numbers)},
        numeric=features.ad_numbers,
    )
    candidates = valuation.Candidates(engine.campaign_keys(rows["campaign"]), pricing, rows["bid"], features=of_ads)
    return engine.score_batch(valuation.Batch(requests, candidates))
