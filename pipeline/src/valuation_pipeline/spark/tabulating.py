# SPDX-License-Identifier: Apache-2.0
"""``features.tabulate`` in executors: they sample, take the features, and merge equal rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.features import FeatureField, FeatureSet, as_features, select_rows
from valuation_pipeline.features.definition import Exposure
from valuation_pipeline.features.queries import COLUMNS
from valuation_pipeline.sampling import SamplingOptions
from valuation_pipeline.spark.equal_rows import brought_together, schema_of, taken_apart
from valuation_pipeline.spark.executor import VERSIONS, check_versions, partition
from valuation_pipeline.spark.session import failures_told

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def tabulate(
    session: SparkSession, examples: Path, feature_set: FeatureSet, sampling: SamplingOptions | None = None
) -> pa.Table:
    """Extract the fields of a feature set from examples; gives the same table as ``features.tabulate``.

    The examples are read, sampled and turned into features in executors. The driver gets the rows of the sample, equal
    features once for each partition, and sorts them.

    Parameters
    ----------
    session : SparkSession
    examples : Path
        A Parquet file of examples, or a folder of such files, which all executors can read.
    feature_set : FeatureSet
    sampling : SamplingOptions, optional
    """
    from pyspark.sql.pandas.types import from_arrow_schema

    chosen = sampling or SamplingOptions()
    fields = feature_set.fields
    schema = schema_of(fields)
    select = partial(_select, VERSIONS, fields, chosen, schema)
    with failures_told(f"{examples}: features by Spark"):
        frame = partitioned(session, examples, fields)
        together = frame.mapInArrow(select, from_arrow_schema(schema, prefer_timestamp_ntz=True)).toArrow()
        outcomes = {row["click"]: row["count"] for row in frame.groupBy("click").count().collect()}
    selected = taken_apart(together)
    return as_features(selected, fields, outcomes.get(True, 0), outcomes.get(False, 0), chosen)


def partitioned(session: SparkSession, examples: Path, fields: list[FeatureField]) -> DataFrame:
    """Read examples so that each partition has everything that its rows' fields depend on.

    Exposures are counted over all impressions of a unit on a day, before sampling: these impressions are shuffled.
    """
    from pyspark.sql import functions as sql

    if not examples.exists():
        raise PipelineError(f"{examples}: there is no such file; extract examples from the log first")
    frame = session.read.parquet(examples.absolute().as_uri()).select(*COLUMNS, "features", "unit")
    units = sorted({field.definition.unit for field in fields if isinstance(field.definition, Exposure)})
    if not units:
        return frame
    if len(units) > 1:
        return frame.repartition("date")
    unit = sql.nullif(sql.col("unit")[units[0]], sql.lit(""))
    return frame.repartition("date", sql.coalesce(unit, sql.col("impression_id")))


def _select(
    versions: str,
    fields: list[FeatureField],
    sampling: SamplingOptions,
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
) -> Iterator[pa.RecordBatch]:
    """Select rows in an executor."""
    check_versions(versions)
    with partition(batches) as (connection, examples):
        if examples is not None:
            selected = select_rows(connection, examples, fields, sampling)
            yield from brought_together(connection, selected, schema).to_batches()
