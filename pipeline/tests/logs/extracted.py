# SPDX-License-Identifier: Apache-2.0
"""The results of an extraction, for tests to inspect."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from valuation_pipeline.generated.options import GeneratorOptions
from valuation_pipeline.logs.counts import Counts
from valuation_pipeline.logs.extract import extract
from valuation_pipeline.logs.options import LogOptions

DAY = date(2026, 3, 1)
NOW = datetime(2026, 11, 1)
OPTIONS = LogOptions()
GENERATED = GeneratorOptions(impressions=2400, campaigns=10, days=3, click_rate=0.1, candidate_share=0.0)


def run(log: Path, start: date = DAY, end: date = DAY, **more: Any) -> tuple[Counts, list[dict[str, Any]], list[Any]]:
    """The counts, the examples, and (table, row, reason) of each row set aside."""
    output = log.with_name(f"{log.name}-examples")
    counts = extract(log, start, end, more.pop("options", OPTIONS), output, now=NOW, **more)
    assert sorted(file.name for file in output.iterdir()) == ["counts.json", "examples.parquet", "set_aside.parquet"]
    aside = pq.read_table(output / "set_aside.parquet")
    assert aside.column_names == ["table", "file", "row", "reason", "detail", "record"]
    rows = [(row["table"], row["row"], row["reason"]) for row in aside.to_pylist()]
    return counts, pq.read_table(output / "examples.parquet").to_pylist(), rows
