# SPDX-License-Identifier: Apache-2.0
"""Examples valued in executors, by an engine that each Python process there opens once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import valuation

from valuation_pipeline.features import FeatureSet, as_features, select_rows
from valuation_pipeline.files import whole_folder
from valuation_pipeline.sampling import SamplingOptions
from valuation_pipeline.scoring.score import SCORED, engine_of, score_table
from valuation_pipeline.spark.executor import VERSIONS, check_versions, partition
from valuation_pipeline.spark.session import failures_told
from valuation_pipeline.spark.tabulating import partitioned

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

opened = lru_cache(maxsize=1)(engine_of)
"""The engine of a process, which stays open for the partitions that follow."""


def score_examples(session: SparkSession, examples: Path, feature_set: FeatureSet, models: Path, output: Path) -> int:
    """Value examples, and write the folder OUTPUT of Parquet files, one a partition, with ``scoring.SCORED``'s columns.

    The same values as ``scoring.score_examples`` writes, in another order of rows.

    Parameters
    ----------
    session : SparkSession
    examples, models, output : Path
        All executors must reach it under the same path.
    feature_set : FeatureSet

    Returns
    -------
    int
        The number of rows. An executor has those of one partition in memory.
    """
    from pyspark.sql.pandas.types import from_arrow_schema

    engine_of(models).close()  # what is wrong with them is told before any executor works
    score = partial(_score, VERSIONS, feature_set, models.absolute())
    with whole_folder(output) as folder, failures_told(f"{examples}: scoring by Spark"):
        frame = partitioned(session, examples, feature_set.fields)
        scored = frame.mapInArrow(score, from_arrow_schema(SCORED, prefer_timestamp_ntz=True))
        place = folder.absolute().as_uri()
        scored.write.mode("overwrite").parquet(place)
        return int(session.read.parquet(place).count())


def _score(
    versions: str, feature_set: FeatureSet, models: Path, batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """Value a partition in an executor."""
    check_versions(versions)
    engine: valuation.Engine = opened(models)
    everything = SamplingOptions()
    with partition(batches) as (connection, examples):
        if examples is not None:
            selected = select_rows(connection, examples, feature_set.fields, everything)
            clicks = pc.sum(selected["click"]).as_py()
            table = as_features(selected, feature_set.fields, clicks, selected.num_rows - clicks, everything)
            yield from score_table(engine, table, feature_set).to_batches()
