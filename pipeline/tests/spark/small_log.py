# SPDX-License-Identifier: Apache-2.0
"""A generated log of 24 days and 20 campaigns, and its examples."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from valuation_pipeline.features import FeatureSet
from valuation_pipeline.generated.log import generate
from valuation_pipeline.generated.options import GeneratorOptions
from valuation_pipeline.logs.extract import extract
from valuation_pipeline.logs.options import LogOptions

GENERATED = GeneratorOptions(
    impressions=30_000, campaigns=20, days=24, click_rate=0.1, conversion_rate=0.2, candidate_share=0, seed=3
)
AS_OF = datetime(2026, 3, 25)


@dataclass(frozen=True)
class Log:
    folder: Path
    feature_set: FeatureSet

    @property
    def examples(self) -> Path:
        return self.folder / "examples" / "examples.parquet"


def make(folder: Path) -> Log:
    generate(folder, GENERATED)
    dates = GENERATED.dates
    extract(folder / "log", dates[0], dates[-1], LogOptions(), folder / "examples", now=datetime(2027, 1, 1))
    return Log(folder, FeatureSet.read(folder / "features.toml"))
