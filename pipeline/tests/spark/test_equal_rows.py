# SPDX-License-Identifier: Apache-2.0
"""Rows with equal features are sent as one, and come out unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from features.examples import feature_set, write_examples
from valuation_pipeline.features import select_rows
from valuation_pipeline.sampling import SamplingOptions
from valuation_pipeline.spark.equal_rows import brought_together, schema_of, taken_apart


def test_merged_rows_can_be_separated(tmp_path: Path) -> None:
    ordinary: dict[str, Any] = {"features": {"slot": "12", "tags": ["a", "b"]}, "bid": 0.0}
    others: list[dict[str, Any]] = [
        {"features": {"slot": "12", "tags": ["b", "a"]}, "bid": 0.0},
        {"features": {"slot": "12", "tags": ["a", "b"]}, "bid": -0.0},
        {"features": {"slot": "12"}, "bid": 0.0},
        {"features": {"slot": ["1", "2"], "tags": ["a\0b"]}},
        {},
    ]
    examples = write_examples(tmp_path / "examples.parquet", [ordinary, *others, *[ordinary] * 4])
    fields = feature_set(category={"slot": {}, "tags": {"multi": True}}, number={"price": {"source": "bid"}}).fields
    with duckdb.connect() as connection:
        selected = select_rows(connection, examples, fields, SamplingOptions())
        together = brought_together(connection, selected, schema_of(fields))
    assert together.num_rows == 1 + len(others)
    apart = taken_apart(together)
    assert str(apart.select(selected.column_names).to_pylist()) == str(selected.to_pylist())
    assert set(apart.column_names) == set(selected.column_names)


def test_no_rows_stay_no_rows() -> None:
    fields = feature_set(category={"slot": {}}, number={"price": {"source": "bid"}}).fields
    apart = taken_apart(schema_of(fields).empty_table())
    assert apart.num_rows == 0
    assert apart.schema.field("f1").type == pa.float64()
