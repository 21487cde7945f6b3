# SPDX-License-Identifier: Apache-2.0
"""Examples in the form that the step before writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from valuation_pipeline.features import FeatureSet

SCHEMA = pa.schema(
    {
        "impression_id": pa.string(),
        "time": pa.timestamp("us"),
        "request_id": pa.string(),
        "unit": pa.map_(pa.string(), pa.string()),
        "placement": pa.string(),
        "campaign": pa.string(),
        "advertiser": pa.string(),
        "ad": pa.string(),
        "pricing": pa.string(),
        "bid": pa.float64(),
        "cost": pa.float64(),
        "features": pa.map_(pa.string(), pa.list_(pa.string())),
        "pctr": pa.float64(),
        "pcvr": pa.float64(),
        "expected_revenue": pa.float64(),
        "flags": pa.list_(pa.string()),
        "predictor": pa.string(),
        "experiment": pa.string(),
        "variant": pa.string(),
        "propensity": pa.float64(),
        "release": pa.string(),
        "policy": pa.string(),
        "date": pa.date32(),
        "click": pa.bool_(),
        "click_time": pa.timestamp("us"),
        "conversion": pa.bool_(),
        "conversion_time": pa.timestamp("us"),
        "conversions": pa.int32(),
        "revenue": pa.float64(),
    }
)


def write_examples(file: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write rows as ``examples.parquet``; members that a row omits are null, or those of an ordinary impression."""
    written = [_row(place, row) for place, row in enumerate(rows)]
    pq.write_table(pa.Table.from_pylist(written, SCHEMA), file)
    return file


def feature_set(**sections: Any) -> FeatureSet:
    """Return a feature set that folds nothing unless told to."""
    return FeatureSet.from_value({"format": "valuation-features/1", "fold": {"minimum_rows": 1}} | sections)


def _row(place: int, row: Mapping[str, Any]) -> dict[str, Any]:
    time = row.get("time", datetime(2026, 11, 21, 12, tzinfo=UTC))
    ordinary = {
        "impression_id": f"i-{place:05}",
        "time": time.replace(tzinfo=None),
        "date": time.date(),
        "campaign": "1042",
        "ad": "9",
        "click": False,
        "conversion": False,
        "conversions": 0,
        "revenue": 0.0,
    }
    given = {name: value for name, value in row.items() if name not in ("time", "features", "unit")}
    maps = {name: list(row[name].items()) for name in ("features", "unit") if name in row}
    if "features" in maps:
        maps["features"] = [(name, value if isinstance(value, list) else [value]) for name, value in maps["features"]]
    return ordinary | given | maps
