# SPDX-License-Identifier: Apache-2.0
"""The rows of examples to train on, with their fields in columns as SQL returns them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.features.definition import Exposure, FeatureField
from valuation_pipeline.features.queries import exposures_query, fields_query, quoted
from valuation_pipeline.sampling import SamplingOptions, register_fingerprint, sample_condition


def select_rows(
    connection: duckdb.DuckDBPyConnection, examples: Path, fields: list[FeatureField], sampling: SamplingOptions
) -> pa.Table:
    """Select the rows of a sample with their fields.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        For the computation; the sampling function is registered on it.
    examples : Path
        A Parquet file of examples.
    fields : list of FeatureField
        Of a feature set.
    sampling : SamplingOptions
        Which negatives to keep. Exposures are counted before sampling.

    Returns
    -------
    pyarrow.Table
        Ordered by (time, impression_id): the columns of :data:`valuation_pipeline.features.queries.COLUMNS`, and for
        the field at each position ``f<place>`` and possibly ``r<place>``, as in ``queries.fields_query``.

    Raises
    ------
    PipelineError
        If the file cannot be read.
    """
    source = f"read_parquet({quoted(str(examples))}, file_row_number = true)"
    if sampling.one_in > 1:
        register_fingerprint(connection)
    try:
        selected: Any = connection.sql(fields_query(fields, source, sample_condition(sampling))).to_arrow_table()
        selected = _with_exposures(connection, source, fields, selected)
    except duckdb.Error as error:
        raise PipelineError(f"{examples}: {error}") from error
    return selected.drop_columns(["file_row_number"])


def _with_exposures(
    connection: duckdb.DuckDBPyConnection, source: str, fields: list[FeatureField], selected: pa.Table
) -> pa.Table:
    """Add the exposure of each row, which was counted over all rows of the file."""
    if not any(field.section == "exposure" for field in fields):
        return selected
    counted: Any = connection.sql(exposures_query(fields, source)).to_arrow_table()
    rows_of_file, wanted = counted.column("file_row_number").to_numpy(), selected.column("file_row_number").to_numpy()
    for place, field in enumerate(fields):
        if isinstance(field.definition, Exposure):
            counts = np.empty(len(rows_of_file), np.int16)
            counts[rows_of_file] = counted.column(f"f{place}").to_numpy()
            labels = pa.array([str(count) for count in range(field.definition.cap + 1)])
            own = counts[wanted]
            selected = selected.append_column(f"f{place}", labels.take(pa.array(own, mask=own < 0)))
    return selected
