# SPDX-License-Identifier: Apache-2.0
"""The schema ``valuation-log/1``: the tables of a delivery log, as pyarrow schemas.

Documentation/logs.md has the meaning of each column. Times are UTC with microseconds; ids are texts; ``features`` maps
a field to its values as texts, numbers as their shortest decimal text (12.0 is "12").
"""

from __future__ import annotations

import pyarrow as pa

FORMAT = "valuation-log/1"

TIME = pa.timestamp("us")
FEATURES = pa.map_(pa.string(), pa.list_(pa.string()))
UNIT = pa.map_(pa.string(), pa.string())
PRICINGS = ("cpm", "cpc", "cpa")

IMPRESSIONS = pa.schema(
    [
        pa.field("impression_id", pa.string(), nullable=False),
        pa.field("time", TIME, nullable=False),
        pa.field("request_id", pa.string()),
        pa.field("unit", UNIT),
        pa.field("placement", pa.string()),
        pa.field("campaign", pa.string(), nullable=False),
        pa.field("advertiser", pa.string()),
        pa.field("ad", pa.string(), nullable=False),
        pa.field("pricing", pa.string()),
        pa.field("bid", pa.float64()),
        pa.field("cost", pa.float64()),
        pa.field("features", FEATURES),
        pa.field("pctr", pa.float64()),
        pa.field("pcvr", pa.float64()),
        pa.field("expected_revenue", pa.float64()),
        pa.field("flags", pa.list_(pa.string())),
        pa.field("predictor", pa.string()),
        pa.field("experiment", pa.string()),
        pa.field("variant", pa.string()),
        pa.field("propensity", pa.float64()),
        pa.field("release", pa.string()),
        pa.field("policy", pa.string()),
    ]
)

CLICKS = pa.schema(
    [pa.field("impression_id", pa.string(), nullable=False), pa.field("time", TIME, nullable=False)],
)

CONVERSIONS = pa.schema(
    [
        pa.field("impression_id", pa.string(), nullable=False),
        pa.field("time", TIME, nullable=False),
        pa.field("revenue", pa.float64()),
    ]
)

CANDIDATES = pa.schema(
    [
        pa.field("request_id", pa.string(), nullable=False),
        pa.field("time", TIME, nullable=False),
        pa.field("position", pa.int32()),
        pa.field("campaign", pa.string(), nullable=False),
        pa.field("ad", pa.string(), nullable=False),
        pa.field("pricing", pa.string()),
        pa.field("bid", pa.float64()),
        pa.field("features", FEATURES),
        pa.field("expected_revenue", pa.float64()),
        pa.field("propensity", pa.float64()),
        pa.field("shown", pa.bool_()),
    ]
)

TABLES = {"impressions": IMPRESSIONS, "clicks": CLICKS, "conversions": CONVERSIONS, "candidates": CANDIDATES}

EXAMPLES = pa.schema(
    [
        *IMPRESSIONS,
        pa.field("date", pa.date32(), nullable=False),
        pa.field("click", pa.bool_(), nullable=False),
        pa.field("click_time", TIME),
        pa.field("conversion", pa.bool_(), nullable=False),
        pa.field("conversion_time", TIME),
        pa.field("conversions", pa.int32(), nullable=False),
        pa.field("revenue", pa.float64(), nullable=False),
    ]
)
"""One row an impression used, as ``extract`` writes them."""
