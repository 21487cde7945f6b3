# SPDX-License-Identifier: Apache-2.0
"""A failure in an executor reaches the user as one line."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from spark.small_log import AS_OF, Log
from valuation_pipeline.computing import Computing
from valuation_pipeline.errors import PipelineError
from valuation_pipeline.spark import campaigns, tabulating
from valuation_pipeline.training.options import TrainingOptions
from valuation_pipeline.training.train import train

pytestmark = pytest.mark.thorough


def test_an_executor_of_another_version_is_reported(
    log: Log, spark: Computing, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = spark.tabulate(log.examples, log.feature_set, None)
    monkeypatch.setattr(campaigns, "VERSIONS", "valuation-pipeline 9.9 and valuation 9.9")
    with pytest.raises(PipelineError) as told:
        train(table, log.feature_set, TrainingOptions(), "click", AS_OF, workers=spark.workers)
    message = str(told.value)
    assert message.startswith("campaigns by Spark: an executor has valuation-pipeline ")
    assert message.endswith("the driver valuation-pipeline 9.9 and valuation 9.9; install the same on both")
    assert "\n" not in message


def test_a_process_that_dies_is_reported(log: Log, spark: Computing, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*arguments: object) -> Iterator[pa.RecordBatch]:
        os._exit(7)

    monkeypatch.setattr(tabulating, "_select", die)
    with pytest.raises(PipelineError, match=r"examples.parquet: features by Spark: .*Python worker.*") as told:
        spark.tabulate(log.examples, log.feature_set, None)
    assert "\n" not in str(told.value)


def test_an_executors_exception_is_reported(log: Log, spark: Computing, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> Iterator[pa.RecordBatch]:
        batches: Iterable[pa.RecordBatch] = arguments[-1]  # type: ignore[assignment]
        raise MemoryError(f"no room for {next(iter(batches)).num_rows} rows")

    monkeypatch.setattr(tabulating, "_select", fail)
    with pytest.raises(PipelineError, match=r"features by Spark: MemoryError: no room for \d+ rows$"):
        spark.tabulate(log.examples, log.feature_set, None)


def test_a_file_that_is_not_parquet_is_reported(tmp_path: Path, log: Log, spark: Computing) -> None:
    file = tmp_path / "examples.parquet"
    with pytest.raises(PipelineError, match=r"examples\.parquet: there is no such file; extract examples"):
        spark.tabulate(file, log.feature_set, None)
    file.write_bytes(b"impression_id,time\n" * 100)
    with pytest.raises(PipelineError, match=r"examples\.parquet: features by Spark: ") as told:
        spark.tabulate(file, log.feature_set, None)
    assert "\n" not in str(told.value)


def test_models_that_cannot_be_loaded_are_reported_before_any_executor_works(
    tmp_path: Path, log: Log, spark: Computing
) -> None:
    models = tmp_path / "models.jsonl"
    models.write_text("{}\n")
    with pytest.raises(PipelineError, match=r"models\.jsonl"):
        spark.score(log.examples, log.feature_set, models, tmp_path / "out")
    assert not (tmp_path / "out").exists()
