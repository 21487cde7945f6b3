# SPDX-License-Identifier: Apache-2.0
"""Days of a generated log, each extracted, trained, checked and published by the pipeline's own steps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import valuation

from valuation_pipeline.checks import CheckOptions, Verdict, Windows, check_run, held_back
from valuation_pipeline.features import FeatureSet, tabulate
from valuation_pipeline.files import write_json, write_json_lines
from valuation_pipeline.generated.log import generate
from valuation_pipeline.generated.options import GeneratorOptions
from valuation_pipeline.logs.extract import extract
from valuation_pipeline.logs.options import LogOptions
from valuation_pipeline.training.campaigns import campaign_documents
from valuation_pipeline.training.options import Strategy, Target, TrainingOptions
from valuation_pipeline.training.train import train

WINDOWS = Windows(click_days=1, conversion_days=8)
TARGETS: tuple[Target, ...] = ("click", "conversion")


#: Some of a generated log's fields, so that training takes seconds.
FEATURES = """format = "valuation-features/1"
[category.campaign]
source = "campaign"
side = "ad"
[category.advertiser]
source = "advertiser"
side = "ad"
[category.slot]
[category.site]
[category.device]
[category.country]
[category.theme]
side = "ad"
[number.activity]
[time.hour]
of = "hour"
"""


def generated(folder: Path, options: GeneratorOptions, faults: Sequence[str] = ()) -> Path:
    """Generate a log, and return its folder."""
    generate(folder, options, list(faults), lambda day: None)
    (folder / "features.toml").write_text(FEATURES, encoding="utf-8")
    return folder


def train_day(
    log: Path,
    folder: Path,
    day: date,
    days: int,
    targets: Sequence[Target] = TARGETS,
    strategy: Strategy = "pooled",
) -> None:
    """Fill a run's folder with the examples and models of a day and the days before, ``days`` in all."""
    training = TrainingOptions(strategy=strategy)
    folder.mkdir(parents=True)
    feature_set = FeatureSet.read(log / "features.toml")
    first = day - timedelta(days=days - 1)
    extract(log / "log", first, day, LogOptions(days=days, conversion_days=days), folder / "examples")
    examples = folder / "examples" / "examples.parquet"
    table = tabulate(examples, feature_set)
    as_of = datetime.combine(day + timedelta(days=1), time(), UTC)
    for target in targets:
        trained = train(table, feature_set, training, target, as_of, workers=1)
        (folder / target).mkdir()
        write_json_lines(folder / target / "models.jsonl", trained.documents)
        write_json(folder / target / "training.json", {**trained.summary, "campaigns": trained.campaigns})
        pq.write_table(trained.held_out, folder / target / "held_out.parquet")
    write_json_lines(folder / "campaigns.jsonl", campaign_documents(examples, 7.0))


def check_day(
    log: Path, folder: Path, models: Path | None = None, options: CheckOptions | None = None
) -> list[Verdict]:
    """Check a trained day; publish it if nothing holds it back and a directory of releases is given."""
    feature_set = FeatureSet.read(log / "features.toml")
    verdicts = check_run(folder, feature_set, options or CheckOptions(), models, WINDOWS)
    if models is not None and not held_back(verdicts):
        valuation.publish(folder / "check" / "models", models, id=folder.name)
    return verdicts
