# SPDX-License-Identifier: Apache-2.0
"""A generated log of 24 days, its examples, and its table of features."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from valuation_pipeline.features import FeatureSet, tabulate
from valuation_pipeline.generated.log import generate
from valuation_pipeline.generated.options import GeneratorOptions
from valuation_pipeline.logs.extract import extract
from valuation_pipeline.logs.options import LogOptions

GENERATED = GeneratorOptions(
    impressions=12_000, campaigns=8, days=24, click_rate=0.1, conversion_rate=0.2, candidate_share=0, seed=3
)


@dataclass(frozen=True)
class Log:
    folder: Path
    feature_set: FeatureSet
    table: pa.Table
    as_of: datetime


def make(folder: Path) -> Log:
    generate(folder, GENERATED)
    dates = GENERATED.dates
    extract(folder / "log", dates[0], dates[-1], LogOptions(), folder / "examples", now=datetime(2027, 1, 1))
    feature_set = FeatureSet.read(folder / "features.toml")
    table = tabulate(folder / "examples" / "examples.parquet", feature_set)
    return Log(folder, feature_set, table, datetime(2026, 3, 25))
