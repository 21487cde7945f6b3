# SPDX-License-Identifier: Apache-2.0
"""The features of the days that a target's models are trained on, and the share of their negatives that is there."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from valuation_pipeline.computing import Tabulate
from valuation_pipeline.database import connect
from valuation_pipeline.errors import PipelineError
from valuation_pipeline.features import FeatureSet
from valuation_pipeline.features.queries import quoted
from valuation_pipeline.sampling import SamplingOptions, sample_of
from valuation_pipeline.training.options import Target


def last_day(examples: Path) -> date:
    """Return the date of the newest impression.

    Raises
    ------
    PipelineError
        The file cannot be read, or has no rows.
    """
    if not examples.is_file():
        raise PipelineError(f"{examples}: there is no such file; extract examples from the log first")
    last = _one(examples, "max(date)")
    if not isinstance(last, date):
        raise PipelineError(f"{examples}: there are no examples; see its counts.json")
    return last


def features_since(
    examples: Path,
    first: date,
    target: Target,
    feature_set: FeatureSet,
    sampling: SamplingOptions,
    tabulate: Tabulate,
) -> tuple[pa.Table, float]:
    """Tabulate the features of the days from ``first`` on.

    Parameters
    ----------
    examples : Path
        A Parquet file of examples, which may have days before as well.
    first : date
    target : "click" or "conversion"
        Conversion models are trained on clicks, all of which a sample keeps, so nothing is sampled for them.
    feature_set : FeatureSet
    sampling : SamplingOptions
    tabulate : callable
        ``features.tabulate``.

    Returns
    -------
    (pa.Table, float)
        The table, and the share of the negatives of these very days that it has: with one in fifty, those of 14 days
        are off by some percent from those of 30.

    Raises
    ------
    PipelineError
        The file cannot be read, or the sample has no negative of these days.
    """
    chosen = sampling if target == "click" else SamplingOptions()
    table = tabulate(examples, feature_set, chosen)
    table = table.filter(pc.greater_equal(table["date"], pa.scalar(first)))
    positives = pc.sum(table["click"]).as_py() or 0
    negatives = int(_one(examples, f"count(*) FILTER (NOT click AND date >= DATE '{first}')"))
    return table, sample_of(positives, negatives, table.num_rows - positives, chosen).share


def _one(examples: Path, aggregate: str) -> Any:
    try:
        with connect() as connection:
            query = f"SELECT {aggregate} FROM read_parquet({quoted(str(examples))})"
            return connection.execute(query).fetchall()[0][0]
    except duckdb.Error as error:
        raise PipelineError(f"{examples}: {error}") from error
