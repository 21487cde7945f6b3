# SPDX-License-Identifier: Apache-2.0
"""The engine's predictions for examples: every impression valued with its own pricing and bid."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from valuation import Engine, Error

from valuation_pipeline.checks.engines import score
from valuation_pipeline.database import connect
from valuation_pipeline.errors import PipelineError
from valuation_pipeline.features import FeatureSet, tabulate
from valuation_pipeline.features.queries import quoted
from valuation_pipeline.files import whole_folder

SCORED = pa.schema(
    [
        ("impression_id", pa.string()),
        ("time", pa.timestamp("us")),
        ("campaign", pa.string()),
        ("ad", pa.string()),
        ("click", pa.bool_()),
        ("conversion", pa.bool_()),
        ("pctr", pa.float32()),
        ("pcvr", pa.float32()),
        ("expected_revenue", pa.float64()),
        ("flags", pa.int64()),
    ]
)
"""A row of an impression: what was logged of it, and the engine's value (``valuation.VALUE_DTYPE``), null where NaN."""


def engine_of(models: Path) -> Engine:
    """Open an engine with models; a PipelineError says why they cannot be loaded."""
    engine = Engine()
    try:
        engine.load(models)
    except Error as error:
        engine.close()
        raise PipelineError(f"{models}: {error}") from error
    return engine


def score_table(engine: Engine, table: pa.Table, feature_set: FeatureSet) -> pa.Table:
    """Value a table of features into columns of SCORED, in its order. O(rows x fields).

    Parameters
    ----------
    engine : Engine
        With models loaded.
    table : pyarrow.Table
        From ``features.tabulate``.
    feature_set : FeatureSet
        The features it was made with.
    """
    values = score(engine, table, feature_set)
    logged = table.select(["impression_id", "time", "campaign", "ad", "click", "conversion"])
    said = [pa.array(values[name], from_pandas=True) for name in ("pctr", "pcvr", "expected_revenue")]
    return pa.table([*logged.columns, *said, pa.array(values["flags"]).cast(pa.int64())], schema=SCORED)


def score_examples(examples: Path, feature_set: FeatureSet, models: Path, output: Path) -> int:
    """Value examples, and write OUTPUT/part-00000.parquet, ordered by (time, impression_id).

    Parameters
    ----------
    examples : Path
        A Parquet file of examples.
    feature_set : FeatureSet
        The features that the models were trained with.
    models : Path
        What ``Engine.load`` takes: a file, a folder, a release, a directory of releases.
    output : Path
        The folder to create.

    Returns
    -------
    int
        The number of rows. The rows of one day are in memory.

    Raises
    ------
    PipelineError
        The examples or the models cannot be read.
    """
    with engine_of(models) as engine, whole_folder(output) as folder, TemporaryDirectory() as temporary:
        of_day, count = Path(temporary) / "day.parquet", 0
        with pq.ParquetWriter(folder / "part-00000.parquet", SCORED) as writer:
            for day in _days(examples):
                query = f"FROM read_parquet({quoted(str(examples))}) WHERE date = DATE '{day}'"
                connect().execute(f"COPY ({query}) TO {quoted(str(of_day))} (FORMAT parquet)")
                scored = score_table(engine, tabulate(of_day, feature_set), feature_set)
                writer.write_table(scored)
                count += scored.num_rows
    return count


def _days(examples: Path) -> list[date]:
    if not examples.is_file():
        raise PipelineError(f"{examples}: there is no such file; extract examples from the log first")
    try:
        query = f"SELECT DISTINCT date FROM read_parquet({quoted(str(examples))}) ORDER BY date"
        return [row[0] for row in connect().execute(query).fetchall()]
    except duckdb.Error as error:
        raise PipelineError(f"{examples}: {error}") from error
